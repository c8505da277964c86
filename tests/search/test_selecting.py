"""What is shown of what was found: whole words, repositories, files alone, symbols of a kind."""

from pathlib import Path

import pytest

from grove.search import Done, Matches, ModeConflict
from tests.search.library import Library

WEB = {"app.py": "def run():\n    return runner\n\n\nclass Run:\n    pass\n", "README.md": "run it\n"}
TOOLS = {f"tool{number}.sh": "run\n" for number in range(120)}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    repositories = {"acme/tools": TOOLS, "acme/web": WEB, "acme/docs": {"a.md": "nothing\n"}}
    return Library(tmp_path_factory.mktemp("index"), repositories)


class TestWholeWords:
    def test_do_not_match_within_others(self, library: Library) -> None:
        found = library.ask('word:yes "run" file:app')
        assert [[line.number for line in excerpt.lines] for excerpt in found.files[0].excerpts] == [[1], [5]]

    def test_may_begin_with_signs(self, tmp_path: Path) -> None:
        asked = Library(tmp_path, {"a": {"x.php": "$run = 1;\n", "y.php": "$runner = 1;\n"}}).ask('word:yes "$run"')
        assert [file.address.path for file in asked.files] == ["x.php"]


class TestRepositories:
    def test_are_answered_instead_of_files(self, library: Library) -> None:
        answer = library.ask("select:repo run")

        assert answer.files == ()
        assert [(found.repository, found.files_found, found.is_count_exact) for found in answer.repositories] == [
            ("acme/tools", 100, False),
            ("acme/web", 2, True),
        ]
        assert (answer.truth.repositories_found, answer.truth.more) == (2, False)

    def test_are_found_by_name(self, library: Library) -> None:
        assert [found.repository for found in library.ask("type:repo web").repositories] == ["acme/web"]

    def test_are_told_in_a_stream(self, library: Library) -> None:
        events = list(library.stream("select:repo run"))

        assert isinstance(events[0], Matches)
        assert len(events[0].repositories) == 2
        assert isinstance(events[-1], Done)


class TestFiles:
    def test_are_answered_without_their_lines(self, library: Library) -> None:
        answer = library.ask("select:file run repo:web")

        assert {file.address.path for file in answer.files} == {"app.py", "README.md"}
        assert all(file.excerpts == () for file in answer.files)


class TestSymbols:
    def test_are_answered_by_kind(self, library: Library) -> None:
        classes = library.ask("select:symbol.class run")
        functions = library.ask("select:symbol.function run")

        assert [[e.symbol.name for e in file.excerpts if e.symbol] for file in classes.files] == [["Run"]]
        assert [[e.symbol.name for e in file.excerpts if e.symbol] for file in functions.files] == [["run"]]


class TestHistory:
    def test_is_asked_by_its_own_types_alone(self, library: Library) -> None:
        with pytest.raises(ModeConflict) as refused:
            library.ask("author:ada run")

        assert "type:commit" in str(refused.value.facts)
