"""`/api/v1/index`: how the index is, having it read whole, and having it built anew."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import Path
from pydantic import Field

from grove import indexing, repositories
from grove.api.caller import CallerOf
from grove.api.jobs import JobOut, waiting_job
from grove.api.routing import needs, router_at
from grove.api.shapes import Cursor, Limit, Line, Page, Received, Shown, decode_cursor, page_of
from grove.indexing import RepositoryIndex
from grove.repositories import Index, Repository
from grove.snapshots import SnapshotPin
from grove.vectors import EmbedArguments, VectorTotals

CommitId = Annotated[str, Path(pattern="^(?:[0-9a-f]{40}|[0-9a-f]{64})$", description="The whole id of the commit.")]
router = router_at("/api/v1/index", tag="index")


class VectorsOut(Shown):
    """Vectors by the chosen model; while it has not made them all, those by others serve."""

    model: str
    chunks_done: int = Field(description="How many chunks have a vector by the model, of all there are.")
    texts_cut: int = Field(description="How many chunks were too long for the model, and are known by their beginning.")
    stored_bytes: int
    others: dict[str, int] = Field(description="Models that were used before, and of how many chunks.")
    store: str = Field(description="Who finds the nearest vectors: `segments` or `qdrant`.")
    chunks_in_store: int = Field(description="How many chunks the vector store has; the index answers for the rest.")

    @classmethod
    def of(cls, totals: VectorTotals) -> Self:
        """As people see it."""
        return cls(
            model=totals.model,
            chunks_done=totals.chunks_done,
            texts_cut=totals.texts_cut,
            stored_bytes=totals.stored_bytes,
            others=dict(totals.others),
            store=totals.store,
            chunks_in_store=totals.chunks_in_store,
        )


class IndexOut(Shown):
    """The whole index: `source_bytes` is what its chunks hold, each once; `ratio` what is stored by that."""

    format_version: int
    vectors: VectorsOut
    generation: int
    segments: int
    snapshots: int
    chunks: int
    source_bytes: int
    stored_bytes: int
    ratio: float
    damaged: int = Field(description="How many repositories are being built again because of damage.")


class RepositoryIndexOut(Shown):
    """The index of a repository; `commit` and what follows are of its default branch."""

    repository_id: UUID
    repository: str
    state: Index
    snapshots: int
    snapshot_bytes: int
    commit: str | None
    files: int
    chunks: int
    source_bytes: int
    current: bool = Field(description="Whether the default branch is indexed as the mirror has it.")
    damaged: bool = Field(description="Whether a damaged part went out of service and is not built again yet.")
    indexed_at: datetime | None

    @classmethod
    def of(cls, status: RepositoryIndex) -> Self:
        """As people see it."""
        return cls(
            repository_id=UUID(status.repository.id),
            repository=status.repository.name,
            state=status.repository.index,
            snapshots=status.snapshots,
            snapshot_bytes=status.snapshot_bytes,
            commit=status.commit,
            files=status.files,
            chunks=status.chunks,
            source_bytes=status.source_bytes,
            current=status.current,
            damaged=status.damaged,
            indexed_at=status.repository.indexed_at,
        )


class VerifyIn(Received):
    """What is to be read whole."""

    repository_id: UUID | None = Field(default=None, description="The repository; the whole index, if left out.")


class EmbedIn(Received):
    """What is to be done with the vectors."""

    refill: bool = Field(default=False, description="Empty the vector store first, and fill it from the index again.")


class RebuildIn(Received):
    """What is to be built anew."""

    repository_id: UUID


class PinIn(Received):
    """What is to stay indexed."""

    repository_id: UUID
    revision: Line = Field(description="Branch, tag or commit; what it means now is pinned.")
    reason: str = Field(default="", max_length=500)


class PinOut(Shown):
    """A commit that stays indexed; `revision` is what it was called when it was pinned."""

    repository_id: UUID
    repository: str
    commit: str
    revision: str
    reason: str
    pinned_by: UUID
    pinned_at: datetime

    @classmethod
    def of(cls, pin: SnapshotPin, repository: Repository) -> Self:
        """As people see it."""
        return cls(
            repository_id=UUID(pin.repository_id),
            repository=repository.name,
            commit=pin.commit,
            revision=pin.revision,
            reason=pin.reason,
            pinned_by=UUID(pin.pinned_by),
            pinned_at=pin.pinned_at,
        )


@router.get("", openapi_extra=needs("index.view"))
def get_index(caller: CallerOf) -> IndexOut:
    """The whole index: its size, its format, how much of it is damaged."""
    with caller.reading() as tx:
        totals = indexing.index_totals(tx, actor=caller.actor)
        vectors = caller.grove.vectors.totals(tx, actor=caller.actor)
    return IndexOut(
        format_version=totals.format_version,
        vectors=VectorsOut.of(vectors),
        generation=totals.generation,
        segments=totals.segments,
        snapshots=totals.snapshots,
        chunks=totals.chunks,
        source_bytes=totals.source_bytes,
        stored_bytes=totals.stored_bytes,
        ratio=totals.ratio,
        damaged=totals.damaged,
    )


@router.get("/repositories", openapi_extra=needs("index.view"))
def list_indexes(caller: CallerOf, *, limit: Limit = 50, cursor: Cursor = "") -> Page[RepositoryIndexOut]:
    """The index of each repository, by name."""
    with caller.reading() as tx:
        shown = repositories.list_repositories(tx, actor=caller.actor, after=decode_cursor(cursor), limit=limit + 1)
        found = indexing.status_of(tx, actor=caller.actor, shown=shown)
    return page_of(found, RepositoryIndexOut.of, limit=limit, position=lambda status: status.repository.name)


@router.get("/repositories/{repository_id}", openapi_extra=needs("index.view"))
def get_repository_index(repository_id: UUID, caller: CallerOf) -> RepositoryIndexOut:
    """The index of a repository."""
    with caller.reading() as tx:
        shown = repositories.get_repository(tx, actor=caller.actor, repository_id=str(repository_id))
        [status] = indexing.status_of(tx, actor=caller.actor, shown=[shown])
    return RepositoryIndexOut.of(status)


@router.post("/verify", status_code=202, openapi_extra=needs("index.verify"))
def verify_index(wanted: VerifyIn, caller: CallerOf) -> JobOut:
    """Have the index read whole; what is damaged goes out of service and is built again by itself."""
    repository_id = str(wanted.repository_id) if wanted.repository_id else None
    with caller.writing() as tx:
        target_id = indexing.request_verification(tx, actor=caller.actor, repository_id=repository_id, now=caller.now)
        job = waiting_job(tx, actor=caller.actor, target_id=target_id, kind="index.verify")
    return JobOut.model_validate(job)


@router.post("/rebuild", status_code=202, openapi_extra=needs("index.rebuild"))
def rebuild_index(wanted: RebuildIn, caller: CallerOf) -> JobOut:
    """Have the index of a repository built anew from its mirror; what there is serves meanwhile."""
    with caller.writing() as tx:
        repository = indexing.request_rebuild(
            tx, actor=caller.actor, repository_id=str(wanted.repository_id), now=caller.now
        )
        job = waiting_job(tx, actor=caller.actor, target_id=repository.id, kind="index.rebuild")
    return JobOut.model_validate(job)


@router.post("/vectors", status_code=202, openapi_extra=needs("index.rebuild"))
def embed_index(wanted: EmbedIn, caller: CallerOf) -> JobOut:
    """Have the vectors made that the chosen model has not made yet; those that there are serve meanwhile."""
    with caller.writing() as tx:
        caller.grove.vectors.request(tx, actor=caller.actor, refill=wanted.refill, now=caller.now)
        job = waiting_job(tx, actor=caller.actor, target_id=caller.actor.tenant_id, kind=EmbedArguments.kind)
    return JobOut.model_validate(job)


@router.get("/pins", openapi_extra=needs("index.view"))
def list_pins(caller: CallerOf, *, repository_id: UUID | None = None) -> Page[PinOut]:
    """The commits that stay indexed whatever their branches do, the newest pin first."""
    with caller.reading() as tx:
        if repository_id is None:
            shown = repositories.list_visible(tx, actor=caller.actor)
        else:
            shown = [repositories.get_repository(tx, actor=caller.actor, repository_id=str(repository_id))]
        pins = indexing.list_pins(tx, actor=caller.actor, shown=shown)
    named = {repository.id: repository for repository in shown}
    return Page(items=[PinOut.of(pin, named[pin.repository_id]) for pin in pins])


@router.post("/pins", status_code=201, openapi_extra=needs("index.pin"))
def pin_commit(wanted: PinIn, caller: CallerOf) -> PinOut:
    """Have a commit stay indexed; it is indexed if it is not yet."""
    identifier = str(wanted.repository_id)
    pin = caller.grove.pins.pin(
        caller.actor, repository_id=identifier, revision=wanted.revision, reason=wanted.reason, now=caller.now
    )
    with caller.reading() as tx:
        return PinOut.of(pin, repositories.get_repository(tx, actor=caller.actor, repository_id=identifier))


@router.delete("/pins/{repository_id}/{commit}", openapi_extra=needs("index.pin"))
def unpin_commit(repository_id: UUID, commit: CommitId, caller: CallerOf) -> PinOut:
    """Let a commit go when no branch needs it; what its pin was."""
    identifier = str(repository_id)
    pin = caller.grove.pins.unpin(caller.actor, repository_id=identifier, commit=commit, now=caller.now)
    with caller.reading() as tx:
        return PinOut.of(pin, repositories.get_repository(tx, actor=caller.actor, repository_id=identifier))
