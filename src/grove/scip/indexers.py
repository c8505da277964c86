"""The indexers that can be run here, and how each is told what to index."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

OUTPUT: Final = "index.scip"
_NO_PACKAGES: Final = "packages.json"
_HEAP_SHARE: Final = 0.75
_FIRST_BYTES: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexer:
    """A program that writes SCIP indexes of some languages; `feeds` are further files that it reads."""

    name: str
    suffixes: frozenset[str]
    feeds: frozenset[str]
    arguments: Callable[[Path, str], list[str]]
    package: str

    def reads(self, path: str) -> bool:
        """Whether a file is of any use to it."""
        name = path.rpartition("/")[2]
        return name in self.feeds or self.indexes(path)

    def indexes(self, path: str) -> bool:
        """Whether a file is of one of its languages."""
        return os.path.splitext(path)[1] in self.suffixes  # noqa: PTH122 - of every path of a commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An installed indexer: how it is called, and the files and folders that it needs besides the system's."""

    argv: tuple[str, ...]
    needs: tuple[Path, ...]


def _python(out: Path, project: str) -> list[str]:
    # Without a list of packages it would ask pip, which would ask the network.
    (out / _NO_PACKAGES).write_text("[]", encoding="utf-8")
    named = ["--project-name", project, "--project-version", "_"]
    return ["index", ".", *named, "--environment", str(out / _NO_PACKAGES), "--output", str(out / OUTPUT), "--quiet"]


def _typescript(out: Path, _: str) -> list[str]:
    return ["index", "--infer-tsconfig", "--no-progress-bar", "--output", str(out / OUTPUT)]


INDEXERS: Final = (
    Indexer(
        name="scip-python",
        suffixes=frozenset({".py", ".pyi"}),
        feeds=frozenset({"pyproject.toml", "pyrightconfig.json", "setup.py", "setup.cfg"}),
        arguments=_python,
        package="@sourcegraph/scip-python",
    ),
    Indexer(
        name="scip-typescript",
        suffixes=frozenset({".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"}),
        feeds=frozenset({"package.json", "tsconfig.json", "jsconfig.json", "tsconfig.base.json"}),
        arguments=_typescript,
        package="@sourcegraph/scip-typescript",
    ),
)


def find_program(executable: Path | None, *, node: Path | None) -> Program | str:
    """How an indexer is called; as text why it cannot be.

    What npm installs is a script that Node.js runs, with its own packages in the folders around it.
    """
    if executable is None or not executable.is_file():
        return "it is not installed"
    script = Path(os.path.realpath(executable))
    with script.open("rb") as file:
        first = file.read(_FIRST_BYTES).partition(b"\n")[0]
    if not (first.startswith(b"#!") and b"node" in first):
        return Program(argv=(str(script),), needs=(script,))
    if node is None or not node.is_file():
        return "it needs Node.js, which is not installed"
    runtime = Path(os.path.realpath(node))
    return Program(argv=(str(runtime), str(script)), needs=(runtime, _packages_of(script)))


def environment(*, memory_bytes_max: int) -> Mapping[str, str]:
    """What an indexer finds in its environment: how much memory it may count on."""
    return {"NODE_OPTIONS": f"--max-old-space-size={int(memory_bytes_max * _HEAP_SHARE) // 2**20}"}


def _packages_of(script: Path) -> Path:
    """The outermost folder of packages that a script is in, else the script alone."""
    around = [folder for folder in script.parents if folder.name == "node_modules"]
    return around[-1] if around else script
