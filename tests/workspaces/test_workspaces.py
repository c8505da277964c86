"""Workspaces of real repositories, in a whole Grove."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path

import pytest

from grove.accounts import Role
from grove.git import PathMissing
from grove.kit.gate import Actor, Denied
from grove.repositories import RepositoryNotFound, find_repository, remove_repository, request_sync
from grove.workspaces import (
    ChangedMeanwhile,
    Edit,
    EditKind,
    NothingToCommit,
    Workspace,
    WorkspaceDesk,
    WorkspaceDirty,
    WorkspaceDiverged,
    WorkspaceEnded,
    WorkspaceExists,
    WorkspaceFull,
    WorkspaceNameInvalid,
    WorkspaceNotFound,
    WorkspacePathRefused,
    WorkspacesOpen,
    WorkspacesTooMany,
)
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.postgres import Postgres
from tests.support.sources import connect
from tests.support.threads import at_once


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    made = Repository.new(tmp_path / "up" / "shop.git")
    made.commit({"src/cart.py": "total = 0\n", "README.md": "shop\n"})
    return made


@pytest.fixture
def made(tmp_path: Path, upstream: Repository) -> Iterator[House]:
    with house(tmp_path / "data", local_roots=(tmp_path,), max_workspaces=17, max_workspace_mb=1) as made:
        connect(made, str(upstream.path), name="acme/shop")
        made.work()
        yield made


def desk(made: House) -> WorkspaceDesk:
    return made.grove.workspaces


def opened(made: House, name: str = "fix", *, actor: Actor | None = None) -> Workspace:
    return desk(made).create(actor or made.admin, repository="acme/shop", name=name, target="", now=made.now)


def write(made: House, path: str, text: str, *, expected: str | None = None, name: str = "fix") -> Workspace:
    edit = Edit(kind=EditKind.WRITE, path=path, content=text.encode(), expected=expected)
    return desk(made).edit(made.admin, name, edits=[edit], now=made.now)


def sync(made: House) -> None:
    with made.grove.database.transaction() as tx:
        found = find_repository(tx, actor=made.admin, name="acme/shop")
        request_sync(tx, actor=made.admin, repository_id=found.id, now=made.now)
    made.work()


class TestAWorkspace:
    def test_is_changed_compared_committed_and_ended(self, made: House) -> None:
        opened(made)
        write(made, "src/tax/rate.py", "rate = 19\n", expected="")
        status = desk(made).status(made.admin, "fix", patches=True)
        assert [(change.kind, change.path) for change in status.changes] == [("added", "src/tax/rate.py")]
        assert "+rate = 19" in (status.changes[0].patch or "")

        committed = desk(made).commit_changes(made.admin, "fix", message="Add a rate", now=made.now)
        status = desk(made).status(made.admin, "fix")
        assert (status.changes, status.ahead, status.behind) == ((), 1, 0)
        folder = made.grove.locator.workspace(tenant_id=committed.tenant_id, workspace_id=committed.id)
        (commit,) = made.grove.git.history(folder).commits(committed.head, limit=1)
        assert (commit.author.name, commit.message, commit.parents) == ("admin", "Add a rate\n", (committed.base,))
        with pytest.raises(NothingToCommit):
            desk(made).commit_changes(made.admin, "fix", message="", now=made.now)

        desk(made).end(made.admin, "fix", now=made.now)
        assert desk(made).owned(made.admin) == []

    def test_moves_and_removes_files_and_the_folders_that_become_empty(self, made: House) -> None:
        opened(made)
        move = Edit(kind=EditKind.MOVE, path="src/cart.py", target="lib/basket.py")
        remove = Edit(kind=EditKind.REMOVE, path="README.md")
        desk(made).edit(made.admin, "fix", edits=[move, remove], now=made.now)

        assert [entry.path for entry in desk(made).files(made.admin, "fix")] == [b"lib"]
        assert desk(made).read(made.admin, "fix", path="lib/basket.py").content == b"total = 0\n"
        with pytest.raises(PathMissing):
            desk(made).edit(made.admin, "fix", edits=[remove], now=made.now)

    def test_loses_nothing_when_it_ends_and_is_restored(self, made: House) -> None:
        first = opened(made)
        write(made, "draft.txt", "not committed\n")
        desk(made).end(made.admin, "fix", now=made.now)
        with pytest.raises(WorkspaceEnded):
            desk(made).read(made.admin, first.id, path="draft.txt")
        (ended,) = desk(made).owned(made.admin, ended=True)
        second = opened(made)
        with pytest.raises(WorkspaceExists):
            desk(made).restore(made.admin, ended.id, now=made.now)
        desk(made).end(made.admin, second.id, now=made.now)
        desk(made).restore(made.admin, ended.id, now=made.now)
        assert desk(made).read(made.admin, "fix", path="draft.txt").content == b"not committed\n"


class TestLocks:
    def test_refuse_a_change_of_what_has_changed(self, made: House) -> None:
        opened(made)
        seen = desk(made).read(made.admin, "fix", path="README.md")
        write(made, "README.md", "one\n", expected=seen.oid)
        for expected in (seen.oid, ""):
            with pytest.raises(ChangedMeanwhile):
                write(made, "README.md", "two\n", expected=expected)
        assert desk(made).read(made.admin, "fix", path="README.md").content == b"one\n"

    def test_let_no_write_be_lost_among_many_at_once(self, made: House) -> None:
        opened(made)
        at_once(lambda number: write(made, f"n/{number}.txt", f"{number}\n"), range(4), threads=4)
        assert len(desk(made).files(made.admin, "fix", folder="n")) == 4


class TestSixteenAtOnce:
    def test_are_each_whole(self, made: House) -> None:
        at_once(lambda number: opened(made, f"w{number}"), range(16), threads=8)
        assert len(desk(made).owned(made.admin)) == 16
        for number in range(16):
            assert desk(made).read(made.admin, f"w{number}", path="README.md").content == b"shop\n"
        opened(made, "last")
        with pytest.raises(WorkspacesTooMany):
            opened(made, "too-many")


class TestManyAtOnceOnPostgresql:
    @pytest.fixture
    def made(self, tmp_path: Path, upstream: Repository, postgres: Postgres) -> Iterator[House]:
        settings = {"database_url": postgres.new_database(), "local_roots": (tmp_path,), "max_workspaces": 2}
        with house(tmp_path / "data", **settings) as made:
            connect(made, str(upstream.path), name="acme/shop")
            made.work()
            yield made

    def test_are_not_more_than_there_may_be(self, made: House) -> None:
        def begin(number: int) -> bool:
            with suppress(WorkspacesTooMany):
                opened(made, f"w{number}")
                return True
            return False

        assert sum(at_once(begin, range(6), threads=6)) == 2

    def test_open_none_of_a_repository_that_is_being_removed(self, made: House) -> None:
        with ThreadPoolExecutor(1) as beside:
            with made.grove.database.transaction() as tx:
                found = find_repository(tx, actor=made.admin, name="acme/shop")
                remove_repository(tx, actor=made.admin, repository_id=found.id, now=made.now)
                late = beside.submit(copy_context().run, opened, made)
                time.sleep(0.3)
            with pytest.raises(RepositoryNotFound):
                late.result()
        assert desk(made).owned(made.admin) == []


class TestKeepingUp:
    def test_tells_what_is_stale_and_moves_it_forward(self, made: House, upstream: Repository) -> None:
        opened(made)
        upstream.commit({"new.py": "x = 1\n"})
        sync(made)
        assert desk(made).status(made.admin, "fix").is_stale
        write(made, "mine.py", "y = 2\n")
        with pytest.raises(WorkspaceDirty):
            desk(made).refresh(made.admin, "fix", now=made.now)
        desk(made).edit(made.admin, "fix", edits=[Edit(kind=EditKind.REMOVE, path="mine.py")], now=made.now)
        desk(made).refresh(made.admin, "fix", now=made.now)
        assert desk(made).read(made.admin, "fix", path="new.py").content == b"x = 1\n"
        assert not desk(made).status(made.admin, "fix").is_stale

    def test_refuses_when_both_went_on(self, made: House, upstream: Repository) -> None:
        opened(made)
        write(made, "mine.py", "y = 2\n")
        desk(made).commit_changes(made.admin, "fix", message="Mine", now=made.now)
        upstream.commit({"new.py": "x = 1\n"})
        sync(made)
        with pytest.raises(WorkspaceDiverged) as refused:
            desk(made).refresh(made.admin, "fix", now=made.now)
        assert (refused.value.facts["ahead"], refused.value.facts["behind"]) == (1, 1)

    def test_leaves_the_pins_in_the_mirror_alone(self, made: House, upstream: Repository) -> None:
        base = opened(made)
        upstream.commit({"new.py": "x = 1\n"})
        sync(made)
        with made.grove.database.reading() as tx:
            mirror = made.grove.mirrors.path(find_repository(tx, actor=made.admin, name="acme/shop"))
        assert made.grove.git.refs(mirror)[f"refs/grove/workspaces/{base.id}"] == base.base


class TestPermission:
    def test_is_the_owners_and_the_administrators(self, made: House) -> None:
        ann, _ = made.actor(Role.DEVELOPER, name="ann")
        bob, _ = made.actor(Role.DEVELOPER, name="bob")
        vera, _ = made.actor(Role.VIEWER, name="vera")
        hers = opened(made, actor=ann)
        assert desk(made).read(made.admin, hers.id, path="README.md").content == b"shop\n"
        assert [one.id for one in desk(made).owned(made.admin, everybody=True)] == [hers.id]
        for act in (
            lambda: desk(made).read(bob, "fix", path="README.md"),
            lambda: desk(made).read(bob, hers.id, path="README.md"),
            lambda: desk(made).end(bob, hers.id, now=made.now),
            lambda: desk(made).commit_changes(bob, hers.id, message="x", now=made.now),
        ):
            with pytest.raises(WorkspaceNotFound):
                act()
        with pytest.raises(Denied):
            desk(made).owned(bob, everybody=True)
        with pytest.raises(Denied):
            opened(made, actor=vera)

    def test_is_nobodys_of_another_tenant(self, made: House) -> None:
        hers = opened(made)
        stranger = Actor(
            id=made.admin.id,
            tenant_id="00000000-0000-4000-8000-000000000000",
            name="stranger",
            role=Role.ADMIN,
            scopes=made.admin.scopes,
            source=made.admin.source,
        )
        for name in (hers.id, "fix"):
            with pytest.raises(WorkspaceNotFound):
                desk(made).read(stranger, name, path="README.md")


class TestHostileInput:
    @pytest.mark.parametrize(
        "path",
        [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            ".git/config",
            "sub/.GIT/hooks/x",
            "git~1/x",
            "a//b",
            "a\nb",
            "a\\..\\b",
        ],
    )
    def test_is_no_path(self, made: House, path: str) -> None:
        opened(made)
        with pytest.raises(WorkspacePathRefused):
            write(made, path, "x")

    @pytest.mark.parametrize("path", ["src", "README.md/x"])
    def test_does_not_turn_files_and_folders_into_each_other(self, made: House, path: str) -> None:
        opened(made)
        with pytest.raises((WorkspacePathRefused, PathMissing)):
            write(made, path, "x")

    @pytest.mark.parametrize("name", ["", "a/b", "..", "-x", "a..b", "a.lock", "a" * 61])
    def test_is_no_name(self, made: House, name: str) -> None:
        with pytest.raises(WorkspaceNameInvalid):
            opened(made, name)

    def test_runs_nothing_whatever_is_configured_in_files(self, made: House, tmp_path: Path) -> None:
        canary = tmp_path / "canary"
        opened(made)
        drivers = "* filter=evil diff=evil merge=evil\n"
        settings = f'[filter "evil"]\n clean = touch {canary}\n smudge = touch {canary}\n[diff "evil"]\n'
        settings += f" textconv = touch {canary}\n command = touch {canary}\n[core]\n fsmonitor = touch {canary}\n"
        for path in (".gitattributes", "src/.gitattributes"):
            write(made, path, drivers)
        for path in (".gitconfig", "config", "sub/config", ".gitmodules", "hooks/pre-commit", "HEAD"):
            write(made, path, settings)
        desk(made).status(made.admin, "fix", patches=True)
        desk(made).commit_changes(made.admin, "fix", message="x", now=made.now)
        write(made, "src/cart.py", "total = 1\n")
        desk(made).status(made.admin, "fix", patches=True, since_base=True)
        desk(made).refresh(made.admin, "fix", now=made.now)
        assert not canary.exists()

    def test_does_not_follow_links(self, made: House, upstream: Repository, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("secret")
        link = upstream.write("blob", os.fsencode(tmp_path))
        upstream.commit_tree([(0o120000, b"way", link)])
        sync(made)
        opened(made)
        with pytest.raises(PathMissing):
            desk(made).read(made.admin, "fix", path="way/secret")
        with pytest.raises(WorkspacePathRefused):
            write(made, "way/secret", "overwritten")
        assert (tmp_path / "secret").read_text() == "secret"


class TestQuotas:
    def test_bound_what_is_written(self, made: House) -> None:
        opened(made)
        write(made, "a.txt", "x" * 900_000)
        with pytest.raises(WorkspaceFull):
            write(made, "b.txt", "x" * 200_000)
        with pytest.raises(PathMissing):
            desk(made).read(made.admin, "fix", path="b.txt")


class TestARepositoryWithOpenWorkspaces:
    def test_is_not_removed(self, made: House) -> None:
        opened(made)
        with made.grove.database.reading() as tx:
            found = find_repository(tx, actor=made.admin, name="acme/shop")
        with pytest.raises(WorkspacesOpen):
            self._remove(made, found.id)

    def _remove(self, made: House, repository_id: str) -> None:
        with made.grove.database.transaction() as tx:
            remove_repository(tx, actor=made.admin, repository_id=repository_id, now=made.now)
