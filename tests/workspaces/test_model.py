"""Whatever happens to a workspace and its mirror, in any order: its files, its commits and its changes are kept."""

import os
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from grove.kit import faults
from grove.repositories import find_repository, request_sync
from grove.wiring import build
from grove.workspaces import (
    Edit,
    EditKind,
    MergeConflicts,
    NothingToCommit,
    NothingToStash,
    RebaseRefused,
    WorkspaceDirty,
    WorkspaceDiverged,
    request_upkeep,
    sweep_workspaces,
)
from tests.support.git_repositories import Repository
from tests.support.grove import House, house, settings_for
from tests.support.sources import connect

PATHS = st.sampled_from(["a.txt", "b.txt", "dir/c.txt"])
TEXTS = st.integers(0, 3).map(lambda number: f"text {number}\n")
IN_THE_WAY = (MergeConflicts, RebaseRefused, WorkspaceDirty, WorkspaceDiverged)


class Life(RuleBasedStateMachine):
    """The life of one workspace; `written` is what its owner wrote since anything else was brought in."""

    @initialize()
    def open(self) -> None:
        self.stack = ExitStack()
        root = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="life-")))
        self.upstream = Repository.new(root / "up" / "shop.git")
        self.upstream.commit({"a.txt": "first\n"})
        self.made = self.stack.enter_context(house(root / "data", local_roots=(root,)))
        connect(self.made, str(self.upstream.path), name="acme/shop")
        self.made.work()
        opened = self.made.grove.workspaces.create(
            self.made.admin, repository="acme/shop", name="life", target="", now=self.made.now
        )
        self.id = opened.id
        self.written: dict[str, str] = {}

    @rule(path=PATHS, text=TEXTS)
    def sync_upstream(self, path: str, text: str) -> None:
        self.upstream.commit({path: text, "theirs.txt": text})
        made = self.made
        with made.grove.database.transaction() as tx:
            found = find_repository(tx, actor=made.admin, name="acme/shop")
            request_sync(tx, actor=made.admin, repository_id=found.id, now=made.now)
        made.work()

    @rule(path=PATHS, text=TEXTS)
    def edit(self, path: str, text: str) -> None:
        write = Edit(kind=EditKind.WRITE, path=path, content=text.encode())
        self.made.grove.workspaces.edit(self.made.admin, self.id, edits=[write], now=self.made.now)
        self.written[path] = text

    @rule()
    def commit(self) -> None:
        try:
            self.made.grove.workspaces.commit_changes(self.made.admin, self.id, message="Mine", now=self.made.now)
        except NothingToCommit:
            return

    @rule(how=st.sampled_from(["refresh", "merge", "rebase"]))
    def bring_in(self, how: str) -> None:
        desk = self.made.grove.workspaces if how == "refresh" else self.made.grove.merges
        try:
            getattr(desk, how)(self.made.admin, self.id, now=self.made.now)
        except IN_THE_WAY:
            return
        self.written = {}

    @rule()
    def put_aside_and_bring_back(self) -> None:
        stashes, admin = self.made.grove.stashes, self.made.admin
        try:
            stashes.save(admin, self.id, message="Mine", now=self.made.now)
        except NothingToStash:
            return
        stashes.apply(admin, self.id, drop=True, now=self.made.now)
        assert stashes.stashes(admin, self.id) == []

    @rule(path=PATHS)
    def break_off_an_edit(self, path: str) -> None:
        write = Edit(kind=EditKind.WRITE, path=path, content=b"never\n")
        faults.arm("workspace.written:error", folder=self.made.grove.locator.data)
        (self.made.grove.locator.data / "fault-workspace.written").unlink(missing_ok=True)
        with pytest.raises(OSError, match="fault injected"):
            self.made.grove.workspaces.edit(self.made.admin, self.id, edits=[write], now=self.made.now)

    @rule()
    def look_after_all(self) -> None:
        with self.made.grove.database.transaction() as tx:
            request_upkeep(tx, limits=self.made.grove.workspaces.limits, now=self.made.now)
        self.made.work()

    @rule()
    def end_and_restore(self) -> None:
        self.made.grove.workspaces.end(self.made.admin, self.id, now=self.made.now)
        sweep_workspaces(self.made.grove.database, self.made.grove.locator, git=self.made.grove.git)
        self.made.grove.workspaces.restore(self.made.admin, self.id, now=self.made.now)

    @rule()
    def clean_the_mirror(self) -> None:
        with self.made.grove.database.reading() as tx:
            mirror = self.made.grove.mirrors.path(find_repository(tx, actor=self.made.admin, name="acme/shop"))
        subprocess.run(["git", "-C", str(mirror), "gc", "--prune=now", "--quiet"], check=True)

    @rule()
    def restart(self) -> None:
        known = self.made.grove.settings
        self.made.grove.close()
        again = build(settings_for(known.data_dir, local_roots=known.local_roots))
        self.made = House(grove=again, admin=self.made.admin)
        self.stack.callback(again.close)

    @invariant()
    def nothing_is_lost_or_broken(self) -> None:
        desk, admin = self.made.grove.workspaces, self.made.admin
        for path, text in self.written.items():
            assert desk.read(admin, self.id, path=path).content == text.encode()
        workspace = desk.status(admin, self.id, patches=True).workspace
        folder = self.made.grove.locator.workspace(tenant_id=workspace.tenant_id, workspace_id=workspace.id)
        self.made.grove.git.check_connectivity(folder, [workspace.head])
        assert {entry.path for entry in desk.files(admin, self.id)} <= {b"a.txt", b"b.txt", b"dir", b"theirs.txt"}

    def teardown(self) -> None:
        self.stack.close()


TestTheLifeOfAWorkspace = Life.TestCase
TestTheLifeOfAWorkspace.settings = settings(
    max_examples=int(os.environ.get("GROVE_TEST_LIVES", "3")),
    stateful_step_count=int(os.environ.get("GROVE_TEST_LIFE_STEPS", "8")),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
