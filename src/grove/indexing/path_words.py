"""The words of paths: which files a question's words name."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing.terms import rarity
from grove.indexing.vocabulary import Inverted

FOLDER_WEIGHT: Final = 0.4


class PathWords:
    """Inverts the words of a snapshot's paths, in memory; the words of a folder once for all files in it."""

    def __init__(self, paths: Sequence[bytes]) -> None:
        self._count = len(paths)
        parted = [path.rpartition(b"/") for path in paths]
        folders: dict[bytes, int] = {}
        numbers = [folders.setdefault(folder, len(folders)) for folder, _, _ in parted]
        self._folder_of = np.array(numbers, dtype=np.int64)
        self._folders = Inverted(list(folders))
        self._names = Inverted([name for _, _, name in parted])

    def match(self, words: Mapping[str, float]) -> NDArray[np.float32]:
        """Per path, the sum of the matching words' weights times their rarity; a folder's words count less."""
        scores = np.zeros(self._count, dtype=np.float32)
        for word, weight in words.items():
            names, folders = self._names.holding(word), self._folders.holding(word)
            if names.size or folders.size:
                matched = self._in_folders(folders)
                matched[names] = 1.0
                scores += matched * np.float32(weight * rarity(self._count, int(np.count_nonzero(matched))))
        return scores

    def _in_folders(self, folders: NDArray[np.int64]) -> NDArray[np.float32]:
        chosen = np.zeros(int(self._folder_of.max(initial=0)) + 1, dtype=np.float32)
        chosen[folders] = FOLDER_WEIGHT
        return chosen[self._folder_of]
