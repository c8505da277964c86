"""What the path of a file says about it, found once per path."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from grove.search.stems import parts_of, stems_of

_REMEMBERED: Final = 1 << 16
_NAMED_BY_FOLDER: Final = re.compile(r"(?:__init__|index|mod|main|init)\.\w+")
_LEGACY: Final = re.compile(
    r"(?:^|[/_.-])(?:compat|compatibility|legacy|deprecated|obsolete)(?:[/_.-]|$)", re.IGNORECASE
)
_PACKAGE_INDEX: Final = re.compile(
    r"(?:^|/)(?:__init__\.pyi?|package-info\.java|(?:mod|lib)\.rs|index\.[jt]sx?|init\.lua)$"
)
_DECLARATIONS: Final = re.compile(r"\.d\.[mc]?ts$|\.pyi$")
_PLATFORM: Final = re.compile(
    r"(?:^|[/_.\s-])(?:win|win32|windows|winnt|aix|os390|sunos|solaris|haiku|wasi|wasm|freebsd|openbsd|netbsd|android)"
    r"(?=[/_.\s-]|\d*\.|$)",
    re.IGNORECASE,
)


class PathFacts(NamedTuple):
    """A path's words as stems: of its title, of its folder, of all of it; and what it tells of the file's kind.

    The *title* is the file's name without endings, or its folder's name if the file's says nothing. `title_parts` are
    the words that it is made of, `plain_title` is without case and separators, in the singular.
    """

    plain_title: str
    title_stems: frozenset[str]
    title_parts: frozenset[str]
    folder_stems: frozenset[str]
    stems: frozenset[str]
    depth: int
    is_legacy: bool
    is_declarations: bool
    is_package_index: bool
    is_of_platform: bool


@lru_cache(maxsize=_REMEMBERED)
def facts_of(path: str) -> PathFacts:
    """What is said by a path."""
    *folders, name = path.split("/")
    folder = folders[-1] if folders else ""
    title = folder if _NAMED_BY_FOLDER.fullmatch(name) else name.lstrip(".").partition(".")[0]
    title_stems = stems_of(title)
    return PathFacts(
        plain_title=plain(title),
        title_stems=title_stems,
        title_parts=parts_of(title),
        folder_stems=stems_of(folder),
        stems=title_stems.union(*map(stems_of, folders)),
        depth=len(folders),
        is_legacy=_LEGACY.search(path) is not None,
        is_declarations=_DECLARATIONS.search(path) is not None,
        is_package_index=_PACKAGE_INDEX.search(path) is not None,
        is_of_platform=names_platform(path),
    )


def names_platform(text: str) -> bool:
    """Whether a path or a question names one of the less usual platforms."""
    return _PLATFORM.search(text) is not None


def plain(name: str) -> str:
    """A name as it compares with another: without case and separators, in the singular."""
    return re.sub(r"[^a-z0-9]", "", name.lower()).removesuffix("s")
