"""The words of text: one splitting for chunks, paths and questions alike.

An identifier gives itself, lower-cased, and its parts: ``HTTPServer_v2`` gives ``httpserver_v2 http server v2``.
Words of scripts that do not put spaces between words give overlapping pairs of characters. A text is only scanned
for tokens; each distinct token is split once.
"""

import re
from functools import lru_cache

TOKEN_BYTES_MAX = 64
"""A longer token is not kept whole (it is data, not a name); its first parts are."""
PARTS_MAX = 256
_PART_LETTERS_MIN = 2

_IN_TOKEN = re.compile(rb"[A-Za-z0-9_\x80-\xff]")
_SPACED = bytes(byte if _IN_TOKEN.match(bytes([byte])) else ord(" ") for byte in range(256))
_ASCII_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f\u0e80-\u0eff"
_UNICODE_PART = re.compile(f"([{_UNSPACED}]+)|[^\\W_{_UNSPACED}]+")


def tokens_of(text: bytes) -> list[bytes]:
    """The tokens of UTF-8 text, in order; each is to be given to `words_of_token`."""
    return text.translate(_SPACED).split()


def words_of_token(token: bytes) -> tuple[str, ...]:
    """The words of one token: itself and its parts."""
    if not token.isascii():
        return _words_of_unicode(token.decode("utf-8", "replace"))
    text = token.decode("ascii")
    if text.isalpha() and text[1:].islower() and len(text) <= TOKEN_BYTES_MAX:
        return (text.lower(),)
    whole = text.strip("_").lower()
    parts = [part.lower() for part in _ASCII_PART.findall(text)[:PARTS_MAX] if len(part) >= _PART_LETTERS_MIN]
    if len(token) > TOKEN_BYTES_MAX:
        return tuple(part for part in parts if len(part) <= TOKEN_BYTES_MAX)
    if not whole or parts == [whole]:
        return tuple(parts)
    return (whole, *parts)


def split_words(text: str) -> list[str]:
    """The words of a text, in order and as often as they stand in it."""
    return [word for token in tokens_of(text.encode("utf-8", "replace")) for word in _words_of_known_token(token)]


_words_of_known_token = lru_cache(maxsize=1 << 14)(words_of_token)


def _words_of_unicode(text: str) -> tuple[str, ...]:
    words: list[str] = []
    for found in _UNICODE_PART.finditer(text):
        part = found.group().casefold()
        if found.group(1) is None:
            words.append(part[:TOKEN_BYTES_MAX])
        elif len(part) <= 2:  # noqa: PLR2004 - a pair of characters
            words.append(part)
        else:
            words.extend(part[at : at + 2] for at in range(len(part) - 1))
        if len(words) >= PARTS_MAX:
            break
    return tuple(words[:PARTS_MAX])
