"""How workspaces keep up with the mirror, and end when nobody uses them.

What is somebody's own is never touched: only a workspace that is clean and has no commits of its own moves forward by
itself, and one that ends keeps all that it has until it is restored.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from grove.jobs import Run
from grove.kit.gate import Actor
from grove.mirrors import MirrorAbsent, MirrorWithheld
from grove.repositories import Repository, repository_of_job
from grove.workspaces import rows
from grove.workspaces.events import WorkspaceClosed
from grove.workspaces.ground import Ground
from grove.workspaces.model import Standing, Workspace
from grove.workspaces.pins import keep_pinned

KEEP_UP_JOB: Final = "workspace.keep_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepDesk(Ground):
    """Keeps workspaces up; any number of threads may use it."""

    idle_days_max: int
    """After so many days without a change a workspace ends by itself; 0 means never."""

    def standings(self, actor: Actor, workspaces: list[Workspace]) -> list[Standing]:
        """Where workspaces that the actor has been shown stand, in the order given; those that have ended nowhere."""
        refs: dict[str, dict[str, str] | None] = {}
        found = []
        for workspace in workspaces:
            if workspace.ended_at is None and workspace.repository_id not in refs:
                refs[workspace.repository_id] = self._refs(actor, workspace)
            branches = refs.get(workspace.repository_id)
            if branches is None or workspace.ended_at is not None:
                found.append(Standing(ahead=0, behind=0, is_dirty=False, has_upstream=False, ends_at=None))
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

        :raises Denied: if it is somebody else's, and `actor` no administrator.
        :raises WorkspaceNotFound: if there is none.
        :raises WorkspaceEnded: if it has ended.
        """
        with self.database.transaction() as tx:
            row = rows.open_row(tx, actor=actor, name=name, action=rows.CHANGE)
            row.follows = follows
            rows.record(tx, "workspace.follow", row.value(), actor=actor, now=now, follows=follows)
            return row.value()

    def keep_up(self, run: Run) -> None:
        """After a sync: move forward what follows its branch, and end what nobody has used for long."""
        with run.begin() as tx:
            repository = repository_of_job(tx, tenant_id=run.job.tenant_id, repository_id=run.job.target_id)
            workspaces = rows.open_ones(tx, repository_id=repository.id)
        ended = [workspace for workspace in workspaces if self._is_idle(workspace, now=run.now)]
        with run.finish() as tx:
            for workspace in ended:
                rows.end(tx, workspace, actor=run.actor, now=run.now, reason="nobody used it")
                tx.publish(
                    WorkspaceClosed(
                        tenant_id=workspace.tenant_id,
                        workspace_id=workspace.id,
                        actor_id=run.actor.id,
                        at=run.now,
                    )
                )
        for workspace in workspaces:
            if workspace.follows and workspace not in ended:
                run.check_cancelled()
                self._follow(run, repository, workspace)

    def _follow(self, run: Run, repository: Repository, workspace: Workspace) -> None:
        mirror = self.mirrors.path(repository)
        upstream = self.mirrors.git.refs(mirror).get(f"refs/heads/{workspace.target}")
        standing = self._standing(workspace, upstream)
        if upstream is None or standing.state != "stale":
            return
        with self._objects(workspace) as reader:
            tree, _ = reader.read_root(upstream)
        keep_pinned(self.mirrors.git, mirror, workspace, upstream)
        with run.finish() as tx:
            # One that was changed meanwhile stays where its owner has it.
            if rows.is_changed(tx, workspace, head=upstream, base=upstream, tree=tree):
                rows.record(tx, "workspace.refresh", workspace, actor=run.actor, now=run.now, head=upstream)

    def _standing(self, workspace: Workspace, upstream: str | None) -> Standing:
        history = self.mirrors.git.history(self._folder(workspace))
        with self._objects(workspace) as reader:
            is_dirty = reader.read_root(workspace.head)[0] != workspace.tree
        known = [upstream] if upstream else []
        is_same = upstream == workspace.head
        ends_at = workspace.used_at + timedelta(days=self.idle_days_max) if self.idle_days_max else None
        return Standing(
            ahead=0 if is_same else len(history.list_new([workspace.head], known=known)),
            behind=0 if is_same else len(history.list_new(known, known=[workspace.head])),
            is_dirty=is_dirty,
            has_upstream=upstream is not None,
            ends_at=ends_at,
        )

    def _is_idle(self, workspace: Workspace, *, now: datetime) -> bool:
        return self.idle_days_max > 0 and workspace.used_at + timedelta(days=self.idle_days_max) < now
