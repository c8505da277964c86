"""What a question in words asks for: its words with their weights, and the names of code in it."""

import re
from dataclasses import dataclass
from typing import Final

from grove.indexing import split_words
from grove.search.stems import stem_of
from grove.search.weights import RankingWeights

_SAY_NOTHING: Final = """
    a about all an and any are as at be been by can do does for from get gets had has have how i if in into is it its me
    my of on or our should show that the their them there these they this to use used using was we were what when where
    which who why will with would you your
"""
_STOP_WORDS: Final = frozenset(_SAY_NOTHING.split())
_NAME: Final = re.compile(r"[A-Za-z_$@#][\w$]*(?:(?:::|->|[.\\#/-])[A-Za-z_$][\w$]*)*(?:\(\))?[?!]?")
_QUALIFIER: Final = re.compile(r"::|->|[.\\#/]")
_LOOKS_LIKE_CODE: Final = re.compile(r"_|[a-z0-9][A-Z]|::|->|\w\.\w|\(\)|^[A-Z]{2,}[a-z]")
_TITLE: Final = re.compile(r"[A-Z][a-z]{3,}")
_KEYWORD_LETTERS_MIN: Final = 2
_STEM_LETTERS_MIN: Final = 4
_FORMS: Final = ("", "e", "s", "ed", "ing", "er", "ion", "ate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A question as ranking sees it.

    `words` are looked up, each with its weight; `keywords` are the words as the user wrote them, without those that
    say nothing, and `stems` what is compared of them. `names` are names of code among them, without qualifiers, and
    `titles` words in capitals that may be. `is_name` if it is nothing but a name.
    """

    text: str
    words: dict[str, float]
    keywords: tuple[str, ...]
    stems: tuple[str, ...]
    names: tuple[str, ...]
    titles: frozenset[str]
    is_name: bool
    shown: re.Pattern[bytes] | None
    """Finds the keywords in a line in lower case."""


def wording_of(text: str, weights: RankingWeights) -> Wording:
    """Take a question apart."""
    tokens = [token.strip("?!.,;:\"'`()") for token in text.split()]
    tokens = [token for token in tokens if token]
    is_name = len(tokens) == 1 and _NAME.fullmatch(tokens[0]) is not None
    names = [token for token in tokens if _NAME.fullmatch(token) and (is_name or _LOOKS_LIKE_CODE.search(token))]
    spoken = [word for token in tokens for word in split_words(token)]
    kept = [word for word in dict.fromkeys(spoken) if word not in _STOP_WORDS] or list(dict.fromkeys(spoken))
    keywords = tuple(word for word in kept if len(word) > _KEYWORD_LETTERS_MIN) or tuple(kept)
    return Wording(
        text=text,
        words=_weighted(tokens, frozenset(kept), weights),
        keywords=keywords,
        stems=tuple(dict.fromkeys(map(stem_of, kept))),
        names=tuple(dict.fromkeys(_last_part(name) for name in names)),
        titles=frozenset(token for token in tokens if _TITLE.fullmatch(token) and token.lower() in kept) - set(names),
        is_name=is_name,
        shown=re.compile(b"|".join(re.escape(word.encode()) for word in keywords)) if keywords else None,
    )


def _weighted(tokens: list[str], kept: frozenset[str], weights: RankingWeights) -> dict[str, float]:
    weighted: dict[str, float] = {}
    for token in tokens:
        words = [word for word in split_words(token) if word in kept]
        for at, word in enumerate(words):
            weight = weights.part_of_identifier if at and len(words) > 1 else 1.0
            weighted[word] = max(weight, weighted.get(word, 0.0))
    for word, weight in list(weighted.items()):
        for variant in _variants(word):
            weighted.setdefault(variant, weight * weights.variant)
    return {word: weight for word, weight in weighted.items() if weight > 0}


def _variants(word: str) -> list[str]:
    stem = stem_of(word)
    if not word.isascii() or not word.isalpha() or len(stem) < _STEM_LETTERS_MIN:
        return []
    return [stem + ending for ending in _FORMS if stem + ending != word]


def _last_part(name: str) -> str:
    parts = _QUALIFIER.split(name.rstrip("?!()"))
    return next((part for part in reversed(parts) if part), name)
