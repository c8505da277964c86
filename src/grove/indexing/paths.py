r"""Paths of a commit's tree: which are safe, and how they are shown.

Git stores any bytes. A path is shown as text in which every byte that is not part of valid UTF-8, every control
character and the backslash are escaped as ``\xNN``, and every invisible or direction-changing character as
``\u{NNNN}``; so no two paths look the same, and the bytes can be had back.
"""

import re
from typing import Final

from grove.indexing.model import SkipReason

_PLAIN: Final = re.compile(rb"[A-Za-z0-9_\-./+@ ,=()\[\]#!~%&'{}$^;:*?\"<>|`]*")
_HIDDEN: Final = re.compile(
    "[\\\\\x00-\x1f\x7f-\x9f\udc80-\udcff\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]"
)
_ESCAPED: Final = re.compile(r"\\x([0-9a-f]{2})|\\u\{([0-9a-f]{4,6})\}|\\\\")
_IGNORED_BY_HFS: Final = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_SUSPICIOUS: Final = re.compile(rb"(?i)(?:^|/)(?:\.|git~|/|$)|[^\x20-\x7e]")
_GIT_FOLDER: Final = re.compile(r"(?:\.git|git~1)[ .]*(?::.*)?", re.IGNORECASE | re.DOTALL)


def shown(path: bytes) -> str:
    """The path as text that can be displayed anywhere and turned back."""
    if _PLAIN.fullmatch(path):
        return path.decode("ascii")
    return _HIDDEN.sub(_escape, path.decode("utf-8", "surrogateescape"))


def stored(path: str) -> bytes:
    """The bytes of a path that `shown` made text of."""
    return _ESCAPED.sub(_unescape, path).encode("utf-8", "surrogateescape")


def refusal(path: bytes, *, bytes_max: int, depth_max: int) -> SkipReason | None:
    """Why a path is not taken into the index, if it is not."""
    if len(path) > bytes_max:
        return SkipReason.PATH_TOO_LONG
    if path.count(b"/") >= depth_max:
        return SkipReason.PATH_TOO_DEEP
    if not path or (_SUSPICIOUS.search(path) and _is_unsafe(path)):
        return SkipReason.UNSAFE_PATH
    return None


def _is_unsafe(path: bytes) -> bool:
    if b"\0" in path:
        return True
    for part in path.decode("utf-8", "surrogateescape").split("/"):
        if part in {"", ".", ".."} or _GIT_FOLDER.fullmatch(_IGNORED_BY_HFS.sub("", part)):
            return True
    return False


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code == ord("\\"):
        return "\\\\"
    if 0xDC80 <= code <= 0xDCFF:  # noqa: PLR2004 - how Python marks a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{{{code:04x}}}"  # noqa: PLR2004 - the end of ASCII


def _unescape(found: re.Match[str]) -> str:
    byte, code = found.groups()
    if byte is not None:
        value = int(byte, 16)
        return chr(value) if value < 0x80 else chr(0xDC00 + value)  # noqa: PLR2004 - the end of ASCII
    return chr(int(code, 16)) if code is not None else "\\"
