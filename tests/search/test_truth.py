"""The truth about an answer, and the sentence that says it."""

import pytest

from grove.search import (
    Alert,
    Done,
    Filters,
    Limits,
    Matches,
    Method,
    ProgressMade,
    Question,
    SearchedCommit,
    Severity,
    Skipped,
    Truth,
    search,
    search_stream,
    truth_line,
)
from tests.search.library import Library, Tree, paths

SKIPPED = (
    Skipped(reason="not_indexed_yet", title="web", message="not indexed yet"),
    Skipped(reason="needs_approval", title="legacy", message="needs approval"),
)


FOUND = "7 files in 3 repositories · 84 ms · searched 5 at their default branch"
REST = "web (not indexed yet), 3 more"
ALL = " · all results shown"


def searched(name: str, revision: str = "main", *, is_default: bool = True, stale: bool = False) -> SearchedCommit:
    return SearchedCommit(
        repository=name,
        revision=revision,
        commit="c" * 40,
        is_default_revision=is_default,
        stale=stale,
        files_indexed=9,
        files_total=10,
    )


def truth(**more: object) -> Truth:
    facts: dict[str, object] = {
        "method": Method.EXACT,
        "generation": 1,
        "searched": tuple(searched(name) for name in "abcde"),
        "skipped": (),
        "files_found": 7,
        "repositories_found": 3,
        "matches_found": 9,
        "files_shown": 7,
        "offset": 0,
        "more": False,
        "limits_hit": (),
        "elapsed_ms": 84,
    }
    return Truth(**{**facts, **more})  # type: ignore[arg-type]


class TestTheTruthLine:
    def test_says_what_was_found_searched_skipped_and_shown(self) -> None:
        assert truth_line(truth(skipped=SKIPPED)) == (
            "7 files in 3 repositories · 84 ms · searched 5 at their default branch"
            " · 2 not searched: web (not indexed yet), legacy (needs approval) · all results shown"
        )

    @pytest.mark.parametrize(
        ("facts", "line"),
        [
            (
                {"files_found": 1, "repositories_found": 1, "files_shown": 1, "searched": (searched("a"),)},
                "1 file in 1 repository · 84 ms · searched 1 at its default branch (cccccccccccc) · all results shown",
            ),
            (
                {"files_found": 0, "repositories_found": 0, "files_shown": 0},
                "nothing found · 84 ms · searched 5 at their default branch",
            ),
            (
                {"files_found": 2000, "files_shown": 20, "more": True, "limits_hit": ("files_found_max",)},
                FOUND.replace("7", "2,000+") + " · the limit of files was reached · the first 20 shown",
            ),
            (
                {"method": Method.RANKED, "files_found": 90, "files_shown": 20, "more": True},
                FOUND.replace("7", "90") + " · the best 20 shown",
            ),
            (
                {"searched": (searched("a", "v1", is_default=False),), "offset": 20, "files_shown": 5},
                "7 files in 3 repositories · 84 ms · searched 1 at v1 (cccccccccccc) · files 21 to 25 shown",
            ),
            (
                {"searched": (searched("a"), searched("a", "v1", is_default=False), searched("b", stale=True))},
                (
                    "7 files in 3 repositories · 84 ms · searched 2 at 2 revisions"
                    " (a cccccccccccc, a v1 cccccccccccc, b cccccccccccc), 1 behind the remote · all results shown"
                ),
            ),
            (
                {"repositories_shown": 2, "files_shown": 0, "more": True},
                FOUND.replace("7 files in ", "") + " · the first 2 shown",
            ),
            (
                {"repositories_shown": 3, "files_shown": 0},
                FOUND.replace("7 files in ", "") + ALL,
            ),
            ({"searched": (), "files_found": 0, "files_shown": 0}, "nothing found · 84 ms · searched nothing"),
            (
                {"skipped": SKIPPED * 4},
                FOUND + " · 8 not searched: " + "web (not indexed yet), legacy (needs approval), " * 2 + REST + ALL,
            ),
        ],
    )
    def test_is_exact_about_counts_and_limits(self, facts: dict[str, object], line: str) -> None:
        assert truth_line(truth(**facts)) == line


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    tree: Tree = {f"src/{number:02}.py": f"needle = {number}\nneedle\n" for number in range(30)}
    trees: dict[str, Tree] = {"a/one": tree, "b.org/two-2": {"x.go": "package needle\n", "big.bin": b"\0", "empty": ""}}
    return Library(tmp_path_factory.mktemp("index"), trees)


class TestTheTruthOfASearch:
    def test_names_commits_generation_and_coverage(self, library: Library) -> None:
        told = library.ask('"needle"', limit=5).truth

        assert (told.generation, told.files_found, told.repositories_found, told.matches_found) == (7, 31, 2, 61)
        assert (told.files_shown, told.more) == (5, False)
        assert [(commit.repository, commit.files_indexed, commit.files_total) for commit in told.searched] == [
            ("a/one", 30, 30),
            ("b.org/two-2", 2, 3),
        ]

    def test_repeats_what_the_corpus_skipped(self, library: Library) -> None:
        answer = search(Question(text='"needle"'), library.corpus(skipped=SKIPPED))

        assert answer.truth.skipped == SKIPPED

    def test_counts_facets_over_all_files_found(self, library: Library) -> None:
        facets = library.ask('"needle"', limit=2).facets

        assert facets.is_exhaustive
        assert [(facet.query, facet.count) for facet in facets.items] == [
            ("repo:^a/one$", 30),
            ("repo:^b\\.org/two-2$", 1),
            ("lang:python", 30),
            ("lang:go", 1),
        ]

    def test_says_that_facets_are_not_exhaustive_when_a_limit_was_hit(self, library: Library) -> None:
        assert not library.ask('"needle"', limits=Limits(files_found_max=3)).facets.is_exhaustive

    def test_of_ranked_words_counts_the_files_of_the_ranking(self, library: Library) -> None:
        told = library.ask("needle", limit=3).truth

        assert (told.method, told.files_shown, told.files_found) == (Method.RANKED, 3, 31)


class TestAStream:
    def test_tells_matches_progress_filters_and_done(self, library: Library) -> None:
        events = library.stream('"needle"', limit=4)

        assert [event.name for event in events] == ["matches", "progress", "filters", "done"]
        done = events[-1]
        assert isinstance(done, Done)
        assert done.line == truth_line(done.truth)
        assert (done.truth.files_found, done.truth.files_shown) == (31, 4)

    @pytest.mark.parametrize("query", ['"needle"', "needle", "sym:needle"])
    def test_tells_the_same_files_as_the_whole_answer(self, library: Library, query: str) -> None:
        streamed = [
            file for event in library.stream(query, limit=50) if isinstance(event, Matches) for file in event.files
        ]

        assert {file.address for file in streamed} == {file.address for file in library.ask(query, limit=50).files}

    def test_takes_a_page(self, library: Library) -> None:
        events = library.stream('"needle"', limit=4, offset=2)

        shown = [file.address.path for event in events if isinstance(event, Matches) for file in event.files]
        assert shown == paths(library.ask('"needle"', limit=4, offset=2))

    def test_alerts_to_what_was_skipped(self, library: Library) -> None:
        events = list(search_stream(Question(text='"needle"'), library.corpus(skipped=SKIPPED)))

        alerts = [event for event in events if isinstance(event, Alert)]
        assert [(alert.title, alert.severity) for alert in alerts] == [
            ("web", Severity.WARNING),
            ("legacy", Severity.WARNING),
        ]

    def test_falls_back_within_one_stream(self, library: Library) -> None:
        events = library.stream("needle(nowhere)")

        assert [event.name for event in events][-1] == "done"
        assert sum(isinstance(event, Filters) for event in events) == 1
        assert any(isinstance(event, Matches) for event in events)
        assert any(isinstance(event, Alert) and "nearest places" in event.message for event in events)

    def test_without_answers_still_tells_progress_and_truth(self, library: Library) -> None:
        events = library.stream('"nowhere to be found"')

        assert [event.name for event in events] == ["filters", "done"]
        assert not any(isinstance(event, ProgressMade) for event in events)
