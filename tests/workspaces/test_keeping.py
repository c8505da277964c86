"""Workspaces that keep up with the mirror by themselves, and end when nobody uses them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from grove.repositories import find_repository, request_sync
from grove.workspaces import Edit, EditKind, Workspace
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


def by_name(made: House, *, ended: bool = False) -> dict[str, Workspace]:
    return {each.name: each for each in made.grove.workspaces.owned(made.admin, ended=ended)}


def states(made: House) -> dict[str, tuple[str, int, int]]:
    found = by_name(made)
    standings = made.grove.keeping.standings(made.admin, list(found.values()))
    return {name: (each.state, each.ahead, each.behind) for name, each in zip(found, standings, strict=True)}


class TestAWorkspaceThatFollows:
    def test_moves_forward_only_when_nothing_is_in_the_way(self, made: House, upstream: Repository) -> None:
        before = by_name(made)
        assert {state for state, *_ in states(made).values()} == {"current"}
        theirs = upstream.commit({"README.md": "new\n"})
        sync(made)

        assert states(made) == {
            "clean": ("current", 0, 0),
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
        sync(made)

        assert set(by_name(made)) == {"clean", "still"}
        ended = by_name(made, ended=True)
        assert set(ended) == {"dirty", "ahead"}
        for workspace in ended.values():
            made.grove.workspaces.restore(made.admin, workspace.id, now=made.now)
            assert made.grove.workspaces.read(made.admin, workspace.name, path="mine.txt").content == b"mine\n"
        sync(made)
        assert set(by_name(made)) == {"clean", "still", "dirty", "ahead"}
