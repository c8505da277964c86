"""Acts on one workspace, here or in a process of their own, which a fault point may kill."""

import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from grove import accounts
from grove.kit.errors import GroveError
from grove.kit.gate import Source
from grove.kit.tenancy import serving_all
from grove.promotions import Wish
from grove.repositories import find_repository, request_sync
from grove.wiring import build
from grove.workspaces import Edit, EditKind, request_upkeep
from tests.support.grove import ADMIN_TOKEN, House, settings_for

REPOSITORY: Final = "acme/shop"
SECONDS_MAX: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is done, and with what."""

    name: str
    workspace: str = ""
    words: Mapping[str, str] | None = None

    def do(self, made: House) -> None:
        """Do it.

        :raises GroveError: if it is refused.
        """
        ACTS[self.name](made, self.workspace, **(self.words or {}))


def killed(act: Act, *, point: str, data: Path, known: Mapping[str, Any]) -> bool:
    """Have a process do it on a data folder, and die when it reaches the point; whether it did."""
    (data / f"fault-{point}").unlink(missing_ok=True)
    order = pickle.dumps((act, f"{point}:kill9", data, dict(known)))
    argv = [sys.executable, "-m", "tests.support.acting"]
    done = subprocess.run(argv, input=order, capture_output=True, timeout=SECONDS_MAX, check=False)
    is_killed = done.returncode == -signal.SIGKILL
    assert is_killed or done.returncode == 0, done.stderr.decode(errors="replace")
    assert is_killed == (data / f"fault-{point}").exists()
    return is_killed


def _edit(made: House, workspace: str, *, path: str, text: str) -> None:
    write = Edit(kind=EditKind.WRITE, path=path, content=text.encode())
    made.grove.workspaces.edit(made.admin, workspace, edits=[write], now=made.now)


def _commit(made: House, workspace: str, *, message: str) -> None:
    made.grove.workspaces.commit_changes(made.admin, workspace, message=message, now=made.now)


def _switch(made: House, workspace: str, *, branch: str, ref: str = "", creates: str = "") -> None:
    made.grove.branches.switch(made.admin, workspace, branch=branch, creates=bool(creates), ref=ref, now=made.now)


def _sync(made: House, workspace: str) -> None:
    with made.grove.database.transaction() as tx:
        found = find_repository(tx, actor=made.admin, name=REPOSITORY)
        request_sync(tx, actor=made.admin, repository_id=found.id, now=made.now)
    made.work()


def _look_after(made: House, workspace: str) -> None:
    with made.grove.database.transaction() as tx:
        request_upkeep(tx, limits=made.grove.workspaces.limits, now=made.now)
    made.work()


def _promote(made: House, workspace: str) -> None:
    made.grove.promotions.promote(made.admin, workspace, wish=Wish(), now=made.now)


ACTS: Final[Mapping[str, Callable[..., object]]] = {
    "edit": _edit,
    "commit": _commit,
    "refresh": lambda made, name: made.grove.workspaces.refresh(made.admin, name, now=made.now),
    "merge": lambda made, name: made.grove.merges.merge(made.admin, name, now=made.now),
    "rebase": lambda made, name: made.grove.merges.rebase(made.admin, name, now=made.now),
    "stash": lambda made, name: made.grove.stashes.save(made.admin, name, message="Mine", now=made.now),
    "unstash": lambda made, name: made.grove.stashes.apply(made.admin, name, drop=True, now=made.now),
    "switch": _switch,
    "end": lambda made, name: made.grove.workspaces.end(made.admin, name, now=made.now),
    "restore": lambda made, name: made.grove.workspaces.restore(made.admin, name, now=made.now),
    "promote": _promote,
    "sync": _sync,
    "look_after": _look_after,
}


def main() -> None:
    """Do what standard input says."""
    act, fault, data, known = pickle.load(sys.stdin.buffer)
    with serving_all():
        grove = build(settings_for(data, fault=fault, **known))
        with grove.database.transaction() as tx:
            admin = accounts.authenticate(tx, secret=ADMIN_TOKEN, source=Source.API, now=datetime.now(UTC))
        try:
            act.do(House(grove=grove, admin=admin))
        except GroveError as refused:
            sys.stderr.write(f"{refused.code}\n")
        grove.close()


if __name__ == "__main__":
    main()
