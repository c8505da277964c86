"""What a git client sends, piece by piece, unpacked if it was packed, and never more than it may be."""

import zlib
from collections.abc import AsyncIterator
from typing import Final

from fastapi import HTTPException, Request

_PIECE_BYTES: Final = 256 * 1024
_GZIP: Final = zlib.MAX_WBITS | 16


async def body_of(request: Request, *, bytes_max: int) -> AsyncIterator[bytes]:
    """The body of a request; `bytes_max` counts what it is unpacked to.

    :raises HTTPException: if it is larger, or packed in a way that git does not use.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding not in {"gzip", "x-gzip", "identity"}:
        raise HTTPException(415)
    unpacks = encoding != "identity"
    count = 0
    unpacker = zlib.decompressobj(_GZIP)
    async for received in request.stream():
        packed = received
        while packed:
            piece = _unpacked(unpacker, packed) if unpacks else packed
            packed = unpacker.unconsumed_tail if unpacks else b""
            count += len(piece)
            if count > bytes_max:
                raise HTTPException(413)
            if piece:
                yield piece


def _unpacked(unpacker: "zlib._Decompress", packed: bytes) -> bytes:
    try:
        return unpacker.decompress(packed, _PIECE_BYTES)
    except zlib.error as error:
        raise HTTPException(400) from error
