"""Questions in the name of an actor, over a whole Grove."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grove.accounts import Role
from grove.git import PathMissing
from grove.kit.gate import Denied
from grove.navigation import NameInvalid, Navigator, NotText, Wanted
from grove.repositories import request_sync
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect

LIBRARY = "class Box:\n    def open(self):\n        return inner()\n\n\ndef inner():\n    return 1\n"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    source = Repository.new(tmp_path / "src" / "lib.git")
    source.commit({"lib/box.py": LIBRARY, "logo.png": b"\0\1", "notes.txt": "none\n"})
    source.commit({"lib/box.py": "def changed():\n    return Box\n"}, branch="next")
    with house(tmp_path / "data", local_roots=(tmp_path / "src",)) as running:
        connect(running, str(source.path), name="git.example.org/acme/lib")
        running.work()
        yield running


@pytest.fixture
def navigator(made: House) -> Navigator:
    return made.grove.navigation


class TestOutline:
    def test_is_that_of_any_commit(self, made: House, navigator: Navigator) -> None:
        outline = navigator.outline(made.admin, repository="lib", path="lib/box.py")
        other = navigator.outline(made.admin, repository="lib", path="lib/box.py", revision="next")

        assert [(item.name, item.kind, item.line, item.end_line, item.depth) for item in outline.items] == [
            ("Box", "class", 1, 3, 0),
            ("open", "method", 2, 3, 1),
            ("inner", "function", 6, 7, 0),
        ]
        assert outline.items[1].signature == "def open(self):"
        assert [item.name for item in other.items] == ["changed"]
        assert outline.commit != other.commit

    def test_says_where_it_knows_nothing(self, made: House, navigator: Navigator) -> None:
        assert not navigator.outline(made.admin, repository="lib", path="notes.txt").is_known

    def test_is_not_given_of_what_is_no_text_or_not_there(self, made: House, navigator: Navigator) -> None:
        with pytest.raises(NotText):
            navigator.outline(made.admin, repository="lib", path="logo.png")
        with pytest.raises(PathMissing):
            navigator.outline(made.admin, repository="lib", path="lib/none.py")


class TestNames:
    def test_are_found_at_any_commit(self, made: House, navigator: Navigator) -> None:
        here = navigator.references(made.admin, Wanted(name="Box"))
        there = navigator.references(made.admin, Wanted(name="Box", revisions=("next",)))

        assert here.items == ()
        assert [(use.address.revision, use.line) for use in there.items] == [("next", 2)]
        assert here.truth.generation > 0

    def test_that_a_push_removed_are_gone_from_every_answer(
        self, made: House, navigator: Navigator, tmp_path: Path
    ) -> None:
        source = Repository(tmp_path / "src" / "lib.git")
        source.commit({"lib/box.py": LIBRARY.replace("inner", "outer")})
        with made.grove.database.transaction() as tx:
            (wanted,) = navigator.define(made.admin, Wanted(name="inner")).items
            request_sync(tx, actor=made.admin, repository_id=wanted.address.repository_id, now=made.now)
        made.work()

        assert navigator.define(made.admin, Wanted(name="inner")).items == ()
        assert navigator.references(made.admin, Wanted(name="inner")).items == ()
        assert len(navigator.callers(made.admin, Wanted(name="outer")).items) == 1

    @pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 300, " padded "])
    def test_that_are_none_are_refused(self, made: House, navigator: Navigator, name: str) -> None:
        with pytest.raises(NameInvalid):
            navigator.define(made.admin, Wanted(name=name))


class TestPermission:
    def test_is_that_of_searching(self, made: House, navigator: Navigator) -> None:
        viewer, _ = made.actor(Role.VIEWER)
        stranger = replace(viewer, tenant_id="00000000-0000-4000-8000-000000000000")

        assert len(navigator.define(viewer, Wanted(name="Box")).items) == 1
        assert navigator.define(stranger, Wanted(name="Box")).items == ()

    def test_is_needed(self, made: House, navigator: Navigator) -> None:
        viewer, _ = made.actor(Role.VIEWER)
        without = replace(viewer, scopes=frozenset())

        for ask in (navigator.define, navigator.references, navigator.callers, navigator.callees):
            with pytest.raises(Denied):
                ask(without, Wanted(name="Box"))
        with pytest.raises(Denied):
            navigator.outline(without, repository="lib", path="lib/box.py")
