"""How workspaces keep up with the mirror, and end when nobody uses them.

What is somebody's own is never touched: only a workspace that is clean and has no commits of its own moves forward by
itself, and one that ends keeps all that it has until it is restored.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grove.jobs import Run
from grove.kit import faults
from grove.kit.files import remove_tree
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.mirrors import MirrorAbsent, MirrorWithheld
from grove.repositories import Repository, RepositoryNotFound, repository_of_job
from grove.workspaces import branches, rows
from grove.workspaces.events import WorkspaceClosed
from grove.workspaces.ground import Ground
from grove.workspaces.model import Standing, Workspace
from grove.workspaces.pins import keep_pinned, pin_earlier, unpin

KEEP_UP_JOB: Final = "workspace.keep_up"
PRUNED: Final = faults.declare("workspace.pruned")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepDesk(Ground):
    """Keeps workspaces up; any number of threads may use it."""

    is_held: Callable[[Transaction, str], bool]
    """Whether something else needs a workspace that has ended, such as its folder; by its id."""

    def standings(self, actor: Actor, workspaces: list[Workspace]) -> list[Standing]:
        """Where workspaces that the actor has been shown stand, in the order given."""
        refs: dict[str, dict[str, str] | None] = {}
        found = []
        for workspace in workspaces:
            has_ended = workspace.ended_at is not None
            if not has_ended and workspace.repository_id not in refs:
                refs[workspace.repository_id] = self._refs(actor, workspace)
            branches = refs.get(workspace.repository_id)
            if branches is None or has_ended:
                ends_at = self._ends_at(workspace)
                found.append(
                    Standing(
                        ahead=0, behind=0, is_dirty=False, has_upstream=False, ends_at=ends_at, has_ended=has_ended
                    )
                )
            else:
                found.append(self._standing(workspace, branches.get(f"refs/heads/{workspace.target}")))
        return found

    def _refs(self, actor: Actor, workspace: Workspace) -> dict[str, str] | None:
        """What the mirror has; nothing while it is withheld from everybody."""
        try:
            return self.mirrors.git.refs(self.mirrors.path(self._repository(actor, workspace)))
        except (MirrorAbsent, MirrorWithheld):
            return None

    def set_following(self, actor: Actor, name: str, *, follows: bool, now: datetime) -> Workspace:
        """Have a workspace moved forward by itself after each sync, as long as nothing of the owner's is in the way.

        :raises Denied: if `actor` may not.
        :raises WorkspaceNotFound: if there is none.
        :raises WorkspaceEnded: if it has ended.
        """
        with self.database.transaction() as tx:
            row = rows.open_row(tx, actor=actor, name=name, action=rows.CHANGE)
            row.follows = follows
            rows.record(tx, "workspace.follow", row.value(), actor=actor, now=now, follows=follows)
            return row.value()

    def keep_up(self, run: Run) -> None:
        """Move forward what follows its branch, end what nobody has used for long, let go what ended long ago."""
        repository: Repository | None = None
        with run.begin() as tx:
            workspaces = rows.of_repository(tx, repository_id=run.job.target_id)
            with suppress(RepositoryNotFound):  # ended workspaces outlive theirs
                repository = repository_of_job(tx, tenant_id=run.job.tenant_id, repository_id=run.job.target_id)
        for workspace in workspaces:
            run.check_cancelled()
            if workspace.ended_at is not None:
                self._let_go(run, workspace, is_alone=repository is None)
            elif repository is None:
                continue  # a repository with open workspaces is not removed
            elif self._is_over(workspace, now=run.now):
                self._end(run, workspace)
            elif workspace.follows:
                self._follow(run, repository, workspace)

    def _end(self, run: Run, workspace: Workspace) -> None:
        rescue = self._rescued(run.actor, workspace, now=run.now)
        with run.finish() as tx:
            rows.end(tx, workspace, actor=run.actor, now=run.now, rescue=rescue, reason="nobody used it")

    def rescue(self, actor: Actor, workspace_id: str, *, now: datetime) -> None:
        """Have the rescue of a workspace that has ended hold what has come into it since, from its folder.

        :raises Denied: if `actor` may not.
        :raises WorkspaceNotFound: if there is none.
        """
        with self.database.reading() as tx:
            seen = rows.row_of(tx, actor=actor, name=workspace_id, action=rows.CHANGE).value()
        if seen.ended_at is None:
            return
        rescue = self._rescued(actor, seen, now=now)
        with self.database.transaction() as tx:
            rows.note_rescue(tx, seen, rescue)

    def _let_go(self, run: Run, workspace: Workspace, *, is_alone: bool) -> None:
        """Remove what is kept of a workspace when its time is over, and nothing else needs it.

        When it is alone, without its repository, nothing can come into it from its folder any more: that goes too.
        """
        if not self._is_over(workspace, now=run.now):
            return
        with run.finish() as tx:
            if (self.is_held(tx, workspace.id) and not is_alone) or not rows.is_forgotten(tx, workspace):
                return
            rows.record(tx, "workspace.prune", workspace, actor=run.actor, now=run.now, rescue=workspace.rescue)
            tx.publish(
                WorkspaceClosed(
                    tenant_id=workspace.tenant_id, workspace_id=workspace.id, actor_id=run.actor.id, at=run.now
                )
            )
        # The row is gone: what a crash leaves of the rest is removed at the next start.
        faults.reach(PRUNED)
        mirror = self.locator.mirror(tenant_id=workspace.tenant_id, repository_id=workspace.repository_id)
        if mirror.is_dir():
            unpin(self.mirrors.git, mirror, workspace.id)
        remove_tree(self._folder(workspace))

    def _follow(self, run: Run, repository: Repository, workspace: Workspace) -> None:
        mirror = self.mirrors.path(repository)
        refs = self.mirrors.git.refs(mirror)
        values: dict[str, str] = {}
        upstream = refs.get(f"refs/heads/{workspace.target}")
        if upstream is not None and self._standing(workspace, upstream).state == "stale":
            with self._objects(workspace) as reader:
                tree, _ = reader.read_root(upstream)
            keep_pinned(self.mirrors.git, mirror, workspace, upstream)
            values = {"head": upstream, "base": upstream, "tree": tree}
        others = self._stale_branches(workspace, refs)
        for commit in others.values():
            pin_earlier(self.mirrors.git, mirror, workspace, commit)
        if not (values or others):
            return
        with run.finish() as tx:
            # One that was changed meanwhile stays where its owner has it.
            if rows.is_changed(tx, workspace, **values):
                for name, commit in others.items():
                    branches.moved(tx, workspace, name, commit=commit)
                facts = {"head": values.get("head", workspace.head), "branches": others}
                rows.record(tx, "workspace.refresh", workspace, actor=run.actor, now=run.now, **facts)

    def _stale_branches(self, workspace: Workspace, refs: Mapping[str, str]) -> dict[str, str]:
        """Further branches that have no commit of their own, and the commits to which they can move forward."""
        with self.database.reading() as tx:
            others = branches.others(tx, workspace)
        history = self.mirrors.git.history(self._folder(workspace))
        found = {}
        for each in others:
            upstream = refs.get(f"refs/heads/{each.target}", each.head)
            if upstream != each.head and not history.list_new([each.head], known=[upstream]):
                found[each.name] = upstream
        return found

    def _is_over(self, workspace: Workspace, *, now: datetime) -> bool:
        ends_at = self._ends_at(workspace)
        return ends_at is not None and ends_at < now
