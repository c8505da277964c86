"""Searching in workspaces: every kind of search answers from what was written just before."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grove.accounts import Role
from grove.search import Answer, Mode, ModeConflict, Question, truth_line
from grove.workspaces import Edit, EditKind, WorkspaceNotFound
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect

FILES = {f"src/part{number}.py": f"def part{number}():\n    return shared_value({number})\n" for number in range(40)}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    upstream = Repository.new(tmp_path / "up" / "shop.git")
    upstream.commit({**FILES, "README.md": "shop\n"})
    with house(tmp_path / "data", local_roots=(tmp_path,)) as made:
        connect(made, str(upstream.path), name="acme/shop")
        made.work_until_idle()
        for name in ("fix", "other"):
            made.grove.workspaces.create(made.admin, repository="acme/shop", name=name, target="", now=made.now)
        edit(
            made,
            Edit(kind=EditKind.WRITE, path="src/part0.py", content=b"def brand_new():\n    return fresh_value(1)\n"),
            Edit(kind=EditKind.REMOVE, path="src/part1.py"),
            Edit(kind=EditKind.MOVE, path="src/part2.py", target="lib/moved.py"),
        )
        yield made


def edit(made: House, *edits: Edit) -> None:
    made.grove.workspaces.edit(made.admin, "fix", edits=edits, now=made.now)


def ask(made: House, text: str, *, mode: Mode = Mode.AUTO, workspace: str = "fix") -> Answer:
    question = Question(text=text, mode=mode, workspaces=(workspace,) if workspace else (), limit=100)
    return made.grove.search.run(made.admin, question)


def paths(answer: Answer) -> set[str]:
    return {file.address.path for file in answer.files}


class TestASearchInAWorkspace:
    def test_finds_what_was_written(self, made: House) -> None:
        assert paths(ask(made, '"fresh_value("')) == {"src/part0.py"}
        assert paths(ask(made, r"fresh_\w+\(", mode=Mode.REGEX)) == {"src/part0.py"}
        assert paths(ask(made, "brand_new", mode=Mode.SYMBOL)) == {"src/part0.py"}
        assert "src/part0.py" in paths(ask(made, "brand new value"))
        assert paths(ask(made, "file:moved")) == {"lib/moved.py"}

    def test_does_not_find_what_was_changed_or_removed(self, made: House) -> None:
        assert paths(ask(made, '"shared_value(0)" OR "shared_value(1)"')) == set()
        assert paths(ask(made, "part1", mode=Mode.SYMBOL)) & {"src/part1.py"} == set()
        assert paths(ask(made, '"shared_value(2)"')) == {"lib/moved.py"}
        assert len(paths(ask(made, '"shared_value("'))) == 38

    def test_says_where_it_searched_and_what_it_read_for_it(self, made: House) -> None:
        answer = ask(made, '"fresh_value("')
        assert answer.files[0].address.revision == "ws/fix"
        assert "searched 1 at ws/fix" in truth_line(answer.truth)
        assert "1 file read that is not indexed" in truth_line(answer.truth)

    def test_is_asked_for_in_the_query_too_and_of_several_at_once(self, made: House) -> None:
        assert paths(ask(made, 'workspace:fix "fresh_value("', workspace="")) == {"src/part0.py"}
        both = ask(made, 'workspace:fix workspace:other "shared_value(1)"', workspace="")
        assert [file.address.revision for file in both.files] == ["ws/other"]

    def test_leaves_other_searches_as_they_were(self, made: House) -> None:
        ask(made, '"fresh_value("')
        assert paths(ask(made, '"fresh_value("', workspace="")) == set()
        assert paths(ask(made, '"shared_value(1)"', workspace="")) == {"src/part1.py"}

    def test_sees_a_change_within_a_second(self, made: House) -> None:
        for number in range(3):
            content = f"later_{number} = True\n".encode()
            began = time.process_time()
            edit(made, Edit(kind=EditKind.WRITE, path="src/later.py", content=content))
            assert paths(ask(made, f'"later_{number}"')) == {"src/later.py"}
            assert time.process_time() - began < 1

    def test_is_for_those_who_may_see_it(self, made: House) -> None:
        other, _ = made.actor(Role.DEVELOPER)
        with pytest.raises(WorkspaceNotFound):
            made.grove.search.run(other, Question(text="workspace:fix shop"))

    @pytest.mark.parametrize("text", ["rev:main shop", "type:commit shop", "repo:shop@main shop"])
    def test_takes_no_revision(self, made: House, text: str) -> None:
        with pytest.raises(ModeConflict):
            ask(made, text)
