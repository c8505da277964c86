"""Where a text is cut into chunks.

A chunk is a run of whole lines. It ends after a line whose CRC-32 (newline included) is divisible by 12, once it has
6 lines; at the latest after 60 lines or before the line with which it would exceed 4 KiB. The text around a cut
decides it, so an edit changes the chunks that it touches and hardly any other. A line is never cut: a longer one is a
chunk by itself, so that whatever matches within a line matches within a chunk.
"""

import hashlib
from bisect import bisect_left, bisect_right
from io import BytesIO
from itertools import accumulate
from typing import Final, NamedTuple
from zlib import crc32

LINES_MIN: Final = 6
LINES_MAX: Final = 60
CHUNK_BYTES_MAX: Final = 4_096
DIGEST_BYTES: Final = 16
_DIVISOR: Final = 12


class Cut(NamedTuple):
    """A chunk within its text: a range of bytes, its lines, and the 1-based number of the first."""

    begin: int
    end: int
    first_line: int
    lines: int


def cuts_of(text: bytes) -> list[Cut]:
    """The chunks of a text, in order; together they are the text."""
    lines = BytesIO(text).readlines()
    ends = [0, *accumulate(map(len, lines))]
    hits = [number for number, crc in enumerate(map(crc32, lines)) if not crc % _DIVISOR]
    cuts: list[Cut] = []
    line = 0
    while line < len(lines):
        begin = ends[line]
        hit = bisect_left(hits, line + LINES_MIN - 1)
        stop = hits[hit] + 1 if hit < len(hits) else len(lines)
        fitting = bisect_right(ends, begin + CHUNK_BYTES_MAX) - 1
        stop = min(stop, line + LINES_MAX, max(fitting, line + 1))
        cuts.append(Cut(begin, ends[stop], line + 1, stop - line))
        line = stop
    return cuts


def digest_of(text: bytes, grammar: str) -> bytes:
    """What a chunk is known by: its text, and the grammar by which its definitions are found."""
    return hashlib.blake2b(text, digest_size=DIGEST_BYTES, person=grammar.encode()).digest()
