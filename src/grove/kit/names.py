"""Names that people give to things: which there may be, and when two are the same."""

import re
import unicodedata
from typing import Final

from grove.kit.errors import GroveError

CHARACTERS_MAX: Final = 200
_UNFIT: Final = re.compile(r"[/\\%]")
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
"""What Windows takes for devices, wherever they lie."""


class NameInvalid(GroveError):
    """A name is a line without slashes and percent signs in its plain form; no dots alone, no device, no dash first."""

    code = "name_unfit"


def name_key(name: str) -> str:
    """What two names must differ in: case and compatible forms of letters do not count."""
    return unicodedata.normalize("NFKC", name).casefold()


def is_plain(name: str) -> bool:
    """Whether somebody can be called so; a name has one form only."""
    is_line = name.isprintable() and name == name.strip() and 0 < len(name) <= CHARACTERS_MAX
    is_canonical = unicodedata.normalize("NFKC", name) == name
    is_path = bool(_UNFIT.search(name)) or not name.strip(".") or name.startswith("-")
    return is_line and is_canonical and not is_path and not _DEVICES.fullmatch(name.casefold())


def require_plain(name: str) -> None:
    """Return when something can be called so.

    :raises NameInvalid: if not.
    """
    if not is_plain(name):
        raise NameInvalid(characters_max=CHARACTERS_MAX)
