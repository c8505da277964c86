"""The places that a search found, as lines: whole, or reduced until they fit."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from grove.mcp.budget import Level
from grove.mcp.visible import visible, visible_line
from grove.search import Excerpt, FileAddress, FileMatch, Line

COMMIT_DIGITS: Final = 10
COMMITS_SHOWN_MAX: Final = 3
ALSO_IN_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Places:
    """What a search found; `with_revisions` says at which branch or commit each file is."""

    files: Sequence[FileMatch]
    with_revisions: bool

    def levels(self) -> Iterator[Level]:
        """The ways to show it, from everything down to counts per repository."""
        yield Level("everything", lambda: list(self._in_full(self.files)))
        yield Level("matching lines without context", lambda: list(self._in_full(self.files, with_context=False)))
        for first, count in self._halves():
            yield Level(f"lines of the first {first}, locations of the others", partial(self._lines_first, count))
        yield Level("locations without lines", lambda: list(self._locations(self.files)))
        for first, count in self._halves():
            yield Level(f"locations of the first {first}, counts of the others", partial(self._locations_first, count))
        yield Level("counts per file", lambda: list(self._counts(self.files)))
        yield Level("counts per repository", lambda: list(self._repository_counts()))

    def commits(self) -> str:
        """At which commits the files are, in words; empty if there are none."""
        named = [f"{file.address.repository}@{file.address.commit[:COMMIT_DIGITS]}" for file in self.files]
        first, *others = list(dict.fromkeys(named)) or [""]
        left = len(others) - COMMITS_SHOWN_MAX + 1
        shown = ", ".join([first, *others[: COMMITS_SHOWN_MAX - 1]])
        return f"at {shown}{f' and {left:,} more' if left > 0 else ''}" if first else ""

    def _halves(self) -> Iterator[tuple[str, int]]:
        count = len(self.files)
        while count > 1:
            count //= 2
            yield f"{count:,} files" if count > 1 else "file", count

    def _lines_first(self, count: int) -> list[str]:
        return [*self._in_full(self.files[:count]), *self._locations(self.files[count:])]

    def _locations_first(self, count: int) -> list[str]:
        return [*self._locations(self.files[:count]), *self._counts(self.files[count:])]

    def _in_full(self, files: Sequence[FileMatch], *, with_context: bool = True) -> Iterator[str]:
        for file in files:
            for number, excerpt in enumerate(file.excerpts):
                yield self._location(file, excerpt) + (_also_in(file) if number == 0 else "")
                yield from _lines(excerpt, with_context=with_context)
            if not file.excerpts:
                yield f"{self._title(file.address)}  (its path matches)"

    def _locations(self, files: Sequence[FileMatch]) -> Iterator[str]:
        for file in files:
            for excerpt in file.excerpts:
                yield self._location(file, excerpt)
            if not file.excerpts:
                yield self._title(file.address)

    def _counts(self, files: Sequence[FileMatch]) -> Iterator[str]:
        for file in files:
            yield f"{self._title(file.address)}  {_matches(_count(file), is_exact=file.is_count_exact)}"

    def _repository_counts(self) -> Iterator[str]:
        counts = Counter(file.address.repository for file in self.files)
        for name, count in counts.items():
            matches = sum(_count(file) for file in self.files if file.address.repository == name)
            yield f"[{visible(name)}]  {_matches(matches)} in {count:,} file{'s' if count != 1 else ''}"

    def _location(self, file: FileMatch, excerpt: Excerpt) -> str:
        is_one = excerpt.last_line <= excerpt.first_line
        span = str(excerpt.first_line) if is_one else f"{excerpt.first_line}-{excerpt.last_line}"
        parts = [f"{self._title(file.address)}:{span}"]
        if excerpt.symbol is not None:
            container = f"{excerpt.symbol.container}." if excerpt.symbol.container else ""
            parts.append(visible(f"{excerpt.symbol.kind} {container}{excerpt.symbol.name}"))
        if excerpt.score:
            parts.append(f"{excerpt.score:.2f}")
        return "  ".join(parts)

    def _title(self, address: FileAddress) -> str:
        revision = f"@{address.revision}" if self.with_revisions else ""
        return visible(f"[{address.repository}{revision}] {address.path}")


def _lines(excerpt: Excerpt, *, with_context: bool) -> Iterator[str]:
    is_all_one = not any(line.highlights for line in excerpt.lines)
    width = len(str(excerpt.lines[-1].number)) if excerpt.lines else 0
    before: Line | None = None
    for line in excerpt.lines:
        is_match = is_all_one or bool(line.highlights)
        if not is_match and not with_context:
            continue
        if before is not None and line.number > before.number + 1:
            yield f"{' ' * width}  …"
        cut = " [… cut]" if line.is_cut else ""
        yield f"{line.number:>{width}}{':' if is_match else '-'} {visible_line(line.text)}{cut}"
        before = line


def _also_in(file: FileMatch) -> str:
    if not file.also_in:
        return ""
    named = [f"{other.repository}:{other.path}" for other in file.also_in[:ALSO_IN_MAX]]
    left = len(file.also_in) - len(named)
    return visible(f"  same lines in {', '.join(named)}") + (f" and {left:,} more" if left else "")


def _count(file: FileMatch) -> int:
    """How many places of the file were found; the answer counts those of its content only."""
    return file.match_count or len(file.excerpts)


def _matches(count: int, *, is_exact: bool = True) -> str:
    return f"{count:,}{'' if is_exact else '+'} match{'es' if count != 1 else ''}"
