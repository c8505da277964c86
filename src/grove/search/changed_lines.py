"""The lines that changes added and removed, told from the chunks that came and went."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing import History, IndexView
from grove.search.question import Side


class Lines(NamedTuple):
    """The lines that a change added and removed."""

    added: list[bytes]
    removed: list[bytes]

    def of(self, side: Side) -> list[tuple[list[bytes], bool]]:
        """Those of a side, each with whether they were added."""
        removed = [(self.removed, False)] if side.has_removed else []
        return [*removed, (self.added, True)] if side.has_added else removed


def lines_of(history: History, view: IndexView, changes: NDArray[np.int64]) -> dict[int, Lines]:
    """The lines that some changes added and removed."""
    came, went = history.changes.came.rows(changes), history.changes.went.rows(changes)
    ordinals = np.unique(np.concatenate((came.values, went.values))).astype(np.uint32)
    texts = dict(zip(ordinals.tolist(), view.chunk_texts(ordinals), strict=True))
    found: dict[int, Lines] = {}
    for row, change in enumerate(changes.tolist()):
        after = _lines([texts[ordinal] for ordinal in came.row(row).tolist()])
        before = _lines([texts[ordinal] for ordinal in went.row(row).tolist()])
        found[change] = Lines(_more_often(after, before), _more_often(before, after))
    return found


def _lines(texts: Sequence[bytes]) -> list[bytes]:
    return [line.removesuffix(b"\r") for text in texts for line in text.removesuffix(b"\n").split(b"\n")]


def _more_often(lines: Sequence[bytes], than: Sequence[bytes]) -> list[bytes]:
    """The lines without those that the others have too, in their order."""
    had = Counter(than)
    found = []
    for line in lines:
        if had[line]:
            had[line] -= 1
        else:
            found.append(line)
    return found
