"""Handing commits to a host: one branch, which must still be where it was seen."""

from pathlib import Path

from grove.git.errors import LocalPathRefused
from grove.git.model import GitConfig, LocalPath, Remote
from grove.git.refs import check_oid, check_ref, ref_word
from grove.git.runner import Call, Runner
from grove.git.transfer import connected
from grove.sandbox import Limits


def push_branch(
    config: GitConfig, git_dir: Path, remote: Remote, *, commit: str, branch: str, expected: str, seconds_max: float
) -> None:
    """Set a branch of a remote to a commit, if it is at `expected` there; empty if it must not be there yet.

    :raises PushRejected: if it is elsewhere, or the host does not want it.
    :raises LocalPathRefused: if the remote is a folder: hooks that lie there would be run.
    :raises GroveError: for whatever else the host answers.
    """
    if isinstance(remote.url, LocalPath):
        raise LocalPathRefused(reason="nothing is pushed to a folder")
    ref, runner = check_ref(f"refs/heads/{branch}"), Runner(config)
    lease = f"--force-with-lease={ref_word(ref)}:{check_oid(expected) if expected else ''}"
    with runner.job_dir() as job_dir, connected(runner, remote, job_dir) as connection:
        call = Call(
            command="push",
            options=("--porcelain", "--no-verify", "--no-progress", lease),
            arguments=(connection.address, f"{check_oid(commit)}:{ref_word(ref)}"),
            git_dir=git_dir,
            limits=Limits(seconds_max=seconds_max, memory_bytes_max=config.memory_bytes_max),
            settings=connection.settings,
            protocols=(connection.protocol,),
            variables=connection.variables,
            pass_fds=connection.pass_fds,
        )
        runner.run(call, job_dir=job_dir)


def merge_base(config: GitConfig, git_dir: Path, one: str, other: str) -> str | None:
    """A commit from which two others have gone apart; none if they have no commit in common."""
    runner = Runner(config)
    found = runner.run(
        Call(
            command="merge-base",
            arguments=(check_oid(one), check_oid(other)),
            git_dir=git_dir,
            exit_codes=(0, 1),
        )
    )
    return found.stdout.decode().strip() or None
