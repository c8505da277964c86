"""Words without their endings, so that `initializer`, `initialization` and `init` compare as alike as they are."""

from functools import lru_cache
from typing import Final

from grove.indexing import split_words

_REMEMBERED: Final = 1 << 16
_LETTERS_MIN: Final = 4
_ALL_ENDINGS: Final = """
    izations ization izers izer izing ized izes ize ations ation ators ator ating ated ates ate ings ing ions ion
    ers er ors or ments ment ies ied ives ive ables able ness ity al ly ed es s e y
"""
_ENDINGS: Final = {ending: 3 if ending in {"s", "es", "e", "ed", "ing"} else 4 for ending in _ALL_ENDINGS.split()}
"""Each with how many letters must be left before it; the longest come first."""
_DOUBLED: Final = frozenset("bdfgmnprt")


@lru_cache(maxsize=_REMEMBERED)
def stem_of(word: str) -> str:
    """A word without its endings; at most two of them."""
    if not word.isascii() or not word.isalpha() or len(word) < _LETTERS_MIN:
        return word
    stem = _without_ending(_without_ending(word))
    return stem[:-1] if stem.endswith("i") and len(stem) >= _LETTERS_MIN else stem


@lru_cache(maxsize=_REMEMBERED)
def stems_of(text: str) -> frozenset[str]:
    """The stems of a text's words."""
    return frozenset(map(stem_of, split_words(text)))


@lru_cache(maxsize=_REMEMBERED)
def parts_of(name: str) -> frozenset[str]:
    """The stems of the words that a name is made of."""
    words = split_words(name)
    return frozenset(map(stem_of, words[1:] if len(words) > 1 else words))


def _without_ending(word: str) -> str:
    for ending, left in _ENDINGS.items():
        if word.endswith(ending) and len(word) - len(ending) >= left:
            stem = word[: -len(ending)]
            return stem[:-1] if len(stem) > _LETTERS_MIN and stem[-1] == stem[-2] and stem[-1] in _DOUBLED else stem
    return word
