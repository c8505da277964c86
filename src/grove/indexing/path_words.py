"""The words of paths: which files a question's words name."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from grove.indexing.terms import rarity
from grove.indexing.vocabulary import Inverted

FOLDER_WEIGHT: Final = 0.4


class HeldWords(Protocol):
    """The words of some paths."""

    def holding(self, word: str) -> NDArray[np.float32] | None:
        """Per path, how much it has of a word (as `split_words` gives it); nothing if none has it."""
        ...


class PathWords:
    """Inverts the words of a snapshot's paths, in memory; the words of a folder once for all files in it."""

    def __init__(self, paths: Sequence[bytes]) -> None:
        parted = [path.rpartition(b"/") for path in paths]
        folders: dict[bytes, int] = {}
        numbers = [folders.setdefault(folder, len(folders)) for folder, _, _ in parted]
        self._folder_of = np.array(numbers, dtype=np.int64)
        self._folders = Inverted(list(folders))
        self._names = Inverted([name for _, _, name in parted])

    def holding(self, word: str) -> NDArray[np.float32] | None:
        """Per path, how much it has of a word: 1 in the file's name, less in its folders; nothing if none has it."""
        names, folders = self._names.holding(word), self._folders.holding(word)
        if not names.size and not folders.size:
            return None
        held = self._in_folders(folders)
        held[names] = 1.0
        return held

    def _in_folders(self, folders: NDArray[np.int64]) -> NDArray[np.float32]:
        chosen = np.zeros(int(self._folder_of.max(initial=0)) + 1, dtype=np.float32)
        chosen[folders] = FOLDER_WEIGHT
        return chosen[self._folder_of]


def scores_of(words: Mapping[str, float], paths: HeldWords, *, count: int) -> NDArray[np.float32]:
    """Per path, the sum of the matching words' weights times their rarity among `count` paths."""
    scores = np.zeros(count, dtype=np.float32)
    for word, weight in words.items():
        held = paths.holding(word)
        if held is not None:
            scores += held * np.float32(weight * rarity(count, int(np.count_nonzero(held))))
    return scores
