"""From a blob's bytes to text, or why not.

Text is kept as UTF-8. UTF-8 that is valid stays as it is, without a byte-order mark. UTF-16 and UTF-32 are recognised
by their byte-order mark and re-encoded. In anything else each run of bytes that is not UTF-8 is replaced by U+FFFD, so
that lines keep their numbers; if most of it would be replaced, or a NUL stands near the beginning, it is binary.
"""

import codecs
from typing import Final

from grove.indexing.model import SkipReason

NUL_SEARCH_BYTES: Final = 8_000
REPLACED_SHARE_MAX: Final = 0.3

_MARKED: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_of(blob: bytes) -> bytes | SkipReason:
    """The blob as UTF-8 text, or the reason why it has none."""
    if not blob:
        return SkipReason.EMPTY
    for mark, encoding in _MARKED:
        if blob.startswith(mark):
            return _re_encoded(blob, encoding)
    blob = blob.removeprefix(codecs.BOM_UTF8)
    if b"\0" in blob[:NUL_SEARCH_BYTES]:
        return SkipReason.BINARY
    try:
        blob.decode("utf-8")
    except UnicodeDecodeError:
        return _re_encoded(blob, "utf-8")
    return blob or SkipReason.EMPTY


def _re_encoded(blob: bytes, encoding: str) -> bytes | SkipReason:
    text = blob.decode(encoding, "replace")
    if text.count("\ufffd") > REPLACED_SHARE_MAX * len(text) or "\0" in text[:NUL_SEARCH_BYTES]:
        return SkipReason.BINARY
    return text.encode("utf-8", "replace") or SkipReason.EMPTY
