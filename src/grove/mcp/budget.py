"""How much a result may hold, and what it is reduced to when it does not fit."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

TOKENS_DEFAULT: Final = 4_000
TOKENS_MIN: Final = 500
TOKENS_MAX: Final = 20_000
RESERVED_TOKENS: Final = 100
"""For the fence, and for the note on what was left out."""

_BYTES_PER_TOKEN: Final = 3


def tokens_of(text: str) -> int:
    """An estimate that errs on the high side: three bytes of UTF-8 a token, where code has about four in the mean."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Level:
    """A way to show a result; `name` says what of it is shown."""

    name: str
    render: Callable[[], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A result that fits; `note` says what was left out for it, and is empty when nothing was."""

    lines: list[str]
    note: str = ""


def fit(levels: Iterable[Level], *, tokens_max: int, truth: str = "") -> Fitted:
    """The first level that fits beside `truth`; of the last as many whole lines as fit, and how many are left out."""
    tokens_max -= tokens_of(truth)
    room = tokens_max - RESERVED_TOKENS
    names: list[str] = []
    lines: list[str] = []
    for level in levels:
        lines = level.render()
        names.append(level.name)
        if tokens_of("\n".join(lines)) <= room:
            return Fitted(lines=lines, note=_reduced(names))
    kept = lines[: count_fitting(lines, tokens_max=tokens_max)]
    return Fitted(lines=kept, note=f"{_reduced(names)}; {len(lines) - len(kept):,} lines of them left out")


def count_fitting(lines: Iterable[str], *, tokens_max: int) -> int:
    """How many lines from the first on fit."""
    room = tokens_max - RESERVED_TOKENS
    count = 0
    for line in lines:
        room -= tokens_of(f"{line}\n")
        if room < 0:
            return count
        count += 1
    return count


def _reduced(names: list[str]) -> str:
    return f"shown: {names[-1]} (more does not fit into max_tokens)" if len(names) > 1 else ""
