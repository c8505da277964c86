"""What git tells of a push, in its own packets: a length in four hexadecimal digits, and so much less four of content.

https://git-scm.com/docs/gitprotocol-pack
"""

from collections.abc import AsyncIterator
from typing import Final

from grove.kit.errors import GroveError

_COMMANDS_BYTES_MAX: Final = 64 * 1024
_LENGTH_DIGITS: Final = 4
_FLUSH: Final = b"0000"
_REPORT: Final = b"\x01"
_REMARK: Final = b"\x02"


class Commands:
    """The commands that a push begins with, and what its client understands; noted while they pass."""

    def __init__(self) -> None:
        self._start = bytearray()

    async def noting(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same pieces."""
        async for piece in pieces:
            self._start += piece[: _COMMANDS_BYTES_MAX - len(self._start)]
            yield piece

    @property
    def refs(self) -> list[bytes]:
        """The refs that were to be changed."""
        return [line.split(b"\0")[0].split(b" ", 2)[2].rstrip(b"\n") for line in self._lines() if line.count(b" ") > 1]

    @property
    def takes_remarks(self) -> bool:
        """Whether the client takes a report and remarks beside each other."""
        first = next(iter(self._lines()), b"")
        return b"side-band-64k" in first.partition(b"\0")[2].split()

    def _lines(self) -> list[bytes]:
        lines, at = [], 0
        while (length := _length(self._start[at : at + _LENGTH_DIGITS])) > _LENGTH_DIGITS:
            lines.append(bytes(self._start[at + _LENGTH_DIGITS : at + length]))
            at += length
        return lines


def refusal_report(commands: Commands, error: GroveError) -> bytes:
    """The report of a push that arrived whole, and was refused as a whole."""
    reason = error.message.split(";")[0].rstrip(".").encode()
    refused = [_packet(b"ng %s %s\n" % (ref, reason)) for ref in commands.refs]
    report = b"".join([_packet(b"unpack ok\n"), *refused, _FLUSH])
    if not commands.takes_remarks:
        return report
    remark = _REMARK + f"Grove: {error.message} ({error.code})\n".encode()
    return _packet(remark) + _packet(_REPORT + report) + _FLUSH


def _packet(content: bytes) -> bytes:
    return b"%04x%s" % (len(content) + _LENGTH_DIGITS, content)


def _length(digits: bytes | bytearray) -> int:
    try:
        return int(digits, 16) if len(digits) == _LENGTH_DIGITS else 0
    except ValueError:
        return 0
