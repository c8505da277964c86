"""What to ask instead of a question that finds nothing."""

import pytest

from grove.search import Alert
from tests.search.library import Library, paths


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    tree = {
        "src/retry.py": "def retry_call():\n    backoff = 1\n",
        "src/http.go": "package http\n\nfunc RetryCall() {}\n",
        "test/retry_test.py": "retry_call\n",
    }
    return Library(tmp_path_factory.mktemp("index"), {"acme/web": tree})


class TestSuggestions:
    @pytest.mark.parametrize(
        ("query", "suggested"),
        [
            ('"retry_call" lang:rust', {"without lang:rust: 2 files": '"retry_call"'}),
            ('"retry_call" -file:retry', {"without -file:retry: 2 files": '"retry_call"'}),
            ('"Retry_call"', {"in either case: 2 files": '"Retry_call" case:no'}),
            ('"retry_call" case:yes lang:go', {"without lang:go: 2 files": '"retry_call" case:yes'}),
            ('"backoff retry"', {"the words apart: 1 file": '"backoff" "retry"'}),
            (
                '"backoff" "RetryCall"',
                {
                    "in either case: 0 files": "",
                    "any of the words: 2 files": '"backoff" OR "RetryCall"',
                },
            ),
            ('"nowhere"', {}),
        ],
    )
    def test_ask_for_less_and_say_what_that_finds(
        self, library: Library, query: str, suggested: dict[str, str]
    ) -> None:
        answer = library.ask(query)

        assert answer.files == ()
        expected = {title: text for title, text in suggested.items() if text}
        assert {each.title: each.query for each in answer.suggested} == expected

    def test_find_what_they_say(self, library: Library) -> None:
        (suggested,) = library.ask('"retry_call" lang:rust').suggested

        assert len(paths(library.ask(suggested.query))) == 2

    def test_are_not_made_when_something_is_found(self, library: Library) -> None:
        assert library.ask('"retry_call" lang:python').suggested == ()

    def test_come_as_alerts_in_a_stream(self, library: Library) -> None:
        alerts = [event for event in library.stream('"retry_call" lang:rust') if isinstance(event, Alert)]

        assert [alert.suggested.query for alert in alerts if alert.suggested] == ['"retry_call"']
