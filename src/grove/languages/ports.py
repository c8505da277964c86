"""What whoever wants to know what files define, and where names are used, needs."""

from collections.abc import Sequence
from typing import Protocol

from grove.languages.model import Definition, Structure, Task


class DefinitionParser(Protocol):
    """Finds the definitions of files; a file it cannot parse has none."""

    def parse(self, files: Sequence[tuple[str, bytes]]) -> list[list[Definition]]:
        """The definitions of each `(language, UTF-8 text)`, in the order of their lines."""
        ...


class StructureParser(Protocol):
    """Finds what files define, and where names are used in their code."""

    def structures(self, tasks: Sequence[Task]) -> list[Structure | None]:
        """The structure of each text; `None` of one that it cannot parse."""
        ...
