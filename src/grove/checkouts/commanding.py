"""Commands of users in the folders of their workspaces, a few at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore
from typing import Final

from grove import activity
from grove.checkouts.desk import CheckoutDesk
from grove.checkouts.errors import CommandsTooMany
from grove.checkouts.executing import Executed, Listener, Order, OrderRun
from grove.checkouts.gathering import Gatherer
from grove.kit.errors import GroveError, needing_room
from grove.kit.gate import Actor
from grove.repositories import get_repository
from grove.workspaces import Workspace, open_workspace

COMMANDS_MAX: Final = 4
"""How many commands run in workspaces at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandDesk:
    """Runs commands where the files of a workspace are; any number of threads may use it."""

    checkouts: CheckoutDesk
    turns: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(COMMANDS_MAX))

    def execute(
        self, actor: Actor, name: str, *, order: Order, now: datetime, listener: Listener | None = None
    ) -> Executed:
        """Run a command in the folder of a workspace, which is made if there is none, and collect what it changed.

        The listener hears what it says while it runs. A tenth of a second after they have gone it is ended; what it
        changed until then is collected all the same.

        :raises Denied: if `actor` may not.
        :raises CommandRefused: if it is no command, or its bounds are too wide.
        :raises CommandsTooMany: if as many run as may.
        :raises ConfinementUnavailable: if nothing on this machine can confine it.
        :raises CheckoutConflict: if a file was changed in the folder and in the workspace before.
        """
        order.check()
        ground = self.checkouts.ground
        with ground.database.reading() as tx:
            ground.hold(tx, open_workspace(tx, actor=actor, name=name, changing=True))
        placed = self.checkouts.checkout(actor, name, now=now)
        with ground.database.reading() as tx:
            workspace = open_workspace(tx, actor=actor, name=name, changing=True)
            repository = get_repository(tx, actor=actor, repository_id=workspace.repository_id)
        running = OrderRun(
            order=order,
            files=placed.path.resolve(),
            readable=(ground.mirrors.path(repository).resolve(), ground.git_dir(workspace).resolve() / "objects"),
            listener=listener or Listener(),
        )
        gatherer = Gatherer(ground=ground, actor=actor, now=now)
        with ground.alone(workspace), self._turn():
            gatherer.gather(workspace)
            # What cannot be written down is not run.
            self._record("workspace.execute", actor, workspace, order, now=now)
            running.listener.started()
            outcome = running.run(ground.confiner)
            self._record("workspace.executed", actor, workspace, order, now=now, exit_code=outcome.exit_code)
            try:
                with needing_room():
                    collected, problem = gatherer.gather(workspace), ""
            except GroveError as error:
                collected, problem = None, str(error)
            ground.measure(workspace)
        return Executed(
            outcome=outcome, stdout=running.stdout, stderr=running.stderr, collected=collected, problem=problem
        )

    def _record(
        self, action: str, actor: Actor, workspace: Workspace, order: Order, *, now: datetime, **facts: object
    ) -> None:
        with self.checkouts.ground.database.transaction() as tx:
            activity.record(
                tx,
                actor=actor,
                action=action,
                target_kind="workspace",
                target_id=workspace.id,
                now=now,
                command=order.words[0],
                network=order.network,
                **facts,
            )

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self.turns.acquire(blocking=False):
            raise CommandsTooMany(commands_max=COMMANDS_MAX)
        try:
            yield
        finally:
            self.turns.release()
