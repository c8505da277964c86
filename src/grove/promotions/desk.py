"""Promoting workspaces: look at the change, push it, and have one pull request for it.

Whatever is cut off is done again by the next attempt: the branch is that of the workspace, and before a pull request is
opened the forge is asked whether there is one.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from grove import accounts
from grove.credentials import Keyring, Lease, Purpose, SecretStores, lease_secret, remote_with, token_of
from grove.forges import (
    Check,
    Forge,
    ForgeAccess,
    ForgeRateLimited,
    ForgeRemote,
    ForgeUnavailable,
    Invitation,
    Pull,
    PullDesk,
    PullDraft,
    PullState,
    PullsUnsupported,
)
from grove.git import FileDiff, ListingLimits, Remote, merge_base, parse_remote_url, push_branch
from grove.jobs import Run
from grove.kit import faults
from grove.kit.errors import GroveError
from grove.kit.gate import Actor, Denied, Source
from grove.kit.logging import logger
from grove.kit.transactions import Database, Transaction
from grove.mirrors import MirrorReader
from grove.placement import Locator
from grove.promotions import flows, rows
from grove.promotions.beginning import begun, completed
from grove.promotions.errors import (
    BranchTaken,
    NothingToPromote,
    PathsGuarded,
    SecretsFound,
    TargetUnknown,
)
from grove.promotions.finishing import Finisher, is_cut_off
from grove.promotions.model import Promotion, PromotionState, Wish, branch_of, guarded_among
from grove.promotions.owners import ask_owners, paths_of
from grove.promotions.secrets import secrets_added
from grove.repositories import Repository, get_repository, repository_of_job
from grove.workspaces import Workspace, WorkspaceDirty, open_workspace

PUSH_SECONDS_MAX: Final = 300.0
TITLE_CHARACTERS_MAX: Final = 200
PUSHED: Final = faults.declare("promotion.pushed")
OPENED: Final = faults.declare("promotion.opened")
_log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What would be promoted."""

    target: str
    since: str
    commits: list[str]
    files: list[FileDiff]
    title: str

    @property
    def paths(self) -> list[str]:
        return paths_of(self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionDesk:
    """Promotes workspaces and follows their pull requests; any number of threads may use it."""

    database: Database
    mirrors: MirrorReader
    locator: Locator
    keyring: Keyring
    stores: SecretStores
    access: ForgeAccess
    guarded: tuple[str, ...]

    def approve(self, actor: Actor, name: str, *, commit: str, now: datetime) -> Promotion:
        """Have commits go to the forge that wait for it, just as their owner wished: those up to `commit`.

        :raises PromotionNotWaiting: if none wait.
        :raises PromotionMoved: if others wait.
        :raises GroveError: whatever keeps them from being promoted.
        """
        with self.database.reading() as tx:
            workspace, _ = _opened(tx, actor, name, changing=False)
            tx.require(actor, rows.UNASKED, rows.resource_of(tx, workspace, actor=actor))
            waiting = rows.waiting_one(tx, workspace)
        wish = Wish(title=waiting.title, body=waiting.body, target=waiting.target, draft=waiting.draft)
        return self.promote(actor, name, wish=wish, now=now, approved=commit)

    def promote(self, actor: Actor, name: str, *, wish: Wish, now: datetime, approved: str = "") -> Promotion:
        """Push a workspace's commits, and open a pull request for them or bring the open one up to date.

        Where `actor` may do that only when somebody approves it, they wait until somebody does who may; with `approved`
        that commit alone is promoted.

        :raises Denied: if `actor` may not, or not without a person what somebody else was to approve.
        :raises WorkspaceDirty: if there are changes that are not committed.
        :raises NothingToPromote: if there are no commits.
        :raises PathsGuarded: if `actor` may not promote changes of such files.
        :raises SecretsFound: if secrets are among the changes.
        :raises PullsUnsupported: if the repository is at no forge.
        :raises BranchTaken: if somebody else has pushed to the branch at the forge.
        :raises PromotionMoved: if other commits wait for approval than those that the workspace has.
        :raises GroveError: for whatever the forge and its git host answer.
        """
        with self.database.reading() as tx:
            workspace, repository = _opened(tx, actor, name, changing=not approved)
            before = rows.find(tx, workspace)
        wish = completed(wish, workspace, before, actor=actor, approved=approved)
        change = self._look(workspace, repository, wish)
        self._admit(actor, workspace, change, accept_secrets=wish.accept_secrets)
        draft = PullDraft(
            branch=branch_of(workspace),
            target=change.target,
            title=wish.title[:TITLE_CHARACTERS_MAX],
            default_title=change.title[:TITLE_CHARACTERS_MAX],
            body=wish.body,
            draft=wish.draft,
        )
        everybody_reads = self._ask_everybody_reads(actor, workspace, repository, now=now)
        with self.database.transaction() as tx:
            _opened(tx, actor, name, changing=not approved)
            why = flows.why_it_waits(
                tx, actor=actor, workspace=workspace, repository=repository, everybody_reads=everybody_reads
            )
            if why and approved:
                raise Denied(action=flows.DISCLOSE, reason=why)
            rows.begin(tx, workspace, begun(workspace, draft, before, why=why, now=now), actor=actor)
            if why:
                return rows.get(tx, workspace)
            lease = self._lease(tx, repository, actor, _for("workspace.promote", repository), now=now)
        pulls, pull = self._open(workspace, repository, lease, draft, pushed=before.pushed if before else "")
        invitation = self._invite(pulls, pull.number, repository, change)
        checks = self._first_checks(pulls, workspace)
        with self.database.transaction() as tx:
            return rows.settle(
                tx,
                workspace_id=workspace.id,
                branch=draft.branch,
                pull=pull,
                checks=checks,
                invitation=invitation,
                actor=actor,
                now=now,
            )

    def _open(
        self, workspace: Workspace, repository: Repository, lease: Lease | None, draft: PullDraft, *, pushed: str
    ) -> tuple[PullDesk, Pull]:
        """Push, and have the pull request; that none came of it is written down."""
        try:
            return self._push_and_settle(workspace, repository, lease, draft, pushed=pushed)
        except GroveError:
            with self.database.transaction() as tx:
                rows.note_stopped(tx, workspace_id=workspace.id, branch=draft.branch)
            raise

    def _push_and_settle(
        self, workspace: Workspace, repository: Repository, lease: Lease | None, draft: PullDraft, *, pushed: str
    ) -> tuple[PullDesk, Pull]:
        """A crash anywhere leaves what the next attempt, or a look, finds."""
        remote, pulls = self._reach(repository, lease)
        self._push(remote, workspace, branch=draft.branch, pushed=pushed)
        with self.database.transaction() as tx:
            rows.note_pushed(tx, workspace_id=workspace.id, branch=draft.branch, commit=workspace.head)
        faults.reach(PUSHED)
        pull = pulls.settle(draft)
        faults.reach(OPENED)
        return pulls, pull

    def get(self, actor: Actor, name: str, *, now: datetime) -> Promotion:
        """How a workspace's pull request is now, asked of its forge.

        :raises Denied: if `actor` may not see it.
        :raises PromotionNotFound: if it has not been promoted.
        :raises GroveError: for whatever the forge answers.
        """
        with self.database.transaction() as tx:
            workspace = open_workspace(tx, actor=actor, name=name, changing=False)
            known = rows.get(tx, workspace)
            if known.waiting and known.number is None:
                return known
            repository = get_repository(tx, actor=actor, repository_id=workspace.repository_id)
            lease = self._lease(tx, repository, actor, _for("promotion.look", repository), now=now)
        _, pulls = self._reach(repository, lease)
        return self._follow(pulls, known, now=now)

    def follow(self, run: Run) -> None:
        """Look after the open pull requests of a repository: a job, done whenever its mirror was looked after.

        What was cut off before its pull request was opened is finished.
        """
        job = run.job
        with run.begin() as tx:
            known = rows.open_ones(tx, repository_id=job.target_id)
            if not known:
                return
            repository = repository_of_job(tx, tenant_id=job.tenant_id, repository_id=job.target_id)
            lease = self._lease(tx, repository, run.actor, Purpose.of_job(job), now=run.now)
        remote, pulls = self._reach(repository, lease)
        finisher = Finisher(database=self.database, mirrors=self.mirrors, locator=self.locator, repository=repository)
        for promotion in known:
            run.check_cancelled()
            followed = self._follow(pulls, promotion, now=run.now)
            if is_cut_off(followed, now=run.now):
                finisher.finish(followed, remote=remote, pulls=pulls, now=run.now)

    def _follow(self, pulls: PullDesk, known: Promotion, *, now: datetime) -> Promotion:
        pull = None
        if known.state in {PromotionState.PUSHING, PromotionState.STOPPED}:
            # Whoever opened it may have died before that was written down.
            pull = pulls.find(known.branch, target=known.target)
        if pull is None and known.number is not None:
            pull = pulls.show(known.number)
        if pull is None:
            return known
        checks = pulls.checks(pull.head) if pull.state is PullState.OPEN and pull.head else known.checks
        with self.database.transaction() as tx:
            steward = accounts.steward(tx, tenant_id=known.tenant_id, source=Source.WORKER, now=now)
            return rows.settle(
                tx,
                workspace_id=known.workspace_id,
                branch=known.branch,
                pull=pull,
                checks=checks,
                invitation=None,
                actor=steward,
                now=now,
            )

    def _first_checks(self, pulls: PullDesk, workspace: Workspace) -> list[Check]:
        """What is said of the commit so far; a forge that does not say it now is asked again when it is followed."""
        try:
            return pulls.checks(workspace.head)
        except (ForgeRateLimited, ForgeUnavailable) as error:
            _log.warning("promotion_checks_unknown", workspace_id=workspace.id, code=error.code)
            return []

    def _look(self, workspace: Workspace, repository: Repository, wish: Wish) -> _Change:
        """What is new on the workspace's branch, seen from the branch that is to take it."""
        git, folder = self.mirrors.git, self._folder(workspace)
        refs = git.refs(self.mirrors.path(repository))
        wanted = [wish.target] if wish.target else [workspace.target, repository.default_branch or ""]
        target = next((name for name in wanted if f"refs/heads/{name}" in refs), None)
        if target is None:
            raise TargetUnknown(target=wanted[0])
        with git.objects(folder) as reader:
            if reader.read_root(workspace.head)[0] != workspace.tree:
                raise WorkspaceDirty(workspace=workspace.name)
        upstream, history = refs[f"refs/heads/{target}"], git.history(folder)
        commits = history.list_new([workspace.head], known=[upstream])
        since = merge_base(git.config, folder, upstream, workspace.head)
        if not commits or since is None:
            raise NothingToPromote(workspace=workspace.name, target=target)
        (first,) = history.read(commits[-1:])
        return _Change(
            target=target,
            since=since,
            commits=commits,
            files=history.differing_files(since, workspace.head),
            title=first.subject or workspace.name,
        )

    def _admit(self, actor: Actor, workspace: Workspace, change: _Change, *, accept_secrets: bool) -> None:
        guarded = guarded_among(change.paths, self.guarded)
        if guarded and not self._may(actor, workspace, rows.GUARDED):
            raise PathsGuarded(paths=guarded)
        if accept_secrets and self._may(actor, workspace, rows.GUARDED):
            return
        if found := secrets_added(self.mirrors.git.history(self._folder(workspace)), change.commits):
            raise SecretsFound(found=found)

    def _ask_everybody_reads(
        self, actor: Actor, workspace: Workspace, repository: Repository, *, now: datetime
    ) -> bool | None:
        """Whether everybody can read where the commits go, as the forge says; it is asked only where that decides."""
        with self.database.transaction() as tx:
            matters = [
                flows.why_it_waits(
                    tx, actor=actor, workspace=workspace, repository=repository, everybody_reads=everybody_reads
                )
                for everybody_reads in (True, False)
            ]
            if bool(matters[0]) is bool(matters[1]):
                return None
            lease = self._lease(tx, repository, actor, _for("promotion.look", repository), now=now)
        _, at = self._at(repository, lease)
        return flows.ask_everybody_reads(at, access=self.access)

    def _may(self, actor: Actor, workspace: Workspace, action: str) -> bool:
        with self.database.reading() as tx:
            return tx.decision(actor, action, rows.resource_of(tx, workspace, actor=actor)).allowed

    def _lease(
        self, tx: Transaction, repository: Repository, actor: Actor, purpose: Purpose, *, now: datetime
    ) -> Lease | None:
        """The credential that the repository is mirrored with."""
        if repository.credential_id is None:
            return None
        return lease_secret(
            tx,
            actor=actor,
            keyring=self.keyring,
            credential_id=repository.credential_id,
            host=repository.host,
            purpose=purpose,
            now=now,
        )

    def _reach(self, repository: Repository, lease: Lease | None) -> tuple[Remote, PullDesk]:
        """How the repository's commits are pushed, and its pull requests are looked after."""
        remote, at = self._at(repository, lease)
        return remote, PullDesk(at, access=self.access)

    def _at(self, repository: Repository, lease: Lease | None) -> tuple[Remote, ForgeRemote]:
        """How the repository's git host and its forge are spoken to; the secret may have to be read from a store."""
        if repository.local:
            raise PullsUnsupported
        url = parse_remote_url(repository.url)
        if url.is_ssh:
            raise PullsUnsupported(reason="an SSH key does not open the forge's API")
        remote = remote_with(url, self.stores.open(lease, path=url.path, writing=True) if lease else None)
        return remote, ForgeRemote(
            forge=Forge(repository.forge), host=repository.host, path=url.path, secret=token_of(remote)
        )

    def _push(self, remote: Remote, workspace: Workspace, *, branch: str, pushed: str) -> None:
        git, folder = self.mirrors.git, self._folder(workspace)
        there = git.listing(remote, limits=ListingLimits()).refs.get(f"refs/heads/{branch}", "")
        if there == workspace.head:
            return
        if there and there != pushed and not self._is_ours(folder, there, head=workspace.head):
            raise BranchTaken(branch=branch, commit=there)
        push_branch(
            git.config,
            folder,
            remote,
            commit=workspace.head,
            branch=branch,
            expected=there,
            seconds_max=PUSH_SECONDS_MAX,
        )

    def _is_ours(self, folder: Path, commit: str, *, head: str) -> bool:
        git = self.mirrors.git
        with git.objects(folder) as reader:
            if reader.infos([commit]) == [None]:
                return False
        return merge_base(git.config, folder, commit, head) == commit

    def _invite(self, pulls: PullDesk, number: int, repository: Repository, change: _Change) -> Invitation:
        with self.mirrors.objects(repository) as reader:
            return ask_owners(
                pulls, number, reader=reader, commit=change.since, paths=change.paths, repository=repository
            )

    def _folder(self, workspace: Workspace) -> Path:
        return self.locator.workspace(tenant_id=workspace.tenant_id, workspace_id=workspace.id)


def _for(act: str, repository: Repository) -> Purpose:
    return Purpose(act=act, repository_id=repository.id)


def _opened(tx: Transaction, actor: Actor, name: str, *, changing: bool) -> tuple[Workspace, Repository]:
    """The workspace to promote; whoever approves what waits need not have the right to change it."""
    workspace = open_workspace(tx, actor=actor, name=name, changing=changing)
    tx.require(actor, rows.PROMOTE, rows.resource_of(tx, workspace, actor=actor))
    repository = get_repository(tx, actor=actor, repository_id=workspace.repository_id)
    repository.require_kept_up()
    return workspace, repository
