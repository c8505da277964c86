"""Text from repositories, made harmless for a terminal.

A file's name or content may hold sequences that move the cursor, change colours, write the clipboard, or show text in
another order than it has. Such characters are shown by their code, so that they can be seen and do nothing.
"""

import json
import unicodedata
from typing import Any

_BYTE_MAX = 0xFF
_BASIC_MAX = 0xFFFF
"""The last character that one escape of four digits can name."""
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, invisible formatting (also of direction), halves of characters, separators of lines and paragraphs."""


def visible(text: str) -> str:
    """The text in one line, every control character shown by its code; a tab stays a tab."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _is_harmless(character) else _code(character) for character in text)


def visible_lines(text: str) -> str:
    """The text in its lines, every other control character shown by its code."""
    return "\n".join(visible(line.removesuffix("\r")) for line in text.split("\n"))


def as_field(text: str) -> str:
    """The text as one field of a line whose fields are separated by tabs."""
    return visible(text).replace("\t", "\\t")


def as_json(value: Any, *, indent: int | None = None) -> str:
    """The value as JSON that reads back the same, and that a terminal shows as it is."""
    written = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(
        character if character == "\n" or _is_harmless(character) else _json_code(character) for character in written
    )


def _is_harmless(character: str) -> bool:
    return character == "\t" or unicodedata.category(character) not in _HARMFUL


def _code(character: str) -> str:
    number = ord(character)
    if number <= _BYTE_MAX:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= _BASIC_MAX else f"\\U{number:08x}"


def _json_code(character: str) -> str:
    number = ord(character)
    if number <= _BASIC_MAX:
        return f"\\u{number:04x}"
    number -= 0x10000
    return f"\\u{0xD800 + (number >> 10):04x}\\u{0xDC00 + (number & 0x3FF):04x}"
