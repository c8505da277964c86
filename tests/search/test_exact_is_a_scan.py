"""Exact search over random trees and random queries is the same as reading every file of the tree."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grove.search import Limits, Matches, Mode
from tests.search.library import Library

Files = Mapping[str, str]
ALPHABET = "abAB_. ()é\u212a"
PATHS = ["a.py", "src/ab.go", "src/b.md", "test/A.py", "é/x", "lib/_a/b.py"]
LINES = st.text(st.sampled_from(ALPHABET), max_size=8)
TEXTS = st.builds(
    lambda lines, repeated, end: "\n".join(lines * repeated) + ("\n" if end else ""),
    st.lists(LINES, max_size=90),
    st.sampled_from([1, 1, 1, 4]),
    st.booleans(),
)
TREES = st.dictionaries(st.sampled_from(PATHS), TEXTS, min_size=1)
NEEDLES = st.text(st.sampled_from("abAB_. ()ék"), min_size=1, max_size=4).filter(str.strip)
WITHIN_LINES = ["a+b", "^a", "b$", r"\(\)", "[ab]{3}", r"\bab\b", "^$", "a.*b", "(aa|bb)a", "(?i)AB", r"^.{3}$", "k"]
ACROSS_LINES = [r"a\sb", r"b\n+a", r"\Aa", "[^a]b", r"\w\W", r"(?s)b.a", r"a\n.*\n.*b", r"b\s*\z"]


@dataclass(frozen=True)
class Asked:
    """A query, and what it means for a path and a text."""

    text: str
    holds: Callable[[str, str, "Reading"], bool]


@dataclass(frozen=True)
class Sought:
    """A pattern that is looked for in content."""

    source: str
    across: bool
    is_literal: bool = False

    def lines(self, text: str, reading: "Reading") -> set[int]:
        """The lines on which something of a match stands."""
        body = text if self.across else text.removesuffix("\n")
        if not text:
            return set()
        raw = body.encode()
        found: set[int] = set()
        for match in self.matcher(reading).finditer(raw):
            begin, end = match.span()
            first = raw.count(b"\n", 0, begin) + 1
            last = first + raw[begin : max(end - 1, begin)].count(b"\n")
            found.update(range(first, last + 1))
        return found

    def is_in(self, text: str, reading: "Reading") -> bool:
        body = text if self.across else text.removesuffix("\n")
        return bool(text) and self.matcher(reading).search(body.encode()) is not None

    def matcher(self, reading: "Reading") -> Any:
        options = re2.Options()
        options.case_sensitive = not reading.folds_case
        edge = r"\b" if reading.whole_words and not self.is_literal else ""
        return re2.compile(f"(?m){edge}(?:{self.source}){edge}".encode(), options)


@dataclass(frozen=True)
class Reading:
    """What applies to the whole query."""

    folds_case: bool
    whole_words: bool

    def __str__(self) -> str:
        return f"case:{'no' if self.folds_case else 'yes'}{' word:yes' if self.whole_words else ''}"


def _literal(needle: str, place: str) -> Asked:
    def holds(path: str, text: str, reading: Reading) -> bool:
        sought = _sought(needle, reading)
        return sought.is_in(text, reading) or (not place and sought.matcher(reading).search(path.encode()) is not None)

    return Asked(f'{place}"{needle}"', holds)


def _sought(needle: str, reading: Reading) -> Sought:
    source = re2.escape(needle)
    if reading.whole_words:
        begin, end = (r"\b" if letter.isalnum() or letter == "_" else "" for letter in (needle[0], needle[-1]))
        source = f"{begin}{source}{end}"
    return Sought(source, across=False, is_literal=True)


def _regex(source: str) -> Asked:
    sought = Sought(source, across=source in ACROSS_LINES)
    return Asked(f"content:/{source}/", lambda _path, text, reading: sought.is_in(text, reading))


def _not(part: Asked) -> Asked:
    return Asked(f"-({part.text})", lambda *file: not part.holds(*file))


def _all(parts: list[Asked]) -> Asked:
    return Asked("(" + " ".join(part.text for part in parts) + ")", lambda *file: all(p.holds(*file) for p in parts))


def _any(parts: list[Asked]) -> Asked:
    return Asked("(" + " OR ".join(part.text for part in parts) + ")", lambda *file: any(p.holds(*file) for p in parts))


LEAVES = st.one_of(
    st.builds(_literal, NEEDLES, st.sampled_from(["", "content:"])),
    st.builds(_regex, st.sampled_from(WITHIN_LINES + ACROSS_LINES)),
    st.just(Asked("file:py", lambda path, *_: "py" in path)),
    st.just(Asked("lang:python", lambda path, *_: path.endswith(".py"))),
)
QUERIES = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(_not, parts),
        st.builds(_all, st.lists(parts, min_size=2, max_size=3)),
        st.builds(_any, st.lists(parts, min_size=2, max_size=3)),
    ),
    max_leaves=6,
)
READINGS = st.builds(Reading, folds_case=st.booleans(), whole_words=st.booleans())
unhurried = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class TestAnExactSearch:
    @unhurried
    @given(tree=TREES, queries=st.lists(QUERIES, min_size=1, max_size=4), reading=READINGS)
    def test_of_any_query_finds_the_files_that_a_scan_finds(
        self, tree: Files, queries: list[Asked], reading: Reading
    ) -> None:
        with TemporaryDirectory() as folder:
            library = Library(Path(folder), {"r": tree})
            for query in queries:
                answer = library.ask(f"{query.text} {reading}", Mode.TEXT, limit=100)

                found = {file.address.path for file in answer.files}
                assert found == {path for path, text in tree.items() if query.holds(path, text, reading)}, query.text

    @unhurried
    @given(tree=TREES, sources=st.lists(st.sampled_from(WITHIN_LINES + ACROSS_LINES), min_size=1, max_size=4))
    def test_of_all_places_shows_every_line_of_every_match(self, tree: Files, sources: list[str]) -> None:
        reading = Reading(folds_case=False, whole_words=False)
        with TemporaryDirectory() as folder:
            library = Library(Path(folder), {"r": tree})
            for source in sources:
                shown: dict[str, set[int]] = {}
                for event in library.stream(f"content:/{source}/ {reading} count:all"):
                    for file in event.files if isinstance(event, Matches) else ():
                        lines = (line.number for excerpt in file.excerpts for line in excerpt.lines)
                        shown[file.address.path] = set(lines)

                sought = Sought(source, across=source in ACROSS_LINES)
                scanned = {path: sought.lines(text, reading) for path, text in tree.items()}
                assert shown == {path: lines for path, lines in scanned.items() if lines}, source

    def test_of_all_places_has_no_limit_of_files_and_lines(self, tmp_path: Path) -> None:
        tree = {f"{number:04}.txt": "needle\n" * 60 for number in range(1_100)}
        library = Library(tmp_path, {"r": tree})

        whole = library.ask('"needle" count:all', limits=Limits())
        events = library.stream('"needle" count:all')

        assert (len(whole.files), whole.truth.files_found) == (1_000, 1_100)
        assert whole.truth.limits_hit == ("files_per_answer_max",)
        files = [file for event in events if isinstance(event, Matches) for file in event.files]
        assert len(files) == 1_100
        assert {len(excerpt.lines) for file in files for excerpt in file.excerpts} == {60}
