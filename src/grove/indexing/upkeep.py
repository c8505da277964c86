"""What people may ask of an index itself: how it is, to have it read whole, to have it built anew."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from grove import activity, repositories
from grove.indexing.events import IndexRebuildRequested, IndexVerificationRequested
from grove.indexing.parts import FORMAT_VERSION
from grove.indexing.rewrite import JOINED_CHUNKS_MAX, JOINED_MIN
from grove.kit.gate import Actor, Resource
from grove.kit.transactions import Transaction
from grove.repositories import Clone, NotAllowedNow, Repository
from grove.snapshots import Snapshot, damaged_among, list_heads, snapshots_of, stored_size_of


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTotals:
    """The index of a tenant. `source_bytes` is what its chunks hold, each once; `ratio` is what is stored by that."""

    format_version: int
    generation: int
    segments: int
    snapshots: int
    chunks: int
    source_bytes: int
    stored_bytes: int
    ratio: float
    damaged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryIndex:
    """The index of a repository: how many snapshots there are, what the default branch's one holds, how it is.

    `current` says whether the default branch is indexed as the mirror has it, `damaged` whether a part that the
    repository needs went out of service and is not built again yet.
    """

    repository: Repository
    snapshots: int
    snapshot_bytes: int
    commit: str | None
    files: int
    chunks: int
    source_bytes: int
    current: bool
    damaged: bool


def index_totals(tx: Transaction, *, actor: Actor) -> IndexTotals:
    """The whole index of the tenant.

    :raises Denied: if `actor` may not see it.
    """
    tx.require(actor, "index.view", Resource(kind="index", tenant_id=actor.tenant_id))
    size = stored_size_of(tx, tenant_id=actor.tenant_id)
    return IndexTotals(
        format_version=FORMAT_VERSION,
        generation=size.generation,
        segments=len(size.segment_chunks),
        snapshots=size.snapshots,
        chunks=sum(size.segment_chunks),
        source_bytes=size.source_bytes,
        stored_bytes=size.stored_bytes,
        ratio=round(size.stored_bytes / size.source_bytes, 3) if size.source_bytes else 0.0,
        damaged=len(damaged_among(tx, tenant_id=actor.tenant_id)),
    )


def status_of(tx: Transaction, *, actor: Actor, shown: Sequence[Repository]) -> list[RepositoryIndex]:
    """How the indexes of some repositories are, which `actor` has been shown.

    :raises Denied: if `actor` may not see it.
    """
    tx.require(actor, "index.view", Resource(kind="index", tenant_id=actor.tenant_id))
    ids = [repository.id for repository in shown]
    damaged = damaged_among(tx, tenant_id=actor.tenant_id)
    snapshots: dict[str, list[Snapshot]] = defaultdict(list)
    for snapshot in snapshots_of(tx, repositories=ids):
        snapshots[snapshot.repository_id].append(snapshot)
    heads = {(head.repository_id, head.branch): head.snapshot for head in list_heads(tx, repositories=ids)}
    return [
        _status(
            repository,
            snapshots[repository.id],
            head=heads.get((repository.id, repository.default_branch or "")),
            is_damaged=repository.id in damaged,
        )
        for repository in shown
    ]


def request_rebuild(tx: Transaction, *, actor: Actor, repository_id: str, now: datetime) -> Repository:
    """Have the index of a repository built anew; what there is serves meanwhile.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it has no mirror to build from.
    """
    repository = repositories.get_repository(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "index.rebuild", repositories.resource_of(repository))
    if repository.clone is not Clone.PRESENT:
        raise NotAllowedNow(repository=repository.id, field="clone", state=repository.clone, wanted=Clone.PRESENT)
    activity.record(
        tx,
        actor=actor,
        action="index.rebuild_requested",
        target_kind="repository",
        target_id=repository.id,
        now=now,
        name=repository.name,
    )
    wanted = IndexRebuildRequested(tenant_id=actor.tenant_id, repository_id=repository.id, actor_id=actor.id, at=now)
    tx.publish(wanted)
    return repository


def request_verification(tx: Transaction, *, actor: Actor, repository_id: str | None, now: datetime) -> str:
    """Have the index of a repository, or the whole tenant's, read whole; what the job is about.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    target_id = actor.tenant_id
    if repository_id is not None:
        target_id = repositories.get_repository(tx, actor=actor, repository_id=repository_id).id
    tx.require(actor, "index.verify", Resource(kind="index", id=target_id, tenant_id=actor.tenant_id))
    tx.publish(IndexVerificationRequested(tenant_id=actor.tenant_id, target_id=target_id, actor_id=actor.id, at=now))
    return target_id


def is_merge_due(tx: Transaction, *, tenant_id: str) -> bool:
    """Whether there are so many segments of about the same size that joining them is worth a look."""
    chunks_max = JOINED_CHUNKS_MAX // JOINED_MIN
    chunks = stored_size_of(tx, tenant_id=tenant_id).segment_chunks
    sizes = Counter(count.bit_length() // 2 for count in chunks if count <= chunks_max)
    return max(sizes.values(), default=0) >= JOINED_MIN


def _status(
    repository: Repository, snapshots: Sequence[Snapshot], *, head: str | None, is_damaged: bool
) -> RepositoryIndex:
    served = next((snapshot for snapshot in snapshots if snapshot.name == head), None)
    return RepositoryIndex(
        repository=repository,
        snapshots=len(snapshots),
        snapshot_bytes=sum(snapshot.stored_bytes for snapshot in snapshots),
        commit=served.commit if served else None,
        files=served.file_count if served else 0,
        chunks=served.chunk_count if served else 0,
        source_bytes=served.source_bytes if served else 0,
        current=served is not None and served.commit == repository.head_commit,
        damaged=is_damaged,
    )
