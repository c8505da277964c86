"""Further branches of a workspace, and switching between them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grove.accounts import Role
from grove.repositories import find_repository, request_sync
from grove.workspaces import (
    BranchExists,
    BranchInUse,
    BranchNotFound,
    BranchUnmerged,
    ChangedMeanwhile,
    Edit,
    EditKind,
    SwitchRefused,
    WorkspaceHeld,
    WorkspaceNameInvalid,
    WorkspaceNotFound,
)
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    upstream = Repository.new(tmp_path / "up" / "shop.git")
    upstream.commit({"README.md": "one\ntwo\nthree\n", "lib/a.txt": "a\n", "lib/b.txt": "b\n"})
    return upstream


@pytest.fixture
def made(tmp_path: Path, upstream: Repository) -> Iterator[House]:
    with house(tmp_path / "data", local_roots=(tmp_path,)) as made:
        connect(made, str(upstream.path), name="acme/shop")
        made.work()
        made.grove.workspaces.create(made.admin, repository="acme/shop", name="fix", target="", now=made.now)
        yield made


def write(made: House, path: str, text: str) -> None:
    edits = [Edit(kind=EditKind.WRITE, path=path, content=text.encode())]
    made.grove.workspaces.edit(made.admin, "fix", edits=edits, now=made.now)


def commit(made: House, message: str = "Mine") -> str:
    return made.grove.workspaces.commit_changes(made.admin, "fix", message=message, now=made.now).head


def read(made: House, path: str) -> bytes:
    return made.grove.workspaces.read(made.admin, "fix", path=path).content


def switch(made: House, branch: str, *, creates: bool = False, ref: str = "", version: int | None = None) -> str:
    switched = made.grove.branches.switch(
        made.admin, "fix", branch=branch, creates=creates, ref=ref, version=version, now=made.now
    )
    return switched.branch


class TestABranch:
    def test_has_commits_of_its_own(self, made: House) -> None:
        write(made, "README.md", "first branch\n")
        first = commit(made)
        assert switch(made, "trial", creates=True, ref="main") == "ws/trial"
        assert read(made, "README.md") == b"one\ntwo\nthree\n"
        write(made, "README.md", "second branch\n")
        second = commit(made)

        assert switch(made, "ws/fix") == "ws/fix"
        assert read(made, "README.md") == b"first branch\n"
        found = made.grove.branches.branches(made.admin, "fix")
        assert [(each.name, each.head, each.is_current, each.ahead) for each in found] == [
            ("ws/fix", first, True, 1),
            ("ws/trial", second, False, 1),
        ]

    def test_begins_at_the_last_commit_and_changes_nothing(self, made: House) -> None:
        write(made, "README.md", "mine\n")
        head = commit(made)
        write(made, "README.md", "not committed\n")
        branch = made.grove.branches.create(made.admin, "fix", branch="later", now=made.now)
        assert (branch.name, branch.head) == ("ws/later", head)
        assert made.grove.workspaces.status(made.admin, "fix").workspace.branch == "ws/fix"
        assert read(made, "README.md") == b"not committed\n"

    def test_is_what_status_and_refresh_are_about(self, made: House, upstream: Repository) -> None:
        write(made, "mine.txt", "mine\n")
        commit(made)
        switch(made, "trial", creates=True, ref="main")
        upstream.commit({"theirs.txt": "theirs\n"})
        with made.grove.database.transaction() as tx:
            found = find_repository(tx, actor=made.admin, name="acme/shop")
            request_sync(tx, actor=made.admin, repository_id=found.id, now=made.now)
        made.work()

        assert made.grove.workspaces.status(made.admin, "fix").state == "stale"
        made.grove.workspaces.refresh(made.admin, "fix", now=made.now)
        assert made.grove.workspaces.status(made.admin, "fix").state == "clean"
        switch(made, "fix")
        assert made.grove.workspaces.status(made.admin, "fix").state == "diverged"

    def test_is_refused_a_name_that_is_taken_or_cannot_be(self, made: House) -> None:
        made.grove.branches.create(made.admin, "fix", branch="later", now=made.now)
        for name in ("later", "ws/later", "fix"):
            with pytest.raises(BranchExists):
                made.grove.branches.create(made.admin, "fix", branch=name, now=made.now)
        for name in ("", "a/b", "x.lock", "-f", "ws/"):
            with pytest.raises(WorkspaceNameInvalid):
                made.grove.branches.create(made.admin, "fix", branch=name, now=made.now)

    def test_is_nobody_elses_to_make(self, made: House) -> None:
        stranger, _ = made.actor(Role.DEVELOPER)
        workspace = made.grove.workspaces.status(made.admin, "fix").workspace
        with pytest.raises(WorkspaceNotFound):
            made.grove.branches.create(stranger, workspace.id, branch="theirs", now=made.now)
        with pytest.raises(WorkspaceNotFound):
            made.grove.branches.switch(stranger, workspace.id, branch="fix", now=made.now)


class TestASwitch:
    def test_takes_along_what_is_not_committed_where_both_have_it_alike(self, made: House) -> None:
        write(made, "README.md", "mine\n")
        commit(made)
        made.grove.branches.create(made.admin, "fix", branch="trial", ref="main", now=made.now)
        write(made, "lib/a.txt", "changed\n")
        write(made, "lib/new.txt", "new\n")
        switch(made, "trial")
        assert read(made, "README.md") == b"one\ntwo\nthree\n"
        assert (read(made, "lib/a.txt"), read(made, "lib/new.txt")) == (b"changed\n", b"new\n")
        changed = {change.path for change in made.grove.workspaces.status(made.admin, "fix").changes}
        assert changed == {"lib/a.txt", "lib/new.txt"}

    def test_is_refused_when_it_would_lose_a_change(self, made: House) -> None:
        write(made, "README.md", "mine\n")
        commit(made)
        made.grove.branches.create(made.admin, "fix", branch="trial", ref="main", now=made.now)
        write(made, "README.md", "mine, not committed\n")
        with pytest.raises(SwitchRefused) as refused:
            switch(made, "trial")
        assert refused.value.facts["paths"] == ["README.md"]
        assert read(made, "README.md") == b"mine, not committed\n"
        made.grove.stashes.save(made.admin, "fix", message="", now=made.now)
        assert switch(made, "trial") == "ws/trial"

    def test_never_moves_a_new_file_into_a_folder_that_was_renamed(self, made: House) -> None:
        made.grove.branches.create(made.admin, "fix", branch="trial", now=made.now)
        moves = [Edit(kind=EditKind.MOVE, path=f"lib/{name}.txt", target=f"pkg/{name}.txt") for name in "ab"]
        made.grove.workspaces.edit(made.admin, "fix", edits=moves, now=made.now)
        commit(made)
        switch(made, "trial")
        write(made, "lib/new.txt", "new\n")
        try:
            switch(made, "fix")
        except SwitchRefused:
            assert made.grove.workspaces.status(made.admin, "fix").workspace.branch == "ws/trial"
        assert read(made, "lib/new.txt") == b"new\n"

    def test_to_where_it_is_does_nothing(self, made: House) -> None:
        before = made.grove.workspaces.status(made.admin, "fix").workspace
        assert switch(made, "fix") == "ws/fix"
        assert made.grove.workspaces.status(made.admin, "fix").workspace == before

    def test_is_refused_when_the_workspace_has_another_version(self, made: House) -> None:
        made.grove.branches.create(made.admin, "fix", branch="trial", now=made.now)
        version = made.grove.workspaces.status(made.admin, "fix").workspace.version
        write(made, "README.md", "quicker\n")
        with pytest.raises(ChangedMeanwhile):
            switch(made, "trial", version=version)
        with pytest.raises(BranchNotFound):
            switch(made, "nowhere")

    def test_waits_until_there_is_no_folder_of_the_workspace(self, made: House) -> None:
        made.grove.checkouts.checkout(made.admin, "fix", now=made.now)
        with pytest.raises(WorkspaceHeld):
            switch(made, "trial", creates=True)
        made.grove.checkouts.remove(made.admin, "fix", now=made.now)
        assert switch(made, "trial", creates=True) == "ws/trial"


class TestRemovingABranch:
    def test_is_refused_while_its_commits_are_nowhere_else(self, made: House) -> None:
        switch(made, "trial", creates=True)
        write(made, "README.md", "mine\n")
        head = commit(made)
        with pytest.raises(BranchInUse):
            made.grove.branches.remove(made.admin, "fix", branch="trial", discards=True, now=made.now)
        switch(made, "fix")
        with pytest.raises(BranchUnmerged):
            made.grove.branches.remove(made.admin, "fix", branch="trial", discards=False, now=made.now)
        gone = made.grove.branches.remove(made.admin, "fix", branch="trial", discards=True, now=made.now)
        assert gone.head == head
        assert [each.name for each in made.grove.branches.branches(made.admin, "fix")] == ["ws/fix"]

    def test_goes_without_asking_when_another_branch_has_them(self, made: House) -> None:
        write(made, "README.md", "mine\n")
        commit(made)
        made.grove.branches.create(made.admin, "fix", branch="trial", now=made.now)
        made.grove.branches.remove(made.admin, "fix", branch="ws/trial", discards=False, now=made.now)
        assert [each.name for each in made.grove.branches.branches(made.admin, "fix")] == ["ws/fix"]


class TestTheEndOfAWorkspace:
    def test_keeps_all_its_branches_and_names_them_in_its_git_directory(self, made: House) -> None:
        switch(made, "trial", creates=True)
        write(made, "README.md", "mine\n")
        head = commit(made)
        switch(made, "fix")
        ended = made.grove.workspaces.end(made.admin, "fix", now=made.now)
        folder = made.grove.locator.workspace(tenant_id=ended.tenant_id, workspace_id=ended.id)
        assert made.grove.git.refs(folder)["refs/grove/rescued/ws/trial"] == head

        made.grove.workspaces.restore(made.admin, ended.id, now=made.now)
        assert switch(made, "trial") == "ws/trial"
        assert read(made, "README.md") == b"mine\n"
