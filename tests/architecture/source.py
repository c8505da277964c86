"""The source tree as the house rules see it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "grove"


@dataclass(frozen=True)
class Module:
    """One file of the source."""

    path: Path

    @property
    def name(self) -> str:
        """Its path within the package, such as `jobs/leases.py`."""
        return self.path.relative_to(SOURCE).as_posix()

    @property
    def capability(self) -> str:
        """The package that it belongs to, such as `jobs`."""
        return self.name.split("/")[0].removesuffix(".py")

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every module that it imports from, with the line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module, node.lineno

    def calls(self) -> Iterator[tuple[str, int]]:
        """Every dotted name that it calls, with the line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node.lineno


def modules() -> list[Module]:
    """Every module of the package."""
    return [Module(path) for path in sorted(SOURCE.rglob("*.py"))]
