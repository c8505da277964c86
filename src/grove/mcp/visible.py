r"""Other people's text, made safe to show to a model: what cannot be seen is written out, and it stands in a fence.

Text of a repository may try to pass for a tool's own words, or carry words that only a machine reads. So every line is
shown with its control, direction, tag and other invisible characters as `\u{...}`, and all of it stands between two
lines with a random mark that the text cannot know.
"""

import re
import secrets
from typing import Final

LINE_CHARACTERS_MAX: Final = 2_000
LABEL: Final = "untrusted repository content"

_RULE: Final = "-----"
_MARK_BYTES: Final = 8
_INVISIBLE: Final = re.compile(
    "["
    "\u0000-\u0008\u000a-\u001f\u007f-\u009f"  # controls, escape sequences among them; a tab is shown as it is
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line and paragraph separators, directions
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"  # fillers, variation selectors, byte order marks, annotations
    "\ud800-\udfff"  # halves of characters
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # format controls of shorthand and music
    "\U000e0000-\U000e0fff"  # tags and further variation selectors
    "]"
)


def visible(text: str) -> str:
    r"""The text on one line, with every character that cannot be seen as `\u{...}`."""
    return _INVISIBLE.sub(lambda found: f"\\u{{{ord(found[0]):X}}}", text)


def visible_line(text: str, *, characters_max: int = LINE_CHARACTERS_MAX) -> str:
    """A line as it is shown; one that is cut says how long it is."""
    shown = visible(text[:characters_max])
    if len(text) <= characters_max and len(shown) <= characters_max:
        return shown
    return f"{shown[:characters_max]} [… cut: the line has {len(text):,} characters]"


def fenced(lines: list[str]) -> str:
    """The lines between two marks that they cannot hold, labelled as what they are."""
    mark = secrets.token_hex(_MARK_BYTES)
    return "\n".join([f"{_RULE} {LABEL} {mark} {_RULE}", *lines, f"{_RULE} end of {LABEL} {mark} {_RULE}"])
