"""Finishing promotions that were cut off after they began, such as by a crash: nobody has to ask again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from grove import accounts, jobs
from grove.forges import ForgeRefused, Invitation, Pull, PullDesk, PullDraft
from grove.git import ListingLimits, Remote, merge_base
from grove.kit.gate import Source
from grove.kit.logging import logger
from grove.kit.transactions import Database, Transaction
from grove.mirrors import MirrorReader
from grove.placement import Locator
from grove.promotions import rows
from grove.promotions.model import Promotion, PromotionState
from grove.promotions.owners import ask_owners, paths_of
from grove.repositories import Repository

FOLLOW_JOB: Final = "promotion.follow"
CUT_OFF_AFTER: Final = timedelta(minutes=10)
"""No promotion takes so long that is still going on."""
_log = logger(__name__)


def request_finishing(tx: Transaction, *, tenant_id: str, now: datetime) -> None:
    """Have the promotions of a tenant looked after that were cut off, although their mirrors rest."""
    for repository_id in rows.repositories_pushing(tx, tenant_id=tenant_id, until=now - CUT_OFF_AFTER):
        steward = accounts.steward(tx, tenant_id=tenant_id, source=Source.WORKER, now=now)
        jobs.enqueue(
            tx, tenant_id=tenant_id, kind=FOLLOW_JOB, target_id=repository_id, requested_by=steward.id, now=now
        )


def is_cut_off(promotion: Promotion, *, now: datetime) -> bool:
    """Whether a promotion was begun and is going on no more."""
    return promotion.state is PromotionState.PUSHING and promotion.updated_at <= now - CUT_OFF_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Finisher:
    """Opens the pull requests of one repository that promotions lacked when they were cut off."""

    database: Database
    mirrors: MirrorReader
    locator: Locator
    repository: Repository

    def finish(self, promotion: Promotion, *, remote: Remote, pulls: PullDesk, now: datetime) -> None:
        """Open the pull request for the commits that came to the forge; if none did, or it refuses, say so.

        What came there was looked at and admitted before it was pushed. Nothing is pushed now.

        :raises GroveError: for whatever else the forge and its git host answer.
        """
        key = {"workspace_id": promotion.workspace_id, "branch": promotion.branch}
        try:
            opened = self._open(promotion, remote, pulls)
        except ForgeRefused as refused:
            _log.warning("promotion_refused", code=refused.code, **key)
            opened = None
        with self.database.transaction() as tx:
            if opened is None:
                rows.note_stopped(tx, **key)
                return
            pull, invitation = opened
            steward = accounts.steward(tx, tenant_id=promotion.tenant_id, source=Source.WORKER, now=now)
            rows.settle(tx, **key, pull=pull, checks=(), invitation=invitation, actor=steward, now=now)

    def _open(self, promotion: Promotion, remote: Remote, pulls: PullDesk) -> tuple[Pull, Invitation] | None:
        folder = self.locator.workspace(tenant_id=promotion.tenant_id, workspace_id=promotion.workspace_id)
        listed = self.mirrors.git.listing(remote, limits=ListingLimits()).refs
        commit = listed.get(f"refs/heads/{promotion.branch}", "")
        if not self._has(folder, commit):
            return None
        pull = pulls.settle(
            PullDraft(
                branch=promotion.branch,
                target=promotion.target,
                title=promotion.title,
                default_title=promotion.title,
                body=promotion.body,
                draft=promotion.draft,
            )
        )
        return pull, self._invite(pulls, pull, promotion, folder=folder, commit=commit)

    def _has(self, folder: Path, commit: str) -> bool:
        if not commit or not folder.is_dir():
            return False
        with self.mirrors.git.objects(folder) as reader:
            return reader.infos([commit]) != [None]

    def _invite(self, pulls: PullDesk, pull: Pull, promotion: Promotion, *, folder: Path, commit: str) -> Invitation:
        git = self.mirrors.git
        upstream = git.refs(self.mirrors.path(self.repository)).get(f"refs/heads/{promotion.target}")
        since = merge_base(git.config, folder, upstream, commit) if upstream else None
        if since is None:
            return Invitation()
        paths = paths_of(git.history(folder).differing_files(since, commit))
        with self.mirrors.objects(self.repository) as reader:
            return ask_owners(pulls, pull.number, reader=reader, commit=since, paths=paths, repository=self.repository)
