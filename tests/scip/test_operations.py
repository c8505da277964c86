"""Uploading to a whole Grove: what is taken, what is refused, and what becomes precise by it."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from grove.accounts import Role
from grove.git import RevisionUnknown
from grove.kit.gate import Denied
from grove.navigation import Basis, Wanted
from grove.repositories import RepositoryNotFound, list_visible, remove_repository, request_sync
from grove.scip import ScipInvalid, ScipNotFound, ScipTooLarge
from grove.scip.operations import FOLDER
from grove.scip.parsing import INDEX_BYTES_MAX, parse_index
from grove.search import truth_line
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.scip_index import scip_index
from tests.support.sources import connect

LIB = "class Box:\n    def open(self):\n        return 1\n\n\nclass Door:\n    def open(self):\n        return 2\n"
USE = """\
from lib import Box, Door as Gate


def main():
    Box().open()
    Gate().open()
    f = open('é'); f.open()
"""
BOX, DOOR, OPEN_BOX, OPEN_DOOR = (
    f"scip-python python lib 1.0 lib/{rest}" for rest in ("Box#", "Door#", "Box#open().", "Door#open().")
)
DOCUMENTS = {
    "lib.py": [
        (BOX, (0, 6, 9), 1),
        (OPEN_BOX, (1, 8, 12), 1),
        (DOOR, (5, 6, 10), 1),
        (OPEN_DOOR, (6, 8, 12), 1),
    ],
    "use.py": [
        (BOX, (0, 16, 19), 2),
        (DOOR, (0, 21, 25), 2),
        (BOX, (4, 4, 7), 0),
        (OPEN_BOX, (4, 10, 14), 0),
        (DOOR, (5, 4, 8), 0),
        (OPEN_DOOR, (5, 11, 15), 0),
        ("local 3", (6, 4, 5), 1),
    ],
}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    source = Repository.new(tmp_path / "src" / "lib.git")
    source.commit({"lib.py": LIB, "use.py": USE, "other.py": "def other(x):\n    return x.open()\n"})
    with house(tmp_path / "data", local_roots=(tmp_path / "src",)) as running:
        connect(running, str(source.path), name="git.example.org/acme/lib")
        running.work()
        yield running


def upload(made: House, content: bytes, *, repository: str = "lib", commit: str = "") -> str:
    kept = made.grove.scip.upload(made.admin, repository=repository, commit=commit, content=content, now=made.now)
    return kept.commit


def uses(made: House, name: str, **more: object) -> list[tuple[str, int, str, str]]:
    answer = made.grove.navigation.references(made.admin, Wanted(name=name, **more))  # type: ignore[arg-type]
    return [(use.address.path, use.line, use.role.value, use.basis.value) for use in answer.items]


class TestReferences:
    def test_are_by_name_before_an_index_was_uploaded(self, made: House) -> None:
        assert uses(made, "Box.open") == [
            ("other.py", 2, "call", "name"),
            ("use.py", 5, "call", "name"),
            ("use.py", 6, "call", "name"),
            ("use.py", 7, "call", "name"),
            ("use.py", 7, "call", "name"),
        ]

    def test_are_precise_afterwards_where_the_index_knows_the_file(self, made: House) -> None:
        upload(made, scip_index(DOCUMENTS))

        answer = made.grove.navigation.references(made.admin, Wanted(name="Box.open"))

        assert uses(made, "Box.open") == [("use.py", 5, "call", "precise"), ("other.py", 2, "call", "name")]
        assert answer.items[0].symbol == OPEN_BOX
        assert answer.items[0].around is not None
        assert answer.items[0].around.name == "main"
        assert (answer.definitions[0].basis, answer.definitions[0].symbol) == (Basis.PRECISE, OPEN_BOX)
        assert "partly precise (scip-python), else by name" in truth_line(answer.truth)
        assert "other symbols of this name left out" in truth_line(answer.truth)

    def test_are_found_under_another_name(self, made: House) -> None:
        upload(made, scip_index(DOCUMENTS))

        assert uses(made, "Door") == [("use.py", 1, "import", "precise"), ("use.py", 6, "reference", "precise")]

    def test_are_by_name_again_in_files_that_have_changed_since(self, made: House, tmp_path: Path) -> None:
        upload(made, scip_index(DOCUMENTS))
        source = Repository(tmp_path / "src" / "lib.git")
        source.commit({"use.py": "\n" + USE}, branch="next")

        self._sync(made)
        changed = uses(made, "Box", revisions=("next",))

        assert changed == [("use.py", 2, "import", "name"), ("use.py", 6, "call", "name")]
        assert uses(made, "Box") == [("use.py", 1, "import", "precise"), ("use.py", 5, "call", "precise")]

    def test_cross_repositories_by_the_identity_of_the_symbol(self, made: House, tmp_path: Path) -> None:
        web = Repository.new(tmp_path / "src" / "web.git")
        web.commit({"web.py": "from lib import Box\n\nBox().open()\n"})
        connect(made, str(web.path), name="git.example.org/acme/web")
        made.work()
        upload(made, scip_index(DOCUMENTS))
        newer = OPEN_BOX.replace("1.0", "2.0")
        upload(made, scip_index({"web.py": [(newer, (2, 6, 10), 0)]}), repository="web")

        assert ("web.py", 3, "call", "precise") in uses(made, "Box.open")
        assert uses(made, "Door.open", repositories=("web",)) == []

    def test_near_a_file_are_those_of_its_symbols(self, made: House) -> None:
        upload(made, scip_index(DOCUMENTS | {"other.py": [(OPEN_DOOR, (1, 13, 17), 0)]}))

        found = uses(made, "open", near="acme/lib:other.py")

        assert found == [("other.py", 2, "call", "precise"), ("use.py", 6, "call", "precise")]

    def test_know_columns_in_every_encoding(self, made: House, tmp_path: Path) -> None:
        source = Repository(tmp_path / "src" / "lib.git")
        source.commit({"wide.py": "x = '😀é'; Box()\n"})
        self._sync(made)
        for encoding, column in ((0, 11), (1, 14), (2, 11), (3, 10)):
            upload(made, scip_index({"wide.py": [(BOX, (0, column, column + 3), 0)]}, encoding=encoding))
            (use,) = made.grove.navigation.references(made.admin, Wanted(name="Box", paths=("wide.py",))).items
            assert (use.text[use.first_column : use.end_column], use.basis) == ("Box", Basis.PRECISE)

    @staticmethod
    def _sync(made: House) -> None:
        with made.grove.database.transaction() as tx:
            for repository in list_visible(tx, actor=made.admin):
                request_sync(tx, actor=made.admin, repository_id=repository.id, now=made.now)
        made.work()


class TestUpload:
    def test_tells_what_was_taken_and_what_was_left_out(self, made: House) -> None:
        kept = made.grove.scip.upload(
            made.admin, repository="lib", commit="", content=scip_index(DOCUMENTS | {"none.py": []}), now=made.now
        )

        assert (kept.documents, kept.documents_left_out, kept.symbols, kept.occurrences) == (2, 1, 4, 10)
        assert kept.tool == "test-indexer 1"
        assert made.grove.scip.list(made.admin, repository="lib") == [kept]

    def test_replaces_an_earlier_index_of_the_commit(self, made: House) -> None:
        upload(made, scip_index({"lib.py": DOCUMENTS["lib.py"]}))
        upload(made, scip_index(DOCUMENTS))

        (kept,) = made.grove.scip.list(made.admin, repository="lib")
        assert kept.documents == 2

    def test_sweeps_what_an_upload_that_was_cut_off_has_left(self, made: House) -> None:
        upload(made, scip_index(DOCUMENTS))
        (kept,) = made.grove.scip.list(made.admin, repository="lib")
        folder = made.grove.locator.repository(tenant_id=kept.tenant_id, repository_id=kept.repository_id) / FOLDER
        for name, age in (("old.new", 7_200), ("young.new", 0)):
            (folder / name).mkdir()
            moment = (made.now - timedelta(seconds=age)).timestamp()
            os.utime(folder / name, (moment, moment))

        upload(made, scip_index(DOCUMENTS))

        assert "old.new" not in {path.name for path in folder.iterdir()}
        assert "young.new" in {path.name for path in folder.iterdir()}

    def test_goes_with_its_repository(self, made: House) -> None:
        upload(made, scip_index(DOCUMENTS))
        (kept,) = made.grove.scip.list(made.admin, repository="lib")
        with made.grove.database.transaction() as tx:
            remove_repository(tx, actor=made.admin, repository_id=kept.repository_id, now=made.now)
        made.work()

        assert not made.grove.locator.repository(tenant_id=kept.tenant_id, repository_id=kept.repository_id).exists()
        with pytest.raises(RepositoryNotFound):
            made.grove.scip.list(made.admin, repository="lib")

    def test_can_be_removed(self, made: House) -> None:
        commit = upload(made, scip_index(DOCUMENTS))

        made.grove.scip.remove(made.admin, repository="lib", commit=commit, now=made.now)

        assert made.grove.scip.list(made.admin, repository="lib") == []
        assert {basis for *_, basis in uses(made, "Box")} == {"name"}
        with pytest.raises(ScipNotFound):
            made.grove.scip.remove(made.admin, repository="lib", commit=commit, now=made.now)

    def test_needs_permission(self, made: House) -> None:
        viewer, _ = made.actor(Role.VIEWER)
        stranger = replace(made.admin, tenant_id="00000000-0000-4000-8000-000000000000")

        with pytest.raises(Denied):
            made.grove.scip.upload(viewer, repository="lib", commit="", content=b"", now=made.now)
        with pytest.raises(RepositoryNotFound):
            made.grove.scip.upload(stranger, repository="lib", commit="", content=b"", now=made.now)

    def test_of_another_tenant_is_nothing_to_anybody(self, made: House) -> None:
        upload(made, scip_index(DOCUMENTS))
        stranger = replace(made.admin, tenant_id="00000000-0000-4000-8000-000000000000")

        assert made.grove.navigation.references(stranger, Wanted(name="Box")).items == ()


class TestHostileIndex:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"\xff" * 100, "not a protobuf message"),
            (b"", "none of its documents is a file"),
            (scip_index({"none.py": []}), "none of its documents is a file"),
            (scip_index({"../../etc/passwd": []}), "leads out"),
            (scip_index({"/etc/passwd": []}), "leads out"),
            (scip_index({"a\\b.py": []}), "leads out"),
            (scip_index({"a\0b": []}), "leads out"),
            (scip_index({"": []}), "leads out"),
            (scip_index({"lib.py": [("s m p v x#", (), 0)]}), "no range"),
            (scip_index({"lib.py": [("s m p v x#", (1, 2, 3, 4, 5), 0)]}), "no range"),
            (scip_index({"lib.py": [("s m p v x#", (-1, 2, 3), 0)]}), "no range"),
            (scip_index({"lib.py": [("s m p v x#", (5, 0, 1, 2), 0)]}), "no range"),
            (scip_index({"lib.py": [("s m p v x#", (2**31 - 1, 0, 1), 0)]}), "no range"),
            (scip_index({"lib.py": [("x" * 3_000, (0, 0, 1), 0)]}), "too long"),
            (scip_index({"lib.py": [("a\nb", (0, 0, 1), 0)]}), "no symbol"),
            (scip_index({"lib.py": []}) * 2, "twice"),
        ],
    )
    def test_is_refused_and_leaves_nothing(self, made: House, content: bytes, reason: str) -> None:
        with pytest.raises(ScipInvalid) as refused:
            upload(made, content)

        assert reason in str(refused.value.facts["reason"])
        assert made.grove.scip.list(made.admin, repository="lib") == []

    def test_is_refused_when_it_is_too_large(self, made: House) -> None:
        with pytest.raises(ScipTooLarge):
            upload(made, bytes(INDEX_BYTES_MAX + 1))

    def test_is_refused_for_a_commit_that_is_not_there(self, made: House) -> None:
        with pytest.raises(RevisionUnknown):
            upload(made, scip_index(DOCUMENTS), commit="f" * 40)

    def test_may_say_of_lines_that_there_are_none(self, made: House) -> None:
        upload(made, scip_index({"use.py": [(BOX, (9_000, 0, 3), 0), (BOX, (4, 9_000, 9_003), 0)]}))

        (use,) = made.grove.navigation.references(made.admin, Wanted(name="Box", paths=("use.py",))).items
        assert use.line == 5

    def test_is_bounded_in_documents(self) -> None:
        assert "documents" in str(parse_index(b"\x12\x00" * 100_001))
