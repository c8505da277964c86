"""How close files are to where something is defined: what is close is most likely meant."""

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from grove.languages import has_outline
from grove.navigation.ground import File, Ground

IMPORTS_READ_MAX: Final = 2_000
_IMPORT: Final = re.compile(
    rb"^[ \t]*(?:from|import|use|using|require|require_relative|#?[ \t]*include|open|alias|load|source|export|mod)"
    rb"\b[^\n]*|^[^\n]*\b(?:require|import)[ \t]*\([^\n]*|^[ \t]*(?:\w+[ \t]+)?\"[^\"\n]+\"[ \t]*$"
    rb"|^[ \t]*\}[ \t]*from\b[^\n]*",
    re.MULTILINE,
)
"""A line that brings in names from elsewhere, in any of the languages that are parsed."""
_STANDS_FOR_FOLDER: Final = frozenset({"index", "__init__", "mod", "lib", "main", "init"})


class Closeness(IntEnum):
    """From the file itself to anywhere."""

    SAME_FILE = 0
    SAME_FOLDER = 1
    IMPORTS = 2
    SAME_REPOSITORY = 3
    ELSEWHERE = 4


def closest_first(files: Sequence[File], *, homes: Sequence[File], ground: Ground) -> list[File]:
    """The files by their closeness to any of `homes`.

    Tests, vendored and generated files come after the others, and last those of languages without a grammar.
    """
    levels = {file: _level(file, homes) for file in files}
    for file in _importing([file for file in files if levels[file] > Closeness.IMPORTS], homes, ground):
        levels[file] = Closeness.IMPORTS
    return sorted(
        files, key=lambda file: (not has_outline(file.language), levels[file], file.marks.bit_count(), *place_of(file))
    )


def place_of(file: File) -> tuple[str, str, str]:
    """An order among files that are equally close."""
    target = file.selected.target
    return target.name, target.revision, file.path


def _level(file: File, homes: Sequence[File]) -> Closeness:
    if file in homes:
        return Closeness.SAME_FILE
    own = [home for home in homes if home.repository == file.repository]
    if any(home.folder == file.folder for home in own):
        return Closeness.SAME_FOLDER
    return Closeness.SAME_REPOSITORY if own else Closeness.ELSEWHERE


def _importing(files: Sequence[File], homes: Sequence[File], ground: Ground) -> list[File]:
    """Those files that begin by importing the module of a home, as far as they are looked at."""
    modules = {module for home in homes for module in _modules(home.path)}
    if not modules or not files:
        return []
    named = re.compile(rb"(?<![A-Za-z0-9_])(?:" + b"|".join(map(re.escape, sorted(modules))) + rb")(?![A-Za-z0-9_])")
    looked_at = files[:IMPORTS_READ_MAX]
    beginnings = ground.beginning_of(looked_at)
    return [
        file
        for file, text in zip(looked_at, beginnings, strict=True)
        if any(named.search(line.group()) for line in _IMPORT.finditer(text))
    ]


def _modules(path: str) -> list[bytes]:
    """By which words a file may be imported: its name, or that of its folder."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    last = folder.rpartition("/")[2]
    if path.endswith((".go", ".java", ".kt", ".cs")) or stem in _STANDS_FOR_FOLDER:
        return [last.encode()] if last else []
    return [stem.encode()] if stem else []
