"""What is done with workspaces is done only if it can be written down."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from grove.activity import AuditUnwritable
from grove.workspaces import Edit, EditKind, Workspace, WorkspaceEnded
from tests.support.git_repositories import Repository, git
from tests.support.grove import House, house
from tests.support.sources import connect


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    upstream = Repository.new(tmp_path / "up" / "shop.git")
    upstream.commit({"README.md": "shop\n"})
    with house(tmp_path / "data", local_roots=(tmp_path,)) as made:
        connect(made, str(upstream.path), name="acme/shop")
        made.work()
        made.grove.workspaces.create(made.admin, repository="acme/shop", name="fix", target="", now=made.now)
        made.grove.workspaces.edit(made.admin, "fix", edits=[_edit("one\n")], now=made.now)
        yield made


def _edit(content: str) -> Edit:
    return Edit(kind=EditKind.WRITE, path="mine.txt", content=content.encode())


def _seen(made: House) -> list[Workspace]:
    return made.grove.workspaces.owned(made.admin)


def _push(made: House, before_it_is_taken: Callable[[], object] = lambda: None) -> None:
    pushes, server = made.grove.pushes, made.grove.git_server
    exchange = pushes.open(made.admin, "fix", changes=True)
    branch = exchange.workspace.branch
    with server.stage(exchange.folder, branch=branch, commits=exchange.commits) as stage:
        tree = git(stage, "rev-parse", f"{branch}^{{tree}}").decode().strip()
        head = git(stage, "commit-tree", tree, "-p", branch, "-m", "Pushed").decode().strip()
        git(stage, "update-ref", f"refs/heads/{branch}", head)
        before_it_is_taken()
        pushes.accept(made.admin, exchange, stage=stage, refs={f"refs/heads/{branch}"}, now=made.now)


ACTS: dict[str, Callable[[House], object]] = {
    "edit": lambda made: made.grove.workspaces.edit(made.admin, "fix", edits=[_edit("two\n")], now=made.now),
    "commit": lambda made: made.grove.workspaces.commit_changes(made.admin, "fix", message="", now=made.now),
    "stash": lambda made: made.grove.stashes.save(made.admin, "fix", message="", now=made.now),
    "delete": lambda made: made.grove.workspaces.end(made.admin, "fix", now=made.now),
    "push": _push,
}


class TestAPush:
    def test_is_refused_when_its_workspace_has_ended_meanwhile(self, made: House) -> None:
        desk = made.grove.workspaces
        committed = desk.commit_changes(made.admin, "fix", message="Mine", now=made.now)
        with pytest.raises(WorkspaceEnded):
            _push(made, lambda: desk.end(made.admin, "fix", now=made.now))
        restored = desk.restore(made.admin, "fix", now=made.now)
        assert (restored.head, restored.tree) == (committed.head, committed.tree)


class TestWhatCannotBeWrittenDown:
    @pytest.mark.parametrize("act", sorted(ACTS))
    def test_is_not_done(self, made: House, act: str) -> None:
        if act == "push":
            made.grove.workspaces.commit_changes(made.admin, "fix", message="Mine", now=made.now)
        before = _seen(made)
        with made.grove.database.transaction() as tx:
            tx.session.execute(text(SHUT))
        with pytest.raises(AuditUnwritable):
            ACTS[act](made)
        assert _seen(made) == before


SHUT = "CREATE TRIGGER shut BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(FAIL, 'shut'); END"
