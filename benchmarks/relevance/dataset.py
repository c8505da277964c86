"""Questions with known answers, read from a folder of `repos.json` and `annotations/NAME.json`."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A file that answers a question, or some lines of it."""

    path: str
    first_line: int = 0
    last_line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question and what answers it."""

    text: str
    category: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A repository at a revision, of which the folder `root` is searched; "" is all of it."""

    name: str
    language: str
    revision: str
    root: str
    questions: tuple[Asked, ...]


def load_dataset(folder: Path) -> list[Subject]:
    """The repositories of a data set with their questions."""
    return [
        Subject(
            name=row["name"],
            language=row["language"],
            revision=row["revision"],
            root=(row.get("root") or "").strip("/"),
            questions=tuple(_questions(folder / "annotations" / f"{row['name']}.json")),
        )
        for row in json.loads((folder / "repos.json").read_text(encoding="utf-8"))
    ]


def _questions(file: Path) -> list[Asked]:
    return [
        Asked(
            text=row["query"],
            category=row["category"],
            targets=tuple(_target(target) for target in row["relevant"] + row.get("secondary", [])),
        )
        for row in json.loads(file.read_text(encoding="utf-8"))
    ]


def _target(row: str | dict[str, str | int]) -> Target:
    if isinstance(row, str):
        return Target(path=row)
    first, last = int(row.get("start_line") or 0), int(row.get("end_line") or 0)
    return (
        Target(path=str(row["path"]), first_line=first, last_line=last)
        if first and last
        else Target(path=str(row["path"]))
    )
