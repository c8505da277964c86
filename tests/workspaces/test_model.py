"""Whatever happens to a workspace and its mirror, in any order: its files, its commits and its changes are kept."""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from grove.git import PathMissing
from grove.jobs import recover_workers
from grove.kit.errors import GroveError, Kind
from grove.launch.setup import prepare
from grove.promotions import PromotionState
from grove.repositories import find_repository
from grove.wiring import build
from grove.workspaces import Workspace
from tests.support.acting import REPOSITORY, Act, killed
from tests.support.git_repositories import Repository, git
from tests.support.git_server import serving
from tests.support.grove import House, house, settings_for
from tests.support.pull_forge import GitHubForge
from tests.support.sources import connect

PATHS = st.sampled_from(["a.txt", "b.txt", "dir/c.txt"])
TEXTS = st.integers(0, 3).map(lambda number: f"text {number}\n")
BRANCHES = st.sampled_from(["life", "trial", "other"])
BRINGING_IN = st.sampled_from(["refresh", "merge", "rebase"])
POINTS = {
    "sync": ["mirror.fetched", "mirror.packs_moved", "mirror.published", "mirror.rows_written"],
    "edit": ["workspace.written"],
    "commit": ["workspace.moving"],
    "merge": ["workspace.moving"],
    "rebase": ["workspace.moving"],
    "stash": ["workspace.moving"],
    "switch": ["workspace.moving"],
    "end": ["workspace.rescued"],
    "promote": ["promotion.pushed", "promotion.opened"],
    "look_after": ["workspace.pruned"],
}
"""Where the process that does an act may die."""
CRASHES = st.sampled_from([(act, point) for act, points in POINTS.items() for point in points])
OF_NO_WORKSPACE = {"sync", "look_after"}
OURS = {"a.txt", "b.txt", "dir", "theirs.txt", "mine"}


class Life(RuleBasedStateMachine):
    """The life of one workspace.

    `dirty` is what its owner wrote and has not committed, `marks` the files of acknowledged commits, one in each, by
    their branches; `told` the commits that the forge was last seen to have.
    """

    @initialize()
    def open(self) -> None:
        self.stack = ExitStack()
        root = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="life-")))
        self.upstream = Repository.new(root / "up" / "acme" / "shop.git")
        host = self.stack.enter_context(serving(root / "up"))
        self.upstream.commit({"a.txt": "first\n", "theirs.txt": "first\n"})
        git(self.upstream.path, "config", "http.receivepack", "true")
        self.forge = GitHubForge(repository=self.upstream, token="life-token")
        host.behaviour.token, host.behaviour.api = self.forge.token, self.forge
        self.known: dict[str, Any] = {
            "git_ca_file": host.ca_file,
            "allowed_networks": (ip_network("127.0.0.0/8"),),
            "forges": {f"localhost:{host.port}": "github"},
            "forge_apis": {f"localhost:{host.port}": host.url(self.forge.api.lstrip("/"))},
            "max_workspace_idle_days": 0,
        }
        self.data = root / "data"
        self.made = self.stack.enter_context(house(self.data, **self.known))
        connect(self.made, host.url("acme/shop.git"), token=self.forge.token, name=REPOSITORY)
        self.made.work()
        self.id = self.opened("life").id
        self.dirty: dict[str, str] = {}
        self.marks: dict[str, list[str]] = {"ws/life": []}
        self.told: dict[str, str] = {}
        self.count = 0

    def opened(self, name: str) -> Workspace:
        desk = self.made.grove.workspaces
        return desk.create(self.made.admin, repository=REPOSITORY, name=name, target="", now=self.made.now)

    @property
    def seen(self) -> Workspace:
        return self.made.grove.workspaces.status(self.made.admin, self.id).workspace

    def done(self, name: str, **words: str) -> bool:
        """Whether an act was done, or refused for what is in its way."""
        try:
            Act(name=name, workspace=self.id, words=words).do(self.made)
        except GroveError as refused:
            if refused.kind not in {Kind.CONFLICT, Kind.NOT_FOUND}:
                raise
            return False
        return True

    def wrote(self, path: str, text: str) -> None:
        """What was written counts as a change where it is one."""
        changed = {change.path for change in self.made.grove.workspaces.status(self.made.admin, self.id).changes}
        self.dirty = {each: held for each, held in {**self.dirty, path: text}.items() if each in changed}

    def committed(self, mark: str) -> None:
        self.marks[self.seen.branch].append(mark)
        self.dirty = {}

    @rule(path=PATHS, text=TEXTS)
    def sync_upstream(self, path: str, text: str) -> None:
        self.upstream.commit({path: text, "theirs.txt": text})
        assert self.done("sync")

    @rule(path=PATHS, text=TEXTS)
    def edit(self, path: str, text: str) -> None:
        assert self.done("edit", path=path, text=text)
        self.wrote(path, text)

    @rule()
    def commit(self) -> None:
        mark = self.marked()
        assert self.done("commit", message=mark)
        self.committed(mark)

    def marked(self) -> str:
        """Write a file that no other commit has."""
        self.count += 1
        mark = f"mine/{self.count}.txt"
        assert self.done("edit", path=mark, text=mark)
        self.wrote(mark, mark)
        return mark

    @rule(how=BRINGING_IN)
    def bring_in(self, how: str) -> None:
        assert self.done(how) or self.dirty or how == "refresh" or self.seen.head != self.seen.base

    @rule()
    def put_aside_and_bring_back(self) -> None:
        if self.done("stash"):
            assert self.done("unstash")
        assert self.made.grove.stashes.stashes(self.made.admin, self.id) == []

    @rule(branch=BRANCHES, ref=st.sampled_from(["", "main"]))
    def switch(self, branch: str, ref: str) -> None:
        creates = f"ws/{branch}" not in self.marks
        kept = [] if ref else list(self.marks[self.seen.branch])
        if self.done("switch", branch=branch, ref=ref if creates else "", creates="yes" if creates else ""):
            self.marks.setdefault(f"ws/{branch}", kept)

    @rule()
    def promote(self) -> None:
        if self.done("promote"):
            promoted = self.made.grove.promotions.get(self.made.admin, self.id, now=self.made.now)
            assert promoted.pushed == self.seen.head
            self.told[promoted.branch] = promoted.pushed

    @rule(branch=BRANCHES)
    def merge_at_the_forge(self, branch: str) -> None:
        refs = self.upstream.refs()
        for pull in self.forge.pulls:
            head = refs.get(f"refs/heads/{pull['branch']}", "")
            if pull["state"] == "open" and pull["branch"].startswith(f"ws/{branch}-") and self.is_forward(head):
                git(self.upstream.path, "update-ref", "refs/heads/main", head)
                pull["state"] = "merged"
        assert self.done("sync")

    def is_forward(self, head: str) -> bool:
        """Whether the forge can move its branch to the commit."""
        main = self.upstream.refs()["refs/heads/main"]
        return git(self.upstream.path, "merge-base", main, head).decode().strip() == main

    @rule()
    def look_after_all(self) -> None:
        assert self.done("look_after")

    @rule()
    def end_and_restore(self) -> None:
        assert self.done("end")
        self.restart()
        assert self.done("restore")

    @rule()
    def prune_another(self) -> None:
        other = self.over()
        assert self.done("look_after")
        self.is_gone(other)

    def over(self) -> Workspace:
        """Another workspace, which ended so long ago that it is to go."""
        other = self.opened("over")
        Act(name="edit", workspace=other.id, words={"path": "a.txt", "text": "over\n"}).do(self.made)
        self.made.grove.workspaces.end(self.made.admin, other.id, now=self.made.now - timedelta(days=200))
        return other

    def is_gone(self, other: Workspace) -> None:
        locator = self.made.grove.locator
        assert not locator.workspace(tenant_id=other.tenant_id, workspace_id=other.id).exists()
        assert not [ref for ref in self.made.grove.git.refs(self.mirror) if other.id in ref]
        assert other.id not in {each.id for each in self.made.grove.workspaces.owned(self.made.admin, ended=True)}

    @rule(crash=CRASHES, path=PATHS, text=TEXTS, branch=BRANCHES)
    def crash(self, crash: tuple[str, str], path: str, text: str, branch: str) -> None:
        """A process dies within an act: what it had not acknowledged is done whole, or not at all."""
        name, point = crash
        words, other = self.words_for(name, path=path, text=text, branch=branch), None
        if name == "look_after":
            other = self.over()
        before, workspace = self.seen, "" if name in OF_NO_WORKSPACE else self.id
        self.made.grove.close()
        was_killed = killed(
            Act(name=name, workspace=workspace, words=words), point=point, data=self.data, known=self.known
        )
        self.begin()
        seen = self.seen
        if was_killed and name not in {*OF_NO_WORKSPACE, "promote"}:
            assert (seen.branch, seen.head, seen.tree) == (before.branch, before.head, before.tree)
        if other is not None:
            self.is_gone(other)
        if seen.ended_at is not None:
            assert self.done("restore")
        if not was_killed:
            self.settle(name, words)
        for stash in self.made.grove.stashes.stashes(self.made.admin, self.id):
            self.made.grove.stashes.drop(self.made.admin, self.id, stash=stash.commit.oid, now=self.made.now)

    def words_for(self, name: str, *, path: str, text: str, branch: str) -> dict[str, str]:
        """What an act is done with."""
        if name == "sync":
            self.upstream.commit({path: text, "theirs.txt": text})
        if name == "switch" and f"ws/{branch}" not in self.marks:
            return {"branch": branch, "creates": "yes", "ref": "main"}
        if name == "commit":
            return {"message": self.marked()}
        return {"edit": {"path": path, "text": text}, "switch": {"branch": branch}}.get(name, {})

    def settle(self, name: str, words: Mapping[str, str]) -> None:
        """What the model knows after another process has done an act."""
        if name == "edit":
            self.wrote(**words)
        elif name == "commit":
            self.committed(words["message"])
        elif name == "switch":
            self.marks.setdefault(self.seen.branch, [])
        elif name == "stash" and self.made.grove.stashes.stashes(self.made.admin, self.id):
            assert self.done("unstash")

    @rule()
    def clean_the_mirror(self) -> None:
        subprocess.run(["git", "-C", str(self.mirror), "gc", "--prune=now", "--quiet"], check=True)

    @property
    def mirror(self) -> Path:
        with self.made.grove.database.reading() as tx:
            return self.made.grove.mirrors.path(find_repository(tx, actor=self.made.admin, name=REPOSITORY))

    @rule()
    def restart(self) -> None:
        self.made.grove.close()
        self.begin()

    def begin(self) -> None:
        """As a server begins: what a crash left behind goes, and what dead workers had is free."""
        again = build(settings_for(self.data, **self.known))
        prepare(again)
        self.made = House(grove=again, admin=self.made.admin)
        self.stack.callback(again.close)
        with again.database.transaction() as tx:
            recover_workers(tx, is_dead=lambda _: True, now=self.made.now)
        self.made.work()

    @invariant()
    def nothing_is_lost_or_foreign_or_broken(self) -> None:
        desk, branches, admin = self.made.grove.workspaces, self.made.grove.branches, self.made.admin
        status = desk.status(admin, self.id, patches=True)
        folder = self.made.grove.locator.workspace(tenant_id=status.workspace.tenant_id, workspace_id=self.id)
        assert {entry.path.decode() for entry in desk.files(admin, self.id)} <= OURS
        for path, text in self.dirty.items():
            assert desk.read(admin, self.id, path=path).content == text.encode()
        found = {branch.name: branch for branch in branches.branches(admin, self.id)}
        assert set(found) == set(self.marks)
        for name, marks in self.marks.items():
            self.made.grove.git.check_connectivity(folder, [found[name].head])
            with self.made.grove.git.objects(folder) as reader:
                tree, _ = reader.read_root(found[name].head)
                missing = [mark for mark in marks if not _is_there(reader, tree, mark)]
            assert not missing, (name, missing)
        commits = {commit.subject for commit in desk.log(admin, self.id, limit=200)}
        assert set(self.marks[status.workspace.branch]) <= commits

    @invariant()
    def the_forge_has_what_it_was_given(self) -> None:
        assert self.forge.faults == []
        open_ones = [pull["branch"] for pull in self.forge.pulls if pull["state"] == PromotionState.OPEN]
        assert len(open_ones) == len(set(open_ones))
        refs = self.upstream.refs()
        assert set(self.told) <= {ref.removeprefix("refs/heads/") for ref in refs}

    def teardown(self) -> None:
        self.stack.close()


def _is_there(reader: Any, tree: str, path: str) -> bool:
    try:
        reader.entry_at(tree, path.encode())
    except PathMissing:
        return False
    return True


LIVES = int(os.environ.get("GROVE_TEST_LIVES", "3"))
STEPS = int(os.environ.get("GROVE_TEST_LIFE_STEPS", "12"))
STEP_SECONDS_MAX = 15
"""On a busy machine; a failing life is lived again to find its shortest form."""
TestTheLifeOfAWorkspace = pytest.mark.timeout(LIVES * STEPS * STEP_SECONDS_MAX)(Life.TestCase)
TestTheLifeOfAWorkspace.settings = settings(
    max_examples=LIVES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
