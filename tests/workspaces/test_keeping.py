"""Workspaces that keep up with the mirror by themselves, and end when nobody uses them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from grove import checkouts
from grove.jobs.tables import JobRow
from grove.kit import faults
from grove.repositories import Repository as Known
from grove.repositories import find_repository, remove_repository, request_sync
from grove.workspaces import Edit, EditKind, Workspace, request_upkeep, sweep_workspaces
from grove.workspaces.tables import WorkspaceRow
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    made = Repository.new(tmp_path / "up" / "shop.git")
    made.commit({"README.md": "shop\n"})
    return made


@pytest.fixture
def made(tmp_path: Path, upstream: Repository) -> Iterator[House]:
    with house(tmp_path / "data", local_roots=(tmp_path,)) as made:
        connect(made, str(upstream.path), name="acme/shop")
        made.work()
        for name in ("clean", "dirty", "ahead", "still"):
            made.grove.workspaces.create(made.admin, repository="acme/shop", name=name, target="", now=made.now)
            made.grove.keeping.set_following(made.admin, name, follows=name != "still", now=made.now)
        for name in ("dirty", "ahead"):
            write = Edit(kind=EditKind.WRITE, path="mine.txt", content=b"mine\n")
            made.grove.workspaces.edit(made.admin, name, edits=[write], now=made.now)
        made.grove.workspaces.commit_changes(made.admin, "ahead", message="Mine", now=made.now)
        yield made


def sync(made: House) -> None:
    with made.grove.database.transaction() as tx:
        found = find_repository(tx, actor=made.admin, name="acme/shop")
        request_sync(tx, actor=made.admin, repository_id=found.id, now=made.now)
    made.work()


def look_after(made: House) -> None:
    """What a server does every few minutes, whatever the mirrors do."""
    with made.grove.database.transaction() as tx:
        request_upkeep(tx, limits=made.grove.workspaces.limits, now=made.now)
    made.work()


def repository(made: House) -> Known:
    with made.grove.database.reading() as tx:
        return find_repository(tx, actor=made.admin, name="acme/shop")


def folder_of(made: House, workspace: Workspace) -> Path:
    return made.grove.locator.workspace(tenant_id=workspace.tenant_id, workspace_id=workspace.id)


def when(workspace: Workspace) -> datetime:
    assert workspace.ended_at is not None
    return workspace.ended_at


def by_name(made: House, *, ended: bool = False) -> dict[str, Workspace]:
    return {each.name: each for each in made.grove.workspaces.owned(made.admin, ended=ended)}


def states(made: House) -> dict[str, tuple[str, int, int]]:
    found = by_name(made)
    standings = made.grove.keeping.standings(made.admin, list(found.values()))
    return {name: (each.state, each.ahead, each.behind) for name, each in zip(found, standings, strict=True)}


class TestAWorkspaceThatFollows:
    def test_moves_forward_only_when_nothing_is_in_the_way(self, made: House, upstream: Repository) -> None:
        before = by_name(made)
        assert {state for state, *_ in states(made).values()} <= {"clean", "dirty", "ahead"}
        theirs = upstream.commit({"README.md": "new\n"})
        sync(made)

        assert states(made) == {
            "clean": ("clean", 0, 0),
            "dirty": ("dirty", 0, 1),
            "ahead": ("diverged", 1, 1),
            "still": ("stale", 0, 1),
        }
        after = by_name(made)
        assert after["clean"].head == theirs
        assert [after[name] for name in ("dirty", "ahead", "still")] == [
            before[name] for name in ("dirty", "ahead", "still")
        ]
        assert made.grove.workspaces.read(made.admin, "clean", path="README.md").content == b"new\n"

    def test_has_its_further_branches_moved_forward_too(self, made: House, upstream: Repository) -> None:
        branches = made.grove.branches
        for name in ("own", "behind"):
            branches.create(made.admin, "ahead", branch=name, ref="main" if name == "behind" else "", now=made.now)
        before = {each.name: each.head for each in branches.branches(made.admin, "ahead")}
        theirs = upstream.commit({"README.md": "new\n"})
        sync(made)
        after = {each.name: each.head for each in branches.branches(made.admin, "ahead")}
        assert after == {**before, "ws/behind": theirs}
        moved = branches.switch(made.admin, "ahead", branch="behind", now=made.now)
        assert (moved.base, moved.head) == (theirs, theirs)

    def test_counts_as_used_by_its_owner_alone(self, made: House, upstream: Repository) -> None:
        before = by_name(made)["clean"].used_at
        upstream.commit({"README.md": "new\n"})
        sync(made)
        assert by_name(made)["clean"].used_at == before


class TestAWorkspaceThatNobodyUses:
    def test_ends_by_itself_and_loses_nothing(self, made: House) -> None:
        long_ago = made.now - timedelta(days=91)
        with made.grove.database.transaction() as tx:
            tx.session.execute(
                update(WorkspaceRow).where(WorkspaceRow.name.in_(["dirty", "ahead"])).values(used_at=long_ago)
            )
        look_after(made)

        assert set(by_name(made)) == {"clean", "still"}
        ended = by_name(made, ended=True)
        assert set(ended) == {"dirty", "ahead"}
        for workspace in ended.values():
            made.grove.workspaces.restore(made.admin, workspace.id, now=made.now)
            assert made.grove.workspaces.read(made.admin, workspace.name, path="mine.txt").content == b"mine\n"
        look_after(made)
        assert set(by_name(made)) == {"clean", "still", "dirty", "ahead"}


class TestAWorkspaceThatHasEnded:
    def test_keeps_what_it_had_of_its_own_by_one_commit(self, made: House) -> None:
        desk, git = made.grove.workspaces, made.grove.git
        for name in ("clean", "dirty", "ahead"):
            desk.end(made.admin, name, now=made.now)
        ended = by_name(made, ended=True)
        assert ended["clean"].rescue is None
        assert ended["ahead"].rescue == ended["ahead"].head
        for name in ("dirty", "ahead"):
            rescue, folder = ended[name].rescue, folder_of(made, ended[name])
            assert rescue is not None
            assert git.refs(folder)["refs/grove/rescue"] == rescue
            with git.objects(folder) as reader:
                assert reader.blob_at(rescue, b"mine.txt") == b"mine\n"
        status = desk.status(made.admin, ended["dirty"].id)
        assert (status.state, status.ends_at) == ("ended", when(ended["dirty"]) + timedelta(days=180))

    def test_goes_when_its_time_is_over(self, made: House) -> None:
        desk = made.grove.workspaces
        folder = folder_of(made, desk.end(made.admin, "dirty", now=made.now - timedelta(days=181)))
        kept = desk.end(made.admin, "ahead", now=made.now - timedelta(days=179))
        assert folder.is_dir()
        look_after(made)

        assert set(by_name(made, ended=True)) == {"ahead"}
        assert not folder.exists()
        refs = made.grove.git.refs(made.grove.mirrors.path(repository(made)))
        assert {name.rpartition("/")[2] for name in refs if name.startswith("refs/grove/workspaces/")} == {
            kept.id,
            *(each.id for each in by_name(made).values()),
        }
        assert desk.read(made.admin, desk.restore(made.admin, kept.id, now=made.now).name, path="mine.txt")

    def test_goes_whole_though_it_is_cut_off(self, made: House) -> None:
        ended = made.grove.workspaces.end(made.admin, "dirty", now=made.now - timedelta(days=181))
        faults.arm("workspace.pruned:error", folder=made.grove.locator.data)
        look_after(made)
        assert (made.grove.locator.data / "fault-workspace.pruned").exists()
        assert by_name(made, ended=True) == {}
        removed = sweep_workspaces(made.grove.database, made.grove.locator, git=made.grove.git)
        assert removed == [folder_of(made, ended)]
        refs = made.grove.git.refs(made.grove.mirrors.path(repository(made)))
        assert not [name for name in refs if ended.id in name]

    def test_keeps_what_comes_out_of_its_folder_later(self, made: House) -> None:
        placed = made.grove.checkouts.checkout(made.admin, "dirty", now=made.now)
        (placed.path / "late.txt").write_text("late\n")
        ended = made.grove.workspaces.end(made.admin, "dirty", now=made.now)
        made.work()
        assert not placed.path.exists()
        rescue = by_name(made, ended=True)["dirty"].rescue
        assert rescue not in {None, ended.rescue}
        folder = folder_of(made, ended)
        assert made.grove.git.refs(folder)["refs/grove/rescue"] == rescue
        with made.grove.git.objects(folder) as reader:
            assert reader.blob_at(str(rescue), b"late.txt") == b"late\n"
            assert reader.blob_at(str(rescue), b"mine.txt") == b"mine\n"

    def test_goes_with_its_folder_when_its_repository_has_gone_before(self, made: House) -> None:
        placed = made.grove.checkouts.checkout(made.admin, "dirty", now=made.now)
        ended = [
            made.grove.workspaces.end(made.admin, name, now=made.now - timedelta(days=181)) for name in by_name(made)
        ]
        with made.grove.database.transaction() as tx:
            tx.session.execute(delete(JobRow).where(JobRow.kind == checkouts.TRASH_JOB))
            remove_repository(tx, actor=made.admin, repository_id=ended[0].repository_id, now=made.now)
        made.work()
        look_after(made)
        assert by_name(made, ended=True) == {}
        assert not [each for each in ended if folder_of(made, each).exists()]
        assert not placed.path.exists()

    def test_stays_as_long_as_its_folder_does(self, made: House) -> None:
        made.grove.checkouts.checkout(made.admin, "dirty", now=made.now)
        made.grove.workspaces.end(made.admin, "dirty", now=made.now - timedelta(days=181))
        with made.grove.database.transaction() as tx:
            tx.session.execute(delete(JobRow).where(JobRow.kind == checkouts.TRASH_JOB))
        look_after(made)
        assert set(by_name(made, ended=True)) == {"dirty"}
