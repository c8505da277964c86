"""Who finds the definitions of files: this process, or children that a hostile file may crash."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from grove.languages.definitions import NAME_CHARACTERS_MAX, File, Row, definitions_in
from grove.languages.detection import grammar_of, outline_grammar_of
from grove.languages.model import Definition, Role, Structure, Task, Use
from grove.languages.structure import Answer, structure_in
from grove.sandbox import ChildFailure, ChildPool

CHILDREN: Final = 2
MEMORY_BYTES_MAX: Final = 1024 * 1024 * 1024
FILE_SECONDS_MAX: Final = 10.0
KINDS: Final = frozenset(
    [
        "class",
        "constant",
        "element",
        "enum",
        "function",
        "heading",
        "interface",
        "macro",
        "method",
        "module",
        "property",
        "resource",
        "selector",
        "struct",
        "table",
        "trait",
        "type",
        "variable",
    ]
)
"""What a definition may be."""
_ROLES: Final = frozenset(Role)
_UNFIT: Final = re.compile("[\n\ud800-\udfff]")


class TreeSitterParser:
    """Parses in this process: for files that are trusted."""

    def parse(self, files: Sequence[File]) -> list[list[Definition]]:
        """The definitions of each `(language, UTF-8 text)`, in the order of their lines."""
        return [_definitions(definitions_in(file)) for file in files]

    def structures(self, tasks: Sequence[Task]) -> list[Structure | None]:
        """The structure of each text; `None` of one that has no grammar."""
        return [_structure(task, structure_in(task)) for task in tasks]


class PooledParser:
    """Parses in child processes with limits; a file at which a child fails has no definitions."""

    def __init__(
        self,
        *,
        children: int = CHILDREN,
        memory_bytes_max: int = MEMORY_BYTES_MAX,
        file_seconds_max: float = FILE_SECONDS_MAX,
    ) -> None:
        self._children = children
        self._pool: ChildPool[File, list[Row]] = ChildPool(
            definitions_in, children=children, memory_bytes_max=memory_bytes_max, call_seconds_max=file_seconds_max
        )
        self._structures: ChildPool[Task, Answer] = ChildPool(
            structure_in, children=children, memory_bytes_max=memory_bytes_max, call_seconds_max=file_seconds_max
        )

    def parse(self, files: Sequence[File]) -> list[list[Definition]]:
        """The definitions of each `(language, UTF-8 text)`, in the order of their lines."""
        found: list[list[Definition]] = [[] for _ in files]
        parsable = [number for number, (language, _) in enumerate(files) if grammar_of(language)]
        shares = _shares(parsable, [len(files[number][1]) for number in parsable], self._children)
        with ThreadPoolExecutor(max_workers=self._children) as threads:
            outcomes = threads.map(self._pool.call_each, ([files[number] for number in share] for share in shares))
            for share, share_outcomes in zip(shares, outcomes, strict=True):
                for number, outcome in zip(share, share_outcomes, strict=True):
                    found[number] = [] if isinstance(outcome, ChildFailure) else _believed(outcome)
        return found

    def structures(self, tasks: Sequence[Task]) -> list[Structure | None]:
        """The structure of each text; `None` of one that has no grammar, or at which a child failed."""
        outcomes = self._structures.call_each(tasks) if tasks else []
        return [
            None if isinstance(outcome, ChildFailure) else _structure(task, outcome)
            for task, outcome in zip(tasks, outcomes, strict=True)
        ]

    def close(self) -> None:
        """End the child processes."""
        self._pool.close()
        self._structures.close()


def _definitions(rows: Sequence[Row]) -> list[Definition]:
    return [
        Definition(name=name, kind=kind, line=line, end_line=end_line, container=container)
        for name, kind, line, end_line, container in rows
    ]


def _believed(answer: object) -> list[Definition]:
    """The definitions, if a child's answer has the form of any: a file may have taken it over."""
    rows = answer if isinstance(answer, list) and all(map(_is_row, answer)) else []
    return _definitions(rows)


def _structure(task: Task, answer: object) -> Structure | None:
    """What a child found in a text, if it has the form of that."""
    if not outline_grammar_of(task.language) or not isinstance(answer, tuple) or len(answer) != len(("rows", "uses")):
        return None
    rows, uses = answer
    if not (isinstance(rows, list) and all(map(_is_row, rows)) and isinstance(uses, list)):
        return None
    if not all(_is_use(use, definitions=len(rows)) for use in uses):
        return None
    return Structure(definitions=tuple(_definitions(rows)), uses=tuple(_use(use) for use in uses))


def _use(use: tuple[str, int, int, str, int]) -> Use:
    name, line, column, role, within = use
    return Use(name, line, column, Role(role), within)


def _is_use(use: object, *, definitions: int) -> bool:
    if not isinstance(use, tuple) or [type(value) for value in use] != [str, int, int, str, int]:
        return False
    _, line, column, role, within = use
    return line > 0 and column >= 0 and role in _ROLES and -1 <= within < definitions


def _is_row(row: object) -> bool:
    if not isinstance(row, tuple) or [type(value) for value in row] != [str, str, int, int, str]:
        return False
    name, kind, line, end_line, container = row
    names_fit = 0 < len(name) <= NAME_CHARACTERS_MAX and len(container) <= NAME_CHARACTERS_MAX
    return names_fit and not _UNFIT.search(name + container) and kind in KINDS and 0 < line <= end_line


def _shares(numbers: Sequence[int], sizes: Sequence[int], count: int) -> list[list[int]]:
    """The numbers parted into about equal amounts of work, the largest first."""
    shares: list[list[int]] = [[] for _ in range(count)]
    loads = [0] * count
    for size, number in sorted(zip(sizes, numbers, strict=True), reverse=True):
        lightest = loads.index(min(loads))
        shares[lightest].append(number)
        loads[lightest] += size
    return [share for share in shares if share]
