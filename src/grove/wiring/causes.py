"""What causes what: events, and the work that follows in the same transaction."""

from grove import (
    accounts,
    activity,
    checkouts,
    exports,
    followings,
    freshness,
    grants,
    indexing,
    promotions,
    quotas,
    retention,
    scip,
)
from grove.git import HostBusy
from grove.indexing import HeadsPublished
from grove.jobs import Arguments, JobRefused, enqueue
from grove.kit.gate import Source
from grove.kit.transactions import Handlers, Transaction
from grove.mirrors import (
    MirrorFoundCurrent,
    MirrorGrowing,
    MirrorPublished,
    MoveArguments,
    SyncArguments,
    SyncFailed,
)
from grove.policies import PoliciesRolledBack
from grove.repositories import (
    HistoryPolicyChanged,
    RepositoryApproved,
    RepositoryConnected,
    RepositoryCooled,
    RepositoryEvent,
    RepositoryMoved,
    RepositoryMoveWanted,
    RepositoryRegrouped,
    RepositoryRemoved,
    RepositorySyncRequested,
    RepositoryWarmed,
    TrackingChanged,
    cold_among,
    repository_of_job,
    restore_repository,
)
from grove.usage import RepositoriesUsed
from grove.vectors import EmbedArguments
from grove.workspaces import KEEP_UP_JOB, WorkspaceClosed, WorkspaceOpened, is_upkeep_due, refuse_removal

MERGE_DELAY_SECONDS = 3.0
"""Merges are in no hurry: whatever is due goes first."""


def _enqueue_for(event: RepositoryEvent, tx: Transaction, kind: str | Arguments) -> None:
    enqueue(
        tx,
        tenant_id=event.tenant_id,
        kind=kind,
        target_id=event.repository_id,
        requested_by=event.actor_id,
        now=event.at,
    )


def _mirror_approved(tx: Transaction, event: RepositoryApproved) -> None:
    _enqueue_for(event, tx, SyncArguments())


def _hold_quotas(tx: Transaction, event: RepositoryConnected) -> None:
    quotas.hold_repository(
        tx,
        tenant_id=event.tenant_id,
        project_id=event.project_id,
        requested_by=event.actor_id,
        now=event.at,
    )


def _hold_project(tx: Transaction, event: RepositoryRegrouped) -> None:
    quotas.hold_project(tx, tenant_id=event.tenant_id, project_id=event.project_id, now=event.at)


def _hold_workspaces(tx: Transaction, event: WorkspaceOpened) -> None:
    quotas.hold_workspaces(tx, tenant_id=event.tenant_id, owner_id=event.actor_id, now=event.at)


def _hold_growth(tx: Transaction, event: MirrorGrowing | scip.ScipGrowing) -> None:
    repository = repository_of_job(tx, tenant_id=event.tenant_id, repository_id=event.repository_id)
    quotas.hold_growth(
        tx,
        tenant_id=event.tenant_id,
        project_id=repository.project_id,
        requested_by=event.actor_id,
        grown_bytes=event.grown_bytes,
        now=event.at,
    )


def _hold_jobs(tx: Transaction, event: RepositorySyncRequested | exports.ExportBegun | scip.ScipWanted) -> None:
    """Only what people ask for: what Grove does by itself has its own pace."""
    if not accounts.is_steward(tx.session, principal_id=event.actor_id):
        quotas.hold_jobs(tx, tenant_id=event.tenant_id, requested_by=event.actor_id, now=event.at)


def _hold_upload(tx: Transaction, event: scip.ScipUploading) -> None:
    """Reading an index is work like that of a job, though somebody waits for it."""
    quotas.hold_jobs(tx, tenant_id=event.tenant_id, requested_by=event.actor_id, now=event.at, more=1)


def _mirror_again(tx: Transaction, event: RepositorySyncRequested) -> None:
    _enqueue_for(event, tx, SyncArguments(accept_ref_loss=event.accept_ref_loss))


def _move(tx: Transaction, event: RepositoryMoveWanted) -> None:
    _enqueue_for(event, tx, MoveArguments(url=event.url, credential_id=event.credential_id))


def _follow_move(tx: Transaction, event: RepositoryMoved) -> None:
    """From now on the new host is asked and polled; what is there is fetched at once."""
    grants.follow_host(tx, repository_id=event.repository_id, host=event.host)
    freshness.follow_host(tx, repository_id=event.repository_id, host=event.host)
    _enqueue_for(event, tx, SyncArguments())


def _cool(tx: Transaction, event: RepositoryCooled) -> None:
    _enqueue_for(event, tx, "repository.cool")


def _warm_up(tx: Transaction, event: RepositoriesUsed) -> None:
    """Nobody waits for cold repositories longer than for their index."""
    for repository_id in cold_among(tx, tenant_id=event.tenant_id, repository_ids=event.repository_ids):
        steward = accounts.steward(tx, tenant_id=event.tenant_id, source=Source.WORKER, now=event.at)
        restore_repository(tx, actor=steward, repository_id=repository_id, now=event.at)


def _apply_retention(tx: Transaction, event: retention.RetentionWanted) -> None:
    enqueue(
        tx,
        tenant_id=event.tenant_id,
        kind=retention.APPLY_JOB,
        target_id=event.tenant_id,
        requested_by=event.actor_id,
        now=event.at,
        delay_seconds=(event.due_at - event.at).total_seconds(),
    )


def _index_commits(
    tx: Transaction, event: MirrorPublished | RepositoryWarmed | TrackingChanged | indexing.PinsChanged
) -> None:
    _enqueue_for(event, tx, "snapshot.index")


def _index_history(tx: Transaction, event: HeadsPublished | HistoryPolicyChanged) -> None:
    _enqueue_for(event, tx, indexing.HISTORY_JOB)


def _index_symbols(tx: Transaction, event: HeadsPublished | scip.ScipWanted) -> None:
    if scip.is_made_here(tx, repository_id=event.repository_id):
        _enqueue_for(event, tx, scip.MAKING_JOB)


def _tell_refusal(tx: Transaction, event: JobRefused) -> None:
    """Somebody can write to the database: whoever reads the trail has to hear of it."""
    activity.record(
        tx,
        actor=accounts.steward(tx, tenant_id=event.tenant_id, source=Source.WORKER, now=event.at),
        action="job.refuse",
        target_kind="job",
        target_id=event.job_id,
        now=event.at,
        kind=event.kind,
        about=event.target_id,
        requested_by=event.requested_by,
    )


def _pause_following(tx: Transaction, event: PoliciesRolledBack) -> None:
    followings.pause_following(tx, tenant_id=event.tenant_id, by=event.actor_name, now=event.at)


def _check_access(tx: Transaction, event: grants.AccessCheckRequested) -> None:
    _enqueue_for(event, tx, grants.CHECK_JOB)


def _confirm_access(tx: Transaction, event: MirrorPublished | MirrorFoundCurrent) -> None:
    grants.record_fetch(tx, repository_id=event.repository_id, tenant_id=event.tenant_id, now=event.at)


def _doubt_access(tx: Transaction, event: SyncFailed) -> None:
    grants.record_failure(
        tx, repository_id=event.repository_id, tenant_id=event.tenant_id, code=event.code, now=event.at
    )


def _sync_returned(tx: Transaction, event: grants.AccessReturned) -> None:
    _enqueue_for(event, tx, SyncArguments())


def _keep_up(tx: Transaction, event: RepositoryApproved) -> None:
    freshness.begin_freshness(tx, tenant_id=event.tenant_id, repository_id=event.repository_id, now=event.at)
    grants.begin_checks(tx, tenant_id=event.tenant_id, repository_id=event.repository_id, now=event.at)


def _resume_host(tx: Transaction, event: MirrorPublished | MirrorFoundCurrent) -> None:
    freshness.resume_host(tx, host=event.host)


def _follow_promotions(tx: Transaction, event: MirrorPublished | MirrorFoundCurrent) -> None:
    if promotions.has_open(tx, repository_id=event.repository_id):
        _enqueue_for(event, tx, promotions.FOLLOW_JOB)


def _pause_busy_host(tx: Transaction, event: SyncFailed) -> None:
    if event.code == HostBusy.code:
        freshness.pause_host(tx, host=event.host, told_seconds=event.retry_after_seconds, now=event.at)


def _follow_policies(tx: Transaction, event: MirrorPublished) -> None:
    follower = followings.is_followed(tx, tenant_id=event.tenant_id, repository_id=event.repository_id)
    if follower is not None:
        followings.enqueue_following(tx, tenant_id=event.tenant_id, requested_by=follower, now=event.at)


def _keep_workspaces_up(tx: Transaction, event: MirrorPublished) -> None:
    if is_upkeep_due(tx, repository_id=event.repository_id):
        _enqueue_for(event, tx, KEEP_UP_JOB)


def _refuse_removal(tx: Transaction, event: RepositoryRemoved) -> None:
    refuse_removal(tx, repository_id=event.repository_id)


def _remove(tx: Transaction, event: RepositoryRemoved) -> None:
    _enqueue_for(event, tx, "repository.remove")


def _close_checkout(tx: Transaction, event: WorkspaceClosed) -> None:
    if checkouts.has_checkout(tx, workspace_id=event.workspace_id):
        enqueue(
            tx,
            tenant_id=event.tenant_id,
            kind=checkouts.TRASH_JOB,
            target_id=event.workspace_id,
            requested_by=event.actor_id,
            now=event.at,
        )


def _repair_index(tx: Transaction, event: indexing.IndexDamaged) -> None:
    _enqueue_for(event, tx, "snapshot.index")
    _merge(tx, event)


def _rebuild_index(tx: Transaction, event: indexing.IndexRebuildRequested) -> None:
    _enqueue_for(event, tx, "index.rebuild")


def _verify_index(tx: Transaction, event: indexing.IndexVerificationRequested) -> None:
    enqueue(
        tx,
        tenant_id=event.tenant_id,
        kind="index.verify",
        target_id=event.target_id,
        requested_by=event.actor_id,
        now=event.at,
    )


def _merge_if_due(tx: Transaction, event: RepositoryEvent) -> None:
    if indexing.is_merge_due(tx, tenant_id=event.tenant_id):
        _merge(tx, event)


def _merge(tx: Transaction, event: RepositoryEvent) -> None:
    enqueue(
        tx,
        tenant_id=event.tenant_id,
        kind="index.merge",
        target_id=event.tenant_id,
        requested_by=event.actor_id,
        now=event.at,
        delay_seconds=MERGE_DELAY_SECONDS,
    )


def _embed(tx: Transaction, event: RepositoryEvent) -> None:
    enqueue(
        tx,
        tenant_id=event.tenant_id,
        kind=EmbedArguments(),
        target_id=event.tenant_id,
        requested_by=event.actor_id,
        now=event.at,
    )


WHEN: Handlers = {
    RepositoryConnected: [_hold_quotas],
    RepositoryApproved: [_mirror_approved, _keep_up],
    RepositoryRegrouped: [_hold_project],
    RepositorySyncRequested: [_mirror_again, _hold_jobs],
    MirrorGrowing: [_hold_growth],
    exports.ExportBegun: [_hold_jobs],
    RepositoryMoveWanted: [_move],
    RepositoryMoved: [_follow_move],
    grants.AccessCheckRequested: [_check_access],
    grants.AccessReturned: [_sync_returned],
    JobRefused: [_tell_refusal],
    PoliciesRolledBack: [_pause_following],
    RepositoryCooled: [_cool],
    RepositoryWarmed: [_index_commits],
    TrackingChanged: [_index_commits],
    RepositoriesUsed: [_warm_up],
    retention.RetentionWanted: [_apply_retention],
    MirrorPublished: [
        _index_commits,
        _confirm_access,
        _resume_host,
        _follow_promotions,
        _keep_workspaces_up,
        _follow_policies,
    ],
    MirrorFoundCurrent: [_confirm_access, _resume_host, _follow_promotions],
    HeadsPublished: [_index_history, _index_symbols, _merge_if_due],
    HistoryPolicyChanged: [_index_history],
    scip.ScipWanted: [_index_symbols, _hold_jobs],
    scip.ScipUploading: [_hold_upload],
    scip.ScipGrowing: [_hold_growth],
    SyncFailed: [_pause_busy_host, _doubt_access],
    indexing.PinsChanged: [_index_commits],
    indexing.IndexGrown: [_merge_if_due],
    indexing.IndexDamaged: [_repair_index],
    indexing.IndexRebuildRequested: [_rebuild_index],
    indexing.IndexVerificationRequested: [_verify_index],
    RepositoryRemoved: [_refuse_removal, _remove],
    WorkspaceOpened: [_hold_workspaces],
    WorkspaceClosed: [_close_checkout],
}
"""What causes what."""

WHEN_EMBEDDED: Handlers = {
    event: [*handlers, _embed] if event in {HeadsPublished, indexing.IndexGrown} else handlers
    for event, handlers in WHEN.items()
}
"""The same where vectors are made by another model than the one that ships, or kept in a vector store."""
