"""Fuzzy matching of a short pattern on many paths at once, as arrays.

A path matches if the pattern's characters stand in it in their order, in either case. A match within the base name
always counts more than one that needs the folders too. Among these a match is better the more of its characters follow
each other, begin words or keep their case; gaps, depth and length count against it.
"""

from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
Bytes = NDArray[np.uint8]

PATTERN_BYTES_MAX: Final = 128
_BLOCK_BYTES: Final = 4 * 1024 * 1024
_FURTHER_BYTES_MAX: Final = 1024 * 1024
_DENSE: Final = 0.5
"""Of what share of a range of bytes on the range is taken as it is."""
_SLASH: Final = ord("/")
_NEVER: Final = np.iinfo(np.int64).max // 2

_LOWER: Final = np.arange(256, dtype=np.uint8)
_LOWER[65:91] += 32
_IS_UPPER: Final = np.zeros(256, dtype=np.bool_)
_IS_UPPER[65:91] = True
_IS_DIGIT: Final = np.zeros(256, dtype=np.bool_)
_IS_DIGIT[48:58] = True
_PARTS_WORDS: Final = np.zeros(256, dtype=np.bool_)
_PARTS_WORDS[[ord(sign) for sign in "/\\_-. :@+()[]{}"]] = True
_BIT: Final = np.left_shift(np.uint64(1), (_LOWER % 64).astype(np.uint64))
"""Which bit of a signature stands for a byte, in either case; several bytes share one."""

_CHARACTER: Final = 16
_FOLLOWS: Final = 14
_BEGINS_WORD: Final = 10
_BEGINS_NAME: Final = 12
_SAME_CASE: Final = 1
_GAP: Final = 4
_GAP_LENGTH_MAX: Final = 12
_WHOLE_NAME: Final = 40
_WHOLE_STEM: Final = 30
_PER_FOLDER: Final = 1.0
_PER_BYTE: Final = 0.05
_IN_NAME: Final = 10_000.0
"""More than all else together can make up for."""


class Texts(NamedTuple):
    """Texts one behind the other: each from its begin to its end."""

    flat: Bytes
    begins: Places
    ends: Places


class Matched(NamedTuple):
    """Which texts match, how well, and where: a row of places in the text for each."""

    numbers: Places
    scores: NDArray[np.float64]
    places: Places


class FuzzyPaths:
    """Paths, prepared for being matched."""

    def __init__(self, paths: list[bytes]) -> None:
        self.texts = _texts_of(paths)
        flat, begins, ends = self.texts
        slashes = np.flatnonzero(flat == _SLASH)
        last = np.searchsorted(slashes, ends) - 1
        at = slashes[np.maximum(last, 0)] if slashes.size else np.full(ends.size, -1)
        self.names = np.where((last >= 0) & (at >= begins), at + 1, begins)
        """Where each path's base name begins."""
        self._depths = np.searchsorted(slashes, ends) - np.searchsorted(slashes, begins)
        self._of_paths = _signatures(flat, begins, ends)
        self._of_names = _signatures(flat, self.names, ends)

    def match(self, pattern: bytes, admitted: NDArray[np.bool_], *, enough: int) -> tuple[Matched, bool]:
        """The paths that match, and whether they are all.

        Once `enough` base names match, whole paths are not looked at if they are many: they could only come after.
        """
        wanted = np.frombuffer(pattern, dtype=np.uint8)
        signature = np.bitwise_or.reduce(_BIT[wanted]) if wanted.size else np.uint64(0)
        _, begins, ends = self.texts
        in_name = np.flatnonzero(((self._of_names & signature) == signature) & admitted)
        found = self._scored(wanted, in_name, self.names, base=_IN_NAME)
        others = ((self._of_paths & signature) == signature) & admitted
        others[found.numbers] = False
        rest = np.flatnonzero(others)
        if found.numbers.size >= enough and int((ends[rest] - begins[rest]).sum()) > _FURTHER_BYTES_MAX:
            return found, False
        further = self._scored(wanted, rest, begins, base=0.0)
        return _joined([found, further], width=wanted.size), True

    def _scored(self, wanted: Bytes, numbers: Places, begins: Places, *, base: float) -> Matched:
        parts = []
        for block in _blocks(numbers, self.texts.ends[numbers] - begins[numbers]):
            texts = Texts(self.texts.flat, begins[block], self.texts.ends[block])
            found, scores, places = _match_block(wanted, texts)
            rows = block[found]
            lengths = self.texts.ends[rows] - self.texts.begins[rows]
            scores += base - _PER_FOLDER * self._depths[rows] - _PER_BYTE * lengths
            parts.append(Matched(rows, scores, places - self.texts.begins[rows, np.newaxis]))
        return _joined(parts, width=wanted.size)


def _texts_of(paths: list[bytes]) -> Texts:
    lengths = np.fromiter(map(len, paths), dtype=np.int64, count=len(paths))
    ends = np.cumsum(lengths)
    return Texts(np.frombuffer(b"".join(paths), dtype=np.uint8), ends - lengths, ends)


def _signatures(flat: Bytes, begins: Places, ends: Places) -> NDArray[np.uint64]:
    """Per text the bits of all its bytes."""
    found = np.zeros(begins.size, dtype=np.uint64)
    for block in _blocks(np.flatnonzero(ends > begins), (ends - begins)[ends > begins]):
        texts = _gathered(Texts(flat, begins[block], ends[block]))
        found[block] = np.bitwise_or.reduceat(_BIT[texts.flat], texts.begins)
    return found


def _blocks(numbers: Places, lengths: Places) -> list[Places]:
    """The numbers parted so that the texts of each part have a bounded size."""
    if not numbers.size:
        return []
    cuts = np.flatnonzero(np.diff(np.cumsum(lengths) // _BLOCK_BYTES)) + 1
    return np.split(numbers, cuts)


def _gathered(texts: Texts) -> Texts:
    """The same texts, without much that stands between them."""
    lengths = texts.ends - texts.begins
    ends = np.cumsum(lengths)
    if texts.begins.size and ends[-1] > _DENSE * (texts.ends[-1] - texts.begins[0]):
        first = texts.begins[0]
        return Texts(texts.flat[first : texts.ends[-1]], texts.begins - first, texts.ends - first)
    shift = np.repeat(texts.begins - (ends - lengths), lengths)
    return Texts(texts.flat[np.arange(shift.size) + shift], ends - lengths, ends)


def _joined(parts: list[Matched], *, width: int) -> Matched:
    none = Matched(np.empty(0, np.int64), np.empty(0, np.float64), np.empty((0, width), np.int64))
    several = [none, *parts]
    return Matched(
        np.concatenate([part.numbers for part in several]),
        np.concatenate([part.scores for part in several]),
        np.concatenate([part.places for part in several]),
    )


def _match_block(wanted: Bytes, texts: Texts) -> tuple[Places, NDArray[np.float64], Places]:
    """Which of the texts match, their scores, and the places of the best way to match, in the texts as given."""
    if not wanted.size:
        return np.arange(texts.begins.size), np.zeros(texts.begins.size), np.empty((texts.begins.size, 0), np.int64)
    found = np.flatnonzero(_Block(wanted, _gathered(texts)).rightmost[:, 0] >= 0)
    given = texts.begins[found]
    gathered = _gathered(Texts(texts.flat, given, texts.ends[found]))
    block = _Block(wanted, gathered)
    places, best = block.rightmost, block.score(block.rightmost)
    for way in (block.leftmost(), block.unbroken()):
        scores = block.score(way)
        better = scores > best
        best = np.where(better, scores, best)
        places = np.where(better[:, np.newaxis], way, places)
    return found, best, places + (given - gathered.begins)[:, np.newaxis]


class _Block:
    """Texts that are matched together; all but `rightmost` expects that every text matches."""

    def __init__(self, wanted: Bytes, texts: Texts) -> None:
        self._wanted = wanted
        self._folded = _LOWER[wanted]
        self._texts = texts
        self._lower = _LOWER[texts.flat]
        self._at = {byte: np.flatnonzero(self._lower == byte) for byte in set(self._folded.tolist())}

    @cached_property
    def rightmost(self) -> Places:
        """Per text the rightmost way to match, -1 where there is none."""
        begins = self._texts.begins
        places = np.full((begins.size, self._wanted.size), -1, dtype=np.int64)
        limit = self._texts.ends
        for column in range(self._wanted.size - 1, -1, -1):
            found = _previous(self._at[int(self._folded[column])], limit)
            limit = np.where(found >= begins, found, -1)
            places[:, column] = limit
        return places

    @cached_property
    def _begins_word(self) -> NDArray[np.bool_]:
        flat, begins = self._texts.flat, self._texts.begins
        before = np.full(flat.size, _SLASH, dtype=np.uint8)
        before[1:] = flat[:-1]
        found: NDArray[np.bool_] = (
            _PARTS_WORDS[before] & ~_PARTS_WORDS[flat]
            | _IS_UPPER[flat] & ~_IS_UPPER[before]
            | _IS_DIGIT[flat] & ~_IS_DIGIT[before]
        )
        found[begins[begins < flat.size]] = True
        return found

    def leftmost(self) -> Places:
        """The way to match that goes on where it is, else at the next word, else anywhere, from the left on."""
        begins, ends = self._texts.begins, self._texts.ends
        places = np.empty((begins.size, self._wanted.size), dtype=np.int64)
        position = begins - 1
        for column, byte in enumerate(self._folded.tolist()):
            anywhere = self._at[byte]
            words = anywhere[self._begins_word[anywhere]]
            following = np.minimum(position + 1, self._lower.size - 1)
            goes_on = (self._lower[following] == byte) & (following < ends) & (column > 0)
            at_word, at_any = _next(words, position + 1), _next(anywhere, position + 1)
            # A character comes no later than in the rightmost match: what follows must fit after it.
            latest = self.rightmost[:, column]
            chosen = np.where(at_word <= latest, at_word, at_any)
            position = np.where(goes_on & (following <= latest), following, chosen)
            places[:, column] = position
        return places

    def unbroken(self) -> Places:
        """The last place at which the characters follow each other without a gap, at the beginning of a word if any."""
        length = self._wanted.size
        holds = np.ones(max(self._lower.size - length + 1, 0), dtype=np.bool_)
        for column, byte in enumerate(self._folded.tolist()):
            holds &= self._lower[column : column + holds.size] == byte
        runs = np.flatnonzero(holds)
        begins, before = self._texts.begins, self._texts.ends - length + 1
        at_word = _previous(runs[self._begins_word[runs]], before)
        first = np.where(at_word >= begins, at_word, _previous(runs, before))
        return np.where((first >= begins)[:, np.newaxis], first[:, np.newaxis] + np.arange(length), -1)

    def score(self, ways: Places) -> NDArray[np.float64]:
        """How good ways to match the texts are; one that is none has no chance."""
        flat, begins, ends = self._texts
        length = self._wanted.size
        places = np.maximum(ways, 0)
        gaps = np.diff(places, axis=1) - 1
        scores = np.full(begins.size, float(_CHARACTER * length))
        scores += _FOLLOWS * (gaps == 0).sum(axis=1)
        scores += _BEGINS_WORD * self._begins_word[places].sum(axis=1)
        scores += _SAME_CASE * (flat[places] == self._wanted).sum(axis=1)
        scores -= ((gaps > 0) * (_GAP + np.minimum(gaps, _GAP_LENGTH_MAX))).sum(axis=1)
        at_begin = places[:, 0] == begins
        is_run = at_begin & (places[:, -1] - places[:, 0] == length - 1)
        after = np.minimum(begins + length, flat.size - 1)
        scores += _BEGINS_NAME * at_begin
        scores += _WHOLE_STEM * (is_run & (begins + length < ends) & (flat[after] == ord(".")))
        scores += _WHOLE_NAME * (is_run & (begins + length == ends))
        return np.where(ways[:, 0] >= 0, scores, -np.inf)


def _previous(positions: Places, before: Places) -> Places:
    """The last position before each place, -1 if there is none."""
    if not positions.size:
        return np.full(before.size, -1, dtype=np.int64)
    at = np.searchsorted(positions, before) - 1
    found: Places = np.where(at >= 0, positions[np.maximum(at, 0)], -1)
    return found


def _next(positions: Places, since: Places) -> Places:
    """The first position from each place on, a very high one if there is none."""
    if not positions.size:
        return np.full(since.size, _NEVER, dtype=np.int64)
    at = np.searchsorted(positions, since)
    found: Places = np.where(at < positions.size, positions[np.minimum(at, positions.size - 1)], _NEVER)
    return found
