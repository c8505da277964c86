"""`/repos` and `/search`: indexes and search in the words of an older interface, by the same operations.

There an index was made while its caller waited; here a job makes it, and `/repos/{repo_id}/index/status` tells how far
it is. What that interface could narrow a search by and Grove cannot is refused with what to write instead.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from grove import indexing, jobs, repositories
from grove.api.caller import Caller, CallerOf
from grove.api.jobs import waiting_job
from grove.api.registry import LIST_MAX, RepoId, repository_named
from grove.api.routing import needs, router_at
from grove.api.search import QUERY_CHARACTERS_MAX, measured
from grove.api.shapes import Line, Received, Shown
from grove.indexing import RepositoryIndex
from grove.jobs import Job
from grove.repositories import Clone, Index, NotAllowedNow, Repository
from grove.search import DiffRequest, Excerpt, FileMatch, Mode, Question, truth_line

TRUTH_HEADER: Final = "X-Grove-Truth"
HITS_MAX: Final = 100
FILES_MAX: Final = 300
INSTEAD: Final = {
    "component_type": "write type:symbol or sym: into the query",
    "output": "reports are not made; POST /api/v1/exports writes an answer to a file",
    "screen_name": "write the words, or file: into the query",
    "stack_type": "write lang: into the query",
    "tags": "write the words, or file: into the query",
}
"""By what that interface narrowed a search, and what does it here."""
_MODES: Final = {"index.rebuild": "full", "snapshot.index": "update"}
_WORDS: Final = {
    Index.NONE: None,
    Index.BUILDING: "running",
    Index.READY: "completed",
    Index.STALE: "completed",
    Index.FAILED: "error",
}
_CHANGES: Final = {"added": "added", "copied": "added", "removed": "deleted", "renamed": "renamed"}

router = router_at(tag="registry")


class IndexStartedOut(Shown):
    """A job that indexes; one that waits already for the same is enough."""

    status: Literal["started"] = "started"
    message: str
    job_id: UUID | None
    last_commit: str | None


class IndexStatusOut(Shown):
    """How the index is: `last_index_status` is `running`, `completed` or `error`, and null before the first.

    Files are counted while a job reads them. A `full` index is built anew, an `update` reads what has changed.
    """

    repo_id: str
    last_index_mode: str | None
    last_index_status: str | None
    last_index_error: str | None
    last_index_started_at: datetime | None
    last_index_finished_at: datetime | None
    last_index_total_files: int | None
    last_index_processed_files: int | None
    last_indexed_commit: str | None
    last_indexed_at: datetime | None


class PendingOut(Shown):
    """What differs between the commit that is indexed and the one that the mirror has; `more` if that is not all."""

    modified: list[str]
    added: list[str]
    deleted: list[str]
    renamed: list[str]
    more: bool


class MeaningIn(Received):
    """What is looked for, by words and meaning, in one repository or in all."""

    query: Annotated[str, Field(min_length=1, max_length=QUERY_CHARACTERS_MAX)]
    repo_id: Line | None = None
    k: Annotated[int, Field(ge=1, le=HITS_MAX)] = 5

    @model_validator(mode="before")
    @classmethod
    def _refuse_others(cls, given: Any) -> Any:
        """Say what to write instead of what narrowed a search there."""
        for name, instead in INSTEAD.items():
            if isinstance(given, dict) and name in given:
                raise PydanticCustomError("not_here", "{name}: {instead}", {"name": name, "instead": instead})
        return given


class HitPayloadOut(Shown):
    """Where a hit is."""

    repo: str
    path: str
    symbol: str | None
    branch: str
    commit_sha: str
    lines: tuple[int, int]
    language: str


class HitOut(Shown):
    """A place that answers the question."""

    id: str
    score: float
    payload: HitPayloadOut
    block_text: str

    @classmethod
    def of(cls, match: FileMatch, excerpt: Excerpt) -> "HitOut":
        """In the words of this route."""
        address = match.address
        symbol = excerpt.symbol.name if excerpt.symbol else None
        return cls(
            id=f"{address.repository}:{address.path}#{excerpt.first_line}-{excerpt.last_line}@{address.commit}",
            score=excerpt.score,
            payload=HitPayloadOut(
                repo=address.repository,
                path=address.path,
                symbol=symbol,
                branch=address.revision,
                commit_sha=address.commit,
                lines=(excerpt.first_line, excerpt.last_line),
                language=match.language,
            ),
            block_text="\n".join(line.text for line in excerpt.lines),
        )


@router.get("/repos", openapi_extra=needs("repository.list"))
def list_mirrored(caller: CallerOf) -> list[str]:
    """The names of the repositories whose mirror is here, 1,000 at most."""
    with caller.reading() as tx:
        found = repositories.list_repositories(tx, actor=caller.actor, limit=LIST_MAX)
    return [each.name for each in found if each.clone is Clone.PRESENT]


@router.post("/repos/{repo_id:path}/index/full", status_code=202, openapi_extra=needs("index.rebuild"))
def index_whole(repo_id: RepoId, caller: CallerOf) -> IndexStartedOut:
    """Have the index built anew from the mirror; what there is serves meanwhile."""
    repository = repository_named(caller, repo_id)
    with caller.writing() as tx:
        indexing.request_rebuild(tx, actor=caller.actor, repository_id=repository.id, now=caller.now)
        job = waiting_job(tx, actor=caller.actor, target_id=repository.id, kind="index.rebuild")
    return _started(repository, job, "The index is built anew")


@router.post("/repos/{repo_id:path}/index/update", status_code=202, openapi_extra=needs("repository.sync"))
def index_changes(repo_id: RepoId, caller: CallerOf) -> IndexStartedOut:
    """Have the mirror brought up to date, and what has changed indexed."""
    repository = repository_named(caller, repo_id)
    with caller.writing() as tx:
        repositories.request_sync(tx, actor=caller.actor, repository_id=repository.id, now=caller.now)
        job = waiting_job(tx, actor=caller.actor, target_id=repository.id, kind="mirror.sync")
    return _started(repository, job, "The mirror is brought up to date, and the index after it")


@router.get("/repos/{repo_id:path}/index/status", openapi_extra=needs("index.view"))
def show_index_status(repo_id: RepoId, caller: CallerOf) -> IndexStatusOut:
    """How far the index of a repository is."""
    status = _index_of(caller, repo_id)
    with caller.reading() as tx:
        recent = jobs.list_jobs(tx, actor=caller.actor, target_id=status.repository.id)
    last = next((job for job in recent if job.kind in _MODES), None)
    is_under_way = last is not None and not last.state.is_final
    counts = last.progress if last is not None and last.progress.get("unit") == "files" else {}
    problem = (last.error if last is not None else None) or {}
    return IndexStatusOut(
        repo_id=status.repository.name,
        last_index_mode=_MODES[last.kind] if last is not None else None,
        last_index_status="running" if is_under_way else _WORDS[status.repository.index],
        last_index_error=problem.get("message"),
        last_index_started_at=last.started_at if last is not None else None,
        last_index_finished_at=last.finished_at if last is not None else None,
        last_index_total_files=counts.get("total"),
        last_index_processed_files=counts.get("done"),
        last_indexed_commit=status.commit,
        last_indexed_at=status.repository.indexed_at,
    )


@router.get("/repos/{repo_id:path}/status", openapi_extra=needs("file.read"))
def show_pending(repo_id: RepoId, caller: CallerOf) -> PendingOut:
    """Which files the mirror's default branch has otherwise than the index.

    :raises NotAllowedNow: if nothing of it is indexed.
    """
    status = _index_of(caller, repo_id)
    repository = status.repository
    if status.commit is None and repository.indexed_at is not None:
        return PendingOut(modified=[], added=[], deleted=[], renamed=[], more=False)  # it is empty
    if status.commit is None:
        raise NotAllowedNow(repository=repository.id, field="index", state=repository.index, wanted=Index.READY)
    request = DiffRequest(before=status.commit, after=repository.default_branch or "", limit=FILES_MAX, context=0)
    found = caller.grove.search.diff(caller.actor, repository=repository.id, request=request)
    by_kind: dict[str, list[str]] = {"modified": [], "added": [], "deleted": [], "renamed": []}
    for file in found.files:
        by_kind[_CHANGES.get(file.kind, "modified")].append(file.path)
    return PendingOut(**by_kind, more=found.more)


@router.post("/search", openapi_extra=needs("search.run"))
def search_by_meaning(wanted: MeaningIn, caller: CallerOf, response: Response) -> list[HitOut]:
    """The places that answer best, by words and meaning; `X-Grove-Truth` says what was searched and what was not."""
    within = (repository_named(caller, wanted.repo_id).name,) if wanted.repo_id else ()
    question = Question(text=wanted.query, mode=Mode.SEMANTIC, repositories=within, limit=wanted.k)
    with measured(caller.edge, question.mode):
        answer = caller.grove.search.run(caller.actor, question)
    line = truth_line(answer.truth).replace(" · ", "; ")
    response.headers[TRUTH_HEADER] = line.encode("ascii", "backslashreplace").decode()
    hits = [HitOut.of(match, excerpt) for match in answer.files for excerpt in match.excerpts]
    return sorted(hits, key=lambda hit: -hit.score)[: wanted.k]


def _started(repository: Repository, job: Job | None, message: str) -> IndexStartedOut:
    return IndexStartedOut(
        message=message,
        job_id=UUID(job.id) if job is not None else None,
        last_commit=repository.head_commit if repository.indexed_at is not None else None,
    )


def _index_of(caller: Caller, name: str) -> RepositoryIndex:
    repository = repository_named(caller, name)
    with caller.reading() as tx:
        [status] = indexing.status_of(tx, actor=caller.actor, shown=[repository])
    return status
