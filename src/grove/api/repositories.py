"""`/api/v1/repositories`: connecting, looking at, bringing up to date, removing."""

from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from grove import accounts, mirrors, repositories, retention, snapshots
from grove.api.caller import Caller, CallerOf
from grove.api.connecting import connect, look_at
from grove.api.history import HistoryOut
from grove.api.jobs import JobOut, waiting_job
from grove.api.retention import NoticeOut
from grove.api.routing import needs, router_at
from grove.api.shapes import (
    Address,
    Branches,
    Cursor,
    Limit,
    Line,
    Page,
    Password,
    Received,
    Shown,
    Wanted,
    Words,
    decode_cursor,
    page_of,
)
from grove.kit.transactions import Transaction
from grove.repositories import (
    Access,
    Approval,
    Clone,
    Index,
    Lifecycle,
    Permissions,
    Repository,
    ScreenStatus,
    screen_status_of,
    why_not_ready,
)

POLL_SECONDS: Final = 1

router = router_at("/api/v1/repositories", tag="repositories")


class SourceIn(Received):
    """A repository that is to be kept: an https:// address, or the path of a folder that the administrator allows."""

    url: Address = Field(examples=["https://github.com/acme/payments-api.git"])
    access_token: Password | None = None
    username: Line | None = None
    credential: Line | None = Field(default=None, description="Id or name of a credential, instead of a token.")
    project: Line | None = Field(default=None, description="Id or name; the default project if it is left out.")
    name: Line | None = Field(default=None, description="What to call it; made from the address if it is left out.")
    branches: Branches = Field(default=["*"])
    reason: Words = ""

    def source(self) -> mirrors.Source:
        """As the core has it."""
        return mirrors.Source(
            address=self.url,
            access_token=self.access_token.get_secret_value() if self.access_token else None,
            username=self.username,
            project=self.project,
            name=self.name,
            tracked=tuple(self.branches),
            reason=self.reason,
        )


class SourceOut(Shown):
    """What a look at a repository has shown; nothing was kept."""

    name: str
    url: str
    host: str
    forge: str
    local: bool
    default_branch: str | None
    head_commit: str | None
    branch_count: int
    tag_count: int
    estimated_bytes: int | None
    limit_bytes: int
    branches: list[str]


class RepositoryOut(Shown):
    """A repository: the word that people see, and the four states behind it."""

    id: UUID
    name: str
    url: str
    host: str
    forge: str
    local: bool
    project_id: UUID
    credential_id: UUID | None
    status: ScreenStatus
    approval: Approval
    clone: Clone
    index: Index
    lifecycle: Lifecycle
    problem: dict[str, Any] | None
    request_reason: str
    decision: dict[str, Any] | None
    why: str
    default_branch: str | None
    head_commit: str | None
    tracked: list[str]
    size_bytes: int | None
    estimated_bytes: int | None
    requested_by: UUID
    owners: list[str]
    access: Access
    access_confirmed_at: datetime | None
    access_problem: dict[str, Any] | None
    permissions: Permissions
    readers_read_at: datetime | None
    archived: bool = Field(description="Whether its forge says that it is archived there.")
    moved_to: dict[str, Any] | None = Field(
        description="Where its forge says that it is now, and why it is not yet fetched from there."
    )
    created_at: datetime
    updated_at: datetime
    synced_at: datetime | None
    indexed_at: datetime | None

    @classmethod
    def of(cls, repository: Repository) -> Self:
        """As people see it."""
        return cls.model_validate(_fields(repository))


class HeadOut(Shown):
    """A branch that can be searched: at which commit, how much of it is in the index, and what is not and why."""

    branch: str
    commit: str
    file_count: int
    indexed_file_count: int
    source_bytes: int
    skipped: dict[str, int]
    languages: dict[str, int]
    published_at: datetime


class RepositoryDetailOut(RepositoryOut):
    """A repository with the branches that can be searched, and what of its past is indexed ahead."""

    heads: list[HeadOut]
    history: HistoryOut
    notice: NoticeOut | None
    aliases: list[str] = Field(description="The addresses that it had before.")


class ConnectedOut(Shown):
    """A repository that was registered, and the job that mirrors it; none while it waits for approval."""

    repository: RepositoryOut
    job_id: UUID | None


class AcceptedOut(Shown):
    """Work that was begun."""

    repository: RepositoryOut
    job: JobOut


class SyncIn(Received):
    """How to bring a mirror up to date."""

    accept_ref_loss: bool = Field(default=False, description="Take over that most branches are gone upstream.")


class ReasonIn(Received):
    """Why; whoever asked for the repository sees it."""

    reason: Words = Field(min_length=1)


class ArchivingIn(Received):
    """Why a repository is put aside."""

    reason: Words = ""


class RefOut(Shown):
    """A branch or tag of the mirror."""

    name: str
    commit: str


@router.post("", status_code=201, openapi_extra=needs("repository.connect"))
def connect_repository(wanted: SourceIn, caller: CallerOf, response: Response) -> ConnectedOut:
    """Look at a repository, register it, and have it mirrored; or have it wait for somebody who may approve it."""
    repository, job = connect(caller, wanted.source(), credential=wanted.credential)
    response.headers["Location"] = f"{router.prefix}/{repository.id}"
    return ConnectedOut(repository=RepositoryOut.of(repository), job_id=UUID(job.id) if job else None)


@router.post("/check", openapi_extra=needs("repository.check"))
def check_repository(wanted: SourceIn, caller: CallerOf) -> SourceOut:
    """Look at a repository without keeping anything: is it there, is the credential good, how large is it."""
    return SourceOut.model_validate(look_at(caller, wanted.source(), credential=wanted.credential)[0])


@router.get("", openapi_extra=needs("repository.list"))
def list_repositories(
    caller: CallerOf, *, limit: Limit = 50, cursor: Cursor = "", query: Wanted = "", project: Wanted = ""
) -> Page[RepositoryOut]:
    """Repositories by name; `query` is a part of the name, `project` an id or a name."""
    with caller.reading() as tx:
        project_id = accounts.find_project(tx, actor=caller.actor, project=project).id if project else None
        found = repositories.list_repositories(
            tx,
            actor=caller.actor,
            project_id=project_id,
            containing=query,
            after=decode_cursor(cursor),
            limit=limit + 1,
        )
    return page_of(found, RepositoryOut.of, limit=limit, position=lambda repository: repository.name)


@router.get("/by-name/{name:path}", openapi_extra=needs("repository.view"))
def find_repository(name: Address, caller: CallerOf) -> RepositoryDetailOut:
    """A repository by its name, its address, or the unmistakable end of its name."""
    with caller.reading() as tx:
        return _detail(tx, repositories.find_repository(tx, actor=caller.actor, name=name))


@router.get("/{repository_id}", openapi_extra=needs("repository.view"))
def get_repository(repository_id: UUID, caller: CallerOf) -> RepositoryDetailOut:
    """A repository with its states, its problem if it has one, and the branches that can be searched."""
    with caller.reading() as tx:
        return _detail(tx, repositories.get_repository(tx, actor=caller.actor, repository_id=str(repository_id)))


@router.get("/{repository_id}/refs", openapi_extra=needs("repository.view"))
def list_refs(
    repository_id: UUID,
    caller: CallerOf,
    limit: Annotated[int, Query(ge=1, le=5_000)] = 1_000,
    cursor: Cursor = "",
) -> Page[RefOut]:
    """The branches and tags of the mirror, by name."""
    after = decode_cursor(cursor)
    with caller.reading() as tx:
        repository = repositories.get_repository(tx, actor=caller.actor, repository_id=str(repository_id))
        refs = mirrors.refs_to_show(tx, repository=repository)
    found = [RefOut(name=name, commit=commit) for name, commit in sorted(refs.items()) if name > after]
    return page_of(found, lambda ref: ref, limit=limit, position=lambda ref: ref.name)


@router.post("/{repository_id}/sync", status_code=202, openapi_extra=needs("repository.sync"))
def sync_repository(
    repository_id: UUID, caller: CallerOf, response: Response, wanted: SyncIn | None = None
) -> AcceptedOut:
    """Have the mirror brought up to date, and the index after it."""
    with caller.writing() as tx:
        repository = repositories.request_sync(
            tx,
            actor=caller.actor,
            repository_id=str(repository_id),
            now=caller.now,
            accept_ref_loss=wanted is not None and wanted.accept_ref_loss,
        )
        return accepted(tx, caller, response, repository, kind="mirror.sync")


@router.post("/{repository_id}/approve", openapi_extra=needs("repository.approve"))
def approve_repository(repository_id: UUID, caller: CallerOf) -> RepositoryOut:
    """Allow a requested repository to be mirrored; nobody approves what they asked for themselves."""
    with caller.writing() as tx:
        approved = repositories.approve_repository(
            tx, actor=caller.actor, repository_id=str(repository_id), now=caller.now
        )
    return RepositoryOut.of(approved)


@router.post("/{repository_id}/reject", openapi_extra=needs("repository.reject"))
def reject_repository(repository_id: UUID, refusal: ReasonIn, caller: CallerOf) -> RepositoryOut:
    """Refuse a requested repository."""
    with caller.writing() as tx:
        rejected = repositories.reject_repository(
            tx, actor=caller.actor, repository_id=str(repository_id), reason=refusal.reason, now=caller.now
        )
    return RepositoryOut.of(rejected)


@router.post("/{repository_id}/revoke", openapi_extra=needs("repository.revoke"))
def revoke_approval(repository_id: UUID, refusal: ReasonIn, caller: CallerOf) -> RepositoryOut:
    """Take an approval back: from the next question on nothing of the repository is shown."""
    with caller.writing() as tx:
        revoked = repositories.revoke_approval(
            tx, actor=caller.actor, repository_id=str(repository_id), reason=refusal.reason, now=caller.now
        )
    return RepositoryOut.of(revoked)


@router.post("/{repository_id}/request", openapi_extra=needs("repository.connect"))
def request_again(repository_id: UUID, wanted: ReasonIn, caller: CallerOf) -> RepositoryOut:
    """Ask once more for a repository that was rejected or revoked."""
    with caller.writing() as tx:
        asked = repositories.request_again(
            tx, actor=caller.actor, repository_id=str(repository_id), reason=wanted.reason, now=caller.now
        )
    return RepositoryOut.of(asked)


@router.post("/{repository_id}/archive", openapi_extra=needs("repository.archive"))
def archive_repository(repository_id: UUID, caller: CallerOf, wanted: ArchivingIn | None = None) -> RepositoryOut:
    """Put a repository aside: it is neither synced nor searched; its mirror and its index stay."""
    with caller.writing() as tx:
        archived = repositories.archive_repository(
            tx,
            actor=caller.actor,
            repository_id=str(repository_id),
            reason=wanted.reason if wanted else "",
            now=caller.now,
        )
    return RepositoryOut.of(archived)


@router.post("/{repository_id}/restore", openapi_extra=needs("repository.archive"))
def restore_repository(repository_id: UUID, caller: CallerOf) -> RepositoryOut:
    """Take an archived repository back into use, and bring its mirror up to date."""
    with caller.writing() as tx:
        restored = repositories.restore_repository(
            tx, actor=caller.actor, repository_id=str(repository_id), now=caller.now
        )
    return RepositoryOut.of(restored)


@router.delete("/{repository_id}", status_code=202, openapi_extra=needs("repository.remove"))
def remove_repository(repository_id: UUID, caller: CallerOf, response: Response) -> AcceptedOut:
    """Have a repository removed with its mirror, index and credential; the audit trail stays."""
    with caller.writing() as tx:
        removed = repositories.remove_repository(
            tx, actor=caller.actor, repository_id=str(repository_id), now=caller.now
        )
        return accepted(tx, caller, response, removed, kind="repository.remove")


def accepted(tx: Transaction, caller: Caller, response: Response, repository: Repository, *, kind: str) -> AcceptedOut:
    """Say that work was begun, and where to follow it."""
    job = waiting_job(tx, actor=caller.actor, target_id=repository.id, kind=kind)
    assert job is not None  # it commits with the change that caused it
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return AcceptedOut(repository=RepositoryOut.of(repository), job=JobOut.model_validate(job))


def _detail(tx: Transaction, repository: Repository) -> RepositoryDetailOut:
    heads = snapshots.heads_of(tx, repository_id=repository.id) if repository.is_served else []
    found = snapshots.snapshots_named(tx, names=[head.snapshot for head in heads])
    shown = [_head(head, found[head.snapshot]) for head in heads]
    return RepositoryDetailOut.model_validate(
        {
            **_fields(repository),
            "why": repositories.explain_state(tx, repository),
            "heads": shown,
            "notice": retention.notice_of(tx, repository_id=repository.id),
            "history": HistoryOut.of(tx, repository),
            "aliases": repositories.aliases_of(tx, repository_id=repository.id),
        }
    )


def _head(head: snapshots.Head, snapshot: snapshots.Snapshot) -> HeadOut:
    return HeadOut(
        branch=head.branch,
        commit=head.commit,
        file_count=snapshot.file_count,
        indexed_file_count=snapshot.indexed_file_count,
        source_bytes=snapshot.source_bytes,
        skipped=snapshot.skipped,
        languages=snapshot.languages,
        published_at=snapshot.published_at,
    )


def _fields(repository: Repository) -> dict[str, Any]:
    names = RepositoryOut.model_fields.keys() - {"status", "why"}
    told = {"status": screen_status_of(repository), "why": why_not_ready(repository)}
    return {**told, **{name: getattr(repository, name) for name in names}}
