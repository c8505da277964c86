"""What an examination found: a code that can be looked up, what is wrong, and what to do about it."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """How bad it is."""

    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was examined; problem and solution are empty when nothing can be bettered."""

    code: str
    title: str
    state: State
    problem: str = ""
    solution: str = ""

    def as_item(self) -> dict[str, Any]:
        """How it is listed."""
        return asdict(self)


def passed(code: str, title: str, *, problem: str = "", solution: str = "") -> Finding:
    """All is well; `problem` is why it is no better."""
    return Finding(code=code, title=title, state=State.PASS, problem=problem, solution=solution)


def warned(code: str, title: str, *, problem: str, solution: str) -> Finding:
    """It works, but somebody should look."""
    return Finding(code=code, title=title, state=State.WARN, problem=problem, solution=solution)


def failed(code: str, title: str, *, problem: str, solution: str) -> Finding:
    """It does not work, or is not safe."""
    return Finding(code=code, title=title, state=State.FAIL, problem=problem, solution=solution)
