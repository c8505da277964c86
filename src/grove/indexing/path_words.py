"""The words of paths: which files a question's words name."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing.postings import NUMBER_MAX
from grove.indexing.terms import DEFINITION_OF
from grove.indexing.vocabulary import Vocabulary

FOLDER_WEIGHT: Final = 0.4
_KEY_SHIFT: Final = np.uint64(36)
_NUMBER_SHIFT: Final = np.uint64(8)


class PathWords:
    """Inverts the words of a snapshot's paths, in memory."""

    def __init__(self, paths: Sequence[bytes]) -> None:
        self._count = len(paths)
        parted = [path.rpartition(b"/") for path in paths]
        self._vocabulary = Vocabulary()
        self._postings = self._vocabulary.count(
            [folder for folder, _, _ in parted],
            languages=[""] * len(paths),
            definitions=[[name.decode("utf-8", "replace")] for _, _, name in parted],
            first=0,
        ).postings

    def match(self, words: Mapping[str, float]) -> NDArray[np.float32]:
        """Per path, the sum of the matching words' weights times their rarity; a folder's words count less."""
        scores = np.zeros(self._count, dtype=np.float32)
        for word, weight in words.items():
            term = self._vocabulary.term(word)
            if term is None:
                continue
            bounds = np.array([term, term + 1], dtype=np.uint64) << _KEY_SHIFT
            begin, end = np.searchsorted(self._postings, bounds).tolist()
            postings = self._postings[begin:end]
            numbers = ((postings >> _NUMBER_SHIFT) & np.uint64(NUMBER_MAX)).astype(np.int64)
            in_name = DEFINITION_OF[(postings & np.uint64(0xFF)).astype(np.int64)] > 0
            rarity = np.log1p((self._count - numbers.size + 0.5) / (numbers.size + 0.5))
            scores[numbers] += np.float32(weight * rarity) * np.where(
                in_name, np.float32(1.0), np.float32(FOLDER_WEIGHT)
            )
        return scores
