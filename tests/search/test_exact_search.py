"""Exact search over real indexes: the same as reading every file."""

import itertools
from pathlib import Path

import pytest

from grove.search import Limits, Mode
from tests.search.library import Library, Tree, paths

TREE: Tree = {
    "src/net/retry.py": "import time\n\n\ndef retry_call(fn, tries=5):\n    return fn(tries)\n",
    "src/net/http.py": "from net.retry import retry_call\n\nTIMEOUT = 5\n",
    "docs/guide.md": "# Guide\n\nCall `Retry` with a\nbackoff.\n",
    "tests/test_retry.py": "def test_retry_call():\n    assert retry_call(int)\n",
    "web/app.ts": "const x = a(\n  b,\n)\nexport function Retry() {}\n",
    "empty.txt": "",
    "logo.png": b"\x89PNG\0\0",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("index"), {"acme/web": TREE, "acme/tools": {"run.sh": "retry 3 times\n"}})


class TestExactSearch:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ('"retry_call"', {"src/net/retry.py", "src/net/http.py", "tests/test_retry.py"}),
            ("retry TIMEOUT case:no", {"src/net/http.py"}),
            ("retry -def case:auto", {"src/net/http.py", "docs/guide.md", "web/app.ts", "run.sh"}),
            ('"Retry"', {"docs/guide.md", "web/app.ts"}),
            ('"Retry" case:no lang:ts', {"web/app.ts"}),
            ("TIMEOUT OR backoff", {"src/net/http.py", "docs/guide.md"}),
            ("NOT retry file:md", set()),
            ("NOT content:retry", {"empty.txt"}),
            ("NOT content:retry OR file:png", {"empty.txt", "logo.png"}),
            ("-(content:retry file:py) file:png", {"logo.png"}),
            ("-Retry -content:retry_call", {"run.sh", "empty.txt"}),
            ("content:retry file:net", {"src/net/retry.py", "src/net/http.py"}),
            ("type:path retry", {"src/net/retry.py", "tests/test_retry.py"}),
            ("type:file net/http", {"src/net/http.py"}),
            ("file:*.py -file:test", {"src/net/retry.py", "src/net/http.py"}),
            ("file:src/*", set()),
            ("file:src/**", {"src/net/retry.py", "src/net/http.py"}),
            ("repo:tools", {"run.sh"}),
            ("(repo:tools OR lang:markdown) retry", {"run.sh", "docs/guide.md"}),
            (r"/a\(\s+b,\s+\)/", {"web/app.ts"}),
            (r"/^def \w+\(/", {"src/net/retry.py", "tests/test_retry.py"}),
            ('"with a\nbackoff"', {"docs/guide.md"}),
            ("file:png", {"logo.png"}),
            ('"nowhere to be found"', set()),
            ("sym:retry 5", {"src/net/retry.py"}),
            ("-sym:retry retry_call", {"src/net/http.py"}),
        ],
    )
    def test_finds_the_files_in_which_the_conditions_hold(self, library: Library, query: str, found: set[str]) -> None:
        assert set(paths(library.ask(query, Mode.TEXT))) == found

    def test_tells_every_place_of_a_match(self, library: Library) -> None:
        answer = library.ask('"retry_call" file:test')

        (file,) = answer.files
        (excerpt,) = file.excerpts
        assert file.match_count == 2
        assert [(line.number, line.text) for line in excerpt.lines] == [
            (1, "def test_retry_call():"),
            (2, "    assert retry_call(int)"),
        ]
        assert [[(h.first_character, h.end_character) for h in line.highlights] for line in excerpt.lines] == [
            [(9, 19)],
            [(11, 21)],
        ]

    def test_shows_the_lines_around_a_match(self, library: Library) -> None:
        (file,) = library.ask('"TIMEOUT"', context_lines=1).files

        (excerpt,) = file.excerpts
        assert (excerpt.first_line, excerpt.last_line) == (3, 3)
        assert [line.number for line in excerpt.lines] == [2, 3]

    def test_highlights_every_line_that_a_match_spans(self, library: Library) -> None:
        (file,) = library.ask(r"/a\(\s+b,\s+\)/").files

        lines = [
            (line.number, line.highlights[0].first_byte, line.highlights[0].end_byte) for line in file.excerpts[0].lines
        ]
        assert lines == [(1, 10, 12), (2, 0, 4), (3, 0, 1)]
        assert file.match_count == 1

    def test_highlights_what_matched_in_a_path(self, library: Library) -> None:
        (file,) = library.ask("type:path http").files

        assert [(h.first_character, h.end_character) for h in file.path_highlights] == [(8, 12)]

    def test_counts_columns_in_characters_and_in_bytes(self, tmp_path: Path) -> None:
        library = Library(tmp_path, {"r": {"a.txt": "naïve Überschrift\r\n"}})

        (file,) = library.ask('"überschrift"').files

        (line,) = file.excerpts[0].lines
        assert line.text == "naïve Überschrift"
        (highlight,) = line.highlights
        assert (highlight.first_character, highlight.end_character) == (6, 17)
        assert (highlight.first_byte, highlight.end_byte) == (7, 19)

    def test_puts_definitions_first_and_tests_last(self, library: Library) -> None:
        assert paths(library.ask('"retry_call"')) == ["src/net/retry.py", "src/net/http.py", "tests/test_retry.py"]

    def test_falls_back_on_the_nearest_places_and_says_so(self, library: Library) -> None:
        answer = library.ask("retry_call(fn, times)")

        assert "src/net/retry.py" in paths(answer)
        assert answer.truth.method == "ranked"
        assert any("nearest places" in note for note in answer.truth.notes)

    def test_answers_page_by_page(self, library: Library) -> None:
        whole = paths(library.ask("file:."))
        pages = [paths(library.ask("file:.", limit=3, offset=offset)) for offset in (0, 3, 6)]

        assert len(whole) == 8
        assert list(itertools.chain(*pages)) == whole

    def test_says_when_there_are_more_files_than_it_looked_for(self, tmp_path: Path) -> None:
        library = Library(tmp_path, {"r": {f"{number:02}.txt": f"needle {number}\n" for number in range(40)}})

        cut = library.ask('"needle"', limits=Limits(files_found_max=10), limit=5).truth
        whole = library.ask('"needle"', limits=Limits(files_found_max=40), limit=5).truth

        assert (cut.files_found, cut.more, cut.limits_hit) == (10, True, ("files_found_max",))
        assert (whole.files_found, whole.more, whole.limits_hit) == (40, False, ())

    def test_ends_when_the_time_is_up_and_says_so(self, library: Library) -> None:
        answer = library.ask('"retry_call"', limits=Limits(seconds_max=0.0))

        assert answer.files == ()
        assert answer.truth.more
        assert answer.truth.limits_hit == ("seconds_max",)

    def test_cuts_long_lines(self, tmp_path: Path) -> None:
        library = Library(tmp_path, {"r": {"a.txt": "needle" + "x" * 5000 + "needle\n"}})

        (file,) = library.ask('"needle"', limits=Limits(line_characters_max=100)).files

        (line,) = file.excerpts[0].lines
        assert (len(line.text), line.is_cut, len(line.highlights), file.match_count) == (100, True, 1, 2)

    def test_searches_any_revision(self, tmp_path: Path) -> None:
        library = Library(tmp_path, {"r": {"main": {"a.txt": "new words\n"}, "v1": {"a.txt": "old words\n"}}})

        assert paths(library.ask('"old words"')) == []
        assert paths(library.ask('"new words"')) == ["a.txt"]
