"""Changes of a workspace put aside, and brought back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grove.accounts import Role
from grove.workspaces import (
    Edit,
    EditKind,
    NothingToStash,
    Resolution,
    StashConflicts,
    StashNotFound,
    WorkspaceNotFound,
)
from grove.workspaces.stashing import STASHES
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    upstream = Repository.new(tmp_path / "up" / "shop.git")
    upstream.commit({"README.md": "one\ntwo\nthree\n", "other.txt": "other\n"})
    with house(tmp_path / "data", local_roots=(tmp_path,)) as made:
        connect(made, str(upstream.path), name="acme/shop")
        made.work()
        made.grove.workspaces.create(made.admin, repository="acme/shop", name="fix", target="", now=made.now)
        yield made


def write(made: House, path: str, text: str) -> None:
    edits = [Edit(kind=EditKind.WRITE, path=path, content=text.encode())]
    made.grove.workspaces.edit(made.admin, "fix", edits=edits, now=made.now)


def read(made: House, path: str) -> bytes:
    return made.grove.workspaces.read(made.admin, "fix", path=path).content


class TestAStash:
    def test_holds_what_was_not_committed_and_gives_it_back(self, made: House) -> None:
        stashes = made.grove.stashes
        write(made, "README.md", "one\nTWO\nthree\n")
        stashes.save(made.admin, "fix", message="Later", now=made.now)
        assert read(made, "README.md") == b"one\ntwo\nthree\n"
        assert [stash.commit.subject for stash in stashes.stashes(made.admin, "fix")] == ["Later"]

        write(made, "other.txt", "mine\n")
        stashes.apply(made.admin, "fix", drop=True, now=made.now)
        assert (read(made, "README.md"), read(made, "other.txt")) == (b"one\nTWO\nthree\n", b"mine\n")
        assert stashes.stashes(made.admin, "fix") == []

    def test_of_before_stashes_belonged_to_branches_is_listed_applied_and_dropped(self, made: House) -> None:
        stashes = made.grove.stashes
        write(made, "README.md", "one\nTWO\nthree\n")
        seen = stashes.save(made.admin, "fix", message="Later", now=made.now)
        [kept] = stashes.stashes(made.admin, "fix")
        folder = made.grove.locator.workspace(tenant_id=seen.tenant_id, workspace_id=seen.id)
        made.grove.git.update_refs(
            folder,
            deletes=[f"{STASHES}{kept.branch}/{kept.commit.oid}"],
            updates={f"{STASHES}{kept.commit.oid}": kept.commit.oid},
        )

        stashes.apply(made.admin, "fix", stash=kept.commit.oid, drop=True, now=made.now)

        assert read(made, "README.md") == b"one\nTWO\nthree\n"
        assert stashes.stashes(made.admin, "fix") == []

    def test_tells_conflicts_as_data_and_stays(self, made: House) -> None:
        stashes = made.grove.stashes
        write(made, "README.md", "one\nTWO\nthree\n")
        stashes.save(made.admin, "fix", message="", now=made.now)
        write(made, "README.md", "one\nzwei\nthree\n")
        with pytest.raises(StashConflicts) as refused:
            stashes.apply(made.admin, "fix", drop=True, now=made.now)
        conflicts: Any = refused.value.facts["conflicts"]
        (conflict,) = conflicts
        assert conflict["path"] == "README.md"
        assert conflict["text"].splitlines()[1] == "<<<<<<< ws/fix"
        assert ">>>>>>> stash " in conflict["text"]
        assert read(made, "README.md") == b"one\nzwei\nthree\n"
        assert len(stashes.stashes(made.admin, "fix")) == 1
        assert "zwei" not in str(refused.value)

        resolved = [Resolution(path="README.md", content=b"one\nboth\nthree\n")]
        stashes.apply(made.admin, "fix", resolutions=resolved, drop=True, now=made.now)
        assert read(made, "README.md") == b"one\nboth\nthree\n"
        assert stashes.stashes(made.admin, "fix") == []

    def test_is_of_the_branch_that_it_was_made_on(self, made: House) -> None:
        stashes, branches = made.grove.stashes, made.grove.branches
        write(made, "other.txt", "first\n")
        stashes.save(made.admin, "fix", message="First", now=made.now)
        branches.switch(made.admin, "fix", branch="trial", creates=True, now=made.now)
        with pytest.raises(StashNotFound):
            stashes.apply(made.admin, "fix", drop=True, now=made.now)
        write(made, "other.txt", "second\n")
        stashes.save(made.admin, "fix", message="Second", now=made.now + timedelta(seconds=1))
        found = stashes.stashes(made.admin, "fix")
        assert [(each.branch, each.commit.subject) for each in found] == [("ws/trial", "Second"), ("ws/fix", "First")]

        branches.switch(made.admin, "fix", branch="fix", now=made.now)
        stashes.apply(made.admin, "fix", drop=True, now=made.now)
        assert read(made, "other.txt") == b"first\n"
        edited = [Edit(kind=EditKind.WRITE, path="other.txt", content=b"other\n")]
        made.grove.workspaces.edit(made.admin, "fix", edits=edited, now=made.now)
        stashes.apply(made.admin, "fix", stash=found[0].commit.oid[:10], drop=True, now=made.now)
        assert read(made, "other.txt") == b"second\n"

    def test_outlives_the_end_of_its_workspace_and_can_be_thrown_away(self, made: House) -> None:
        stashes, desk = made.grove.stashes, made.grove.workspaces
        write(made, "README.md", "mine\n")
        stashes.save(made.admin, "fix", message="", now=made.now)
        ended = desk.end(made.admin, "fix", now=made.now)
        desk.restore(made.admin, ended.id, now=made.now)
        (stash,) = stashes.stashes(made.admin, "fix")
        stashes.drop(made.admin, "fix", stash=stash.commit.oid[:8], now=made.now)
        with pytest.raises(StashNotFound):
            stashes.apply(made.admin, "fix", stash=stash.commit.oid, drop=True, now=made.now)

    def test_needs_something_to_hold_and_somebody_who_may(self, made: House) -> None:
        with pytest.raises(NothingToStash):
            made.grove.stashes.save(made.admin, "fix", message="", now=made.now)
        other, _ = made.actor(Role.DEVELOPER)
        theirs = made.grove.workspaces.owned(made.admin)[0].id
        with pytest.raises(WorkspaceNotFound):
            made.grove.stashes.save(other, theirs, message="", now=made.now)
