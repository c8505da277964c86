"""Commands that run in a workspace's folder, confined, and what comes of them."""

import pytest
from sqlalchemy import text

from grove.activity import AuditUnwritable
from grove.checkouts import CommandRefused, Executed, Listener, Order
from grove.checkouts.executing import KEPT_BYTES
from grove.sandbox import Method, Stop
from tests.checkouts.conftest import checked_out, collected, opened, read, write
from tests.support.git_repositories import git
from tests.support.grove import House


@pytest.fixture(autouse=True)
def confined(made: House) -> Method:
    method = made.grove.confiner.method
    if method is None:
        pytest.skip("nothing on this machine can confine a command")
    return method


def run(made: House, script: str, *, seconds_max: float = 30.0, listener: Listener | None = None) -> Executed:
    order = Order(words=["sh", "-c", script], seconds_max=seconds_max)
    return made.grove.commands.execute(made.admin, "fix", order=order, now=made.now, listener=listener)


class TestACommand:
    def test_changes_the_workspace_and_tells_how_it_ended(self, made: House) -> None:
        opened(made)
        write(made, "before.txt", "written before\n")
        done = run(made, "cat before.txt; echo oh >&2; echo 42 > answer.txt; rm README.md; exit 3")
        assert (done.outcome.exit_code, done.stdout.content) == (3, b"written before\n")
        assert b"oh\n" in done.stderr.content
        assert done.collected is not None
        assert done.collected.from_folder == 2
        assert read(made, "answer.txt") == b"42\n"

    def test_is_stopped_at_its_bounds_and_its_changes_are_kept(self, made: House) -> None:
        opened(made)
        done = run(made, "echo half > half.txt; sleep 60", seconds_max=2.0)
        assert done.outcome.stopped is Stop.TIMEOUT
        assert read(made, "half.txt") == b"half\n"

    def test_reaches_nothing_of_ours_but_its_folder(self, made: House) -> None:
        opened(made)
        opened(made, "other")
        placed = checked_out(made, "other")
        data = made.grove.locator.data
        done = run(made, f"cat {data}/master.key; cat {placed.path}/README.md; echo x > {data}/x; true")
        assert done.stdout.content == b""
        assert not (data / "x").exists()

    def test_cannot_be_nothing_or_want_too_much(self, made: House) -> None:
        opened(made)
        for order in (Order(words=[]), Order(words=["a\0b"]), Order(words=["true"], seconds_max=10_000)):
            with pytest.raises(CommandRefused):
                made.grove.commands.execute(made.admin, "fix", order=order, now=made.now)


class TestCommits:
    def test_that_were_made_in_the_folder_become_the_workspaces(self, made: House) -> None:
        workspace = opened(made)
        done = run(made, "echo mine > mine.txt && git add mine.txt && git commit -qm Mine && git log --oneline | wc -l")
        assert done.outcome.exit_code == 0, done.stderr.content
        assert done.collected is not None
        assert done.collected.commits, done.collected.commits_problem
        status = made.grove.workspaces.status(made.admin, "fix")
        assert (status.ahead, status.changes) == (1, ())
        (commit,) = made.grove.git.history(
            made.grove.locator.workspace(tenant_id=workspace.tenant_id, workspace_id=workspace.id)
        ).commits(status.workspace.head, limit=1)
        assert (commit.message, commit.parents) == ("Mine\n", (workspace.base,))

    def test_that_do_not_follow_are_told_and_not_taken(self, made: House) -> None:
        opened(made)
        folder = checked_out(made).path
        git(folder, "checkout", "-q", "--orphan", "other")
        git(folder, "-c", "user.name=x", "commit", "-qm", "Other")
        git(folder, "branch", "-qM", "ws/fix")
        done = collected(made)
        assert not done.commits
        assert done.commits_problem == "they do not follow from the workspace's last commit"

    def test_run_nothing_outside_of_the_confinement(self, made: House) -> None:
        opened(made)
        placed = checked_out(made)
        canary = made.grove.locator.data / "canary"
        folder = placed.path
        (folder / "README.md").write_text("mine\n")
        git(folder, "commit", "-qam", "Mine")
        for key in ("core.fsmonitor", "core.alternateRefsCommand", "uploadpack.packObjectsHook", "core.pager"):
            git(folder, "config", key, f"touch {canary};")
        assert collected(made).commits
        assert not canary.exists()


class _Ear(Listener):
    def __init__(self, *, leaves_after: bytes = b"") -> None:
        self.heard = b""
        self.count_before = -1
        self._leaves_after = leaves_after

    def started(self) -> None:
        self.count_before = len(self.heard)

    def hear(self, stream: str, piece: bytes) -> None:
        self.heard += stream.encode() + b":" + piece

    def is_gone(self) -> bool:
        return bool(self._leaves_after) and self._leaves_after in self.heard


class TestAListener:
    def test_hears_both_streams_while_the_command_runs(self, made: House) -> None:
        opened(made)
        ear = _Ear()
        done = run(made, "echo one; sleep 0.3; echo two >&2", listener=ear)
        assert (ear.count_before, ear.heard) == (0, b"stdout:one\nstderr:two\n")
        assert (done.stdout.size_bytes, done.stderr.content) == (4, b"two\n")

    def test_that_leaves_has_the_command_ended_and_its_changes_kept(self, made: House) -> None:
        opened(made)
        done = run(made, "echo half > half.txt; echo written; sleep 60", listener=_Ear(leaves_after=b"written"))
        assert done.outcome.stopped is Stop.CANCELLED
        assert done.outcome.seconds < 20
        assert read(made, "half.txt") == b"half\n"


class TestACommandWhoseWorkspaceEnds:
    def test_runs_on_and_what_it_changed_is_rescued(self, made: House) -> None:
        workspace = opened(made)
        desk = made.grove.workspaces

        class Ending(Listener):
            def hear(self, stream: str, piece: bytes) -> None:
                desk.end(made.admin, workspace.id, now=made.now)

        done = run(made, "echo before > before.txt; echo now; sleep 0.5; echo after > after.txt", listener=Ending())
        assert (done.outcome.exit_code, done.problem) == (0, "")
        made.work()
        (ended,) = desk.owned(made.admin, ended=True)
        folder = made.grove.locator.workspace(tenant_id=ended.tenant_id, workspace_id=ended.id)
        with made.grove.git.objects(folder) as reader:
            assert reader.blob_at(str(ended.rescue), b"before.txt") == b"before\n"
            assert reader.blob_at(str(ended.rescue), b"after.txt") == b"after\n"


class TestMuchOutput:
    def test_is_kept_at_both_ends_and_what_is_left_out_is_told(self, made: House) -> None:
        opened(made)
        done = run(made, "echo first; head -c 3000000 /dev/zero; echo last")
        assert done.outcome.exit_code == 0
        assert done.stdout.size_bytes == 3_000_011
        assert done.stdout.left_out_bytes == 3_000_011 - 2 * KEPT_BYTES
        content = done.stdout.content
        assert content.startswith(b"first\n")
        assert content.endswith(b"last\n")
        assert b"bytes left out ...]" in content

    def test_without_end_stops_the_command_on_either_stream(self, made: House) -> None:
        opened(made)
        for script in ("yes", "yes >&2"):
            assert run(made, script).outcome.stopped is Stop.OUTPUT


class TestACommandThatCannotBeWrittenDown:
    def test_is_not_run(self, made: House) -> None:
        opened(made)
        placed = checked_out(made, "fix")
        with made.grove.database.transaction() as tx:
            tx.session.execute(
                text("CREATE TRIGGER shut BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(FAIL, 'shut'); END")
            )
        with pytest.raises(AuditUnwritable):
            run(made, "echo 42 > answer.txt")
        assert not (placed.path / "answer.txt").exists()
