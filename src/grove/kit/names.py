"""Names that people give to things: which there may be, and when two are the same.

Nothing on a server's disk is called by them. But some come back as folders and files wherever people work: those of
repositories, workspaces, contexts, credentials and documents are portable. Those of people and projects are plain: a
person may be called `Jr.`. What tokens and webhooks are called is a label, which only has to be a line.
"""

import re
import unicodedata
from typing import Final

from grove.kit.errors import GroveError

CHARACTERS_MAX: Final = 200
_UNFIT: Final = re.compile(r"[/\\%]")
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$)(?:[ .:].*)?")
"""What Windows takes for devices, wherever they lie."""


class NameInvalid(GroveError):
    """A name is a line without slashes and percent signs in its plain form; no dots alone, no device of Windows such as
    `con`, no dash first, and of a file no dot last.
    """

    code = "name_unfit"


def name_key(name: str) -> str:
    """What two names must differ in: case and compatible forms of letters do not count."""
    return unicodedata.normalize("NFKC", name).casefold()


def is_portable(name: str) -> bool:
    """Whether a file can be called so on every system: no device of Windows, and no dot or space at its end."""
    return not _is_device(name) and not name.endswith((".", " "))


def _is_device(name: str) -> bool:
    return _DEVICES.fullmatch(name_key(name)) is not None


def is_plain(name: str) -> bool:
    """Whether somebody can be called so; a name has one form only."""
    is_line = name.isprintable() and name == name.strip() and 0 < len(name) <= CHARACTERS_MAX
    is_canonical = unicodedata.normalize("NFKC", name) == name
    is_path = bool(_UNFIT.search(name)) or not name.strip(".") or name.startswith("-")
    return is_line and is_canonical and not is_path and not _is_device(name)


def require_portable(name: str) -> None:
    """Return when something that becomes a file can be called so.

    :raises NameInvalid: if not.
    """
    if not (is_plain(name) and is_portable(name)):
        raise NameInvalid(characters_max=CHARACTERS_MAX)


def require_plain(name: str) -> None:
    """Return when something can be called so.

    :raises NameInvalid: if not.
    """
    if not is_plain(name):
        raise NameInvalid(characters_max=CHARACTERS_MAX)
