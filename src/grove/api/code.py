"""`/api/v1/code`: connecting repositories in the words, bodies and status codes of an older interface.

Its `sandbox_path` is where a mirror is, relative to the data folder: it tells that there is one, and an operator which,
without telling anybody how the machine's disk is laid out. Unlike there, every route needs a token.
"""

from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr, StringConstraints

from grove import mirrors, repositories
from grove.api.caller import Caller, CallerOf
from grove.api.connecting import connect
from grove.api.problems import CODE_PREFIX
from grove.api.routing import needs, router_at
from grove.api.shapes import Address, Received, Shown
from grove.repositories import Clone, Repository, clone_status_of

MEGABYTE: Final = 1024 * 1024
LIST_MAX: Final = 1_000
_PROGRESS: Final = {
    "PENDING": "Repository clone is queued",
    "CLONING": "Repository clone is in progress",
    "COMPLETED": "Repository successfully cloned",
    "FAILED": "Repository clone failed",
    "CLEANING": "Repository cleanup is in progress",
}


class CodeProblem(BaseModel):
    """How these routes tell a failure; `error` is a stable code, or `detail` is a list of what is wrong."""

    detail: dict[str, Any] | list[dict[str, Any]] = Field(
        examples=[
            {
                "error": "repository_too_large",
                "message": "Repository size 156.8MB exceeds limit of 100MB",
                "estimated_size_mb": 156.8,
                "limit_mb": 100,
            }
        ]
    )


router = router_at(CODE_PREFIX.rstrip("/"), tag="code", problem=CodeProblem)


class CodeConnectIn(Received):
    """A repository to connect to a project."""

    git_url: Address = Field(examples=["https://github.com/user/repo.git"])
    access_token: Annotated[SecretStr, StringConstraints(min_length=10, max_length=1024)] | None = None
    project_id: UUID


class CodeConnectOut(Shown):
    """A repository that was connected; `task_id` is the job that clones it, none while it waits for approval."""

    repo_id: UUID
    git_url: str
    connected: bool
    task_id: UUID | None
    estimated_size_mb: float | None
    clone_status: str
    created_at: datetime


class CodeRepositoryOut(Shown):
    """A connected repository."""

    id: UUID
    project_id: UUID
    git_url: str
    repository_size_mb: float | None
    clone_status: str
    sandbox_path: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, repository: Repository, *, caller: Caller) -> Self:
        """In the words of these routes."""
        return cls(
            id=UUID(repository.id),
            project_id=UUID(repository.project_id),
            git_url=repository.url,
            repository_size_mb=_megabytes(repository.size_bytes),
            clone_status=clone_status_of(repository),
            sandbox_path=_sandbox_path(repository, caller),
            created_at=repository.created_at,
            updated_at=repository.updated_at,
        )


class CodeStatusOut(Shown):
    """How far the clone of a repository is, and why it failed if it did."""

    repo_id: UUID
    clone_status: str
    repository_size_mb: float | None
    sandbox_path: str | None
    progress_message: str
    error_message: str | None


@router.post("/connect", status_code=201, openapi_extra=needs("repository.connect"))
def connect_code_repository(wanted: CodeConnectIn, caller: CallerOf) -> CodeConnectOut:
    """Connect a repository to a project and have it cloned; 413 if it is known to be too large."""
    secret = wanted.access_token.get_secret_value() if wanted.access_token else None
    source = mirrors.Source(address=wanted.git_url, access_token=secret, project=str(wanted.project_id))
    repository, job = connect(caller, source)
    return CodeConnectOut(
        repo_id=UUID(repository.id),
        git_url=repository.url,
        connected=True,
        task_id=UUID(job.id) if job else None,
        estimated_size_mb=_megabytes(repository.estimated_bytes),
        clone_status=clone_status_of(repository),
        created_at=repository.created_at,
    )


@router.get("/repos/{repo_id}", openapi_extra=needs("repository.view"))
def get_code_repository(repo_id: UUID, caller: CallerOf) -> CodeRepositoryOut:
    """A connected repository."""
    return CodeRepositoryOut.of(_repository(repo_id, caller), caller=caller)


@router.get("/repos/{repo_id}/status", openapi_extra=needs("repository.view"))
def get_code_repository_status(repo_id: UUID, caller: CallerOf) -> CodeStatusOut:
    """How far the clone of a repository is."""
    repository = _repository(repo_id, caller)
    clone_status = clone_status_of(repository)
    return CodeStatusOut(
        repo_id=repo_id,
        clone_status=clone_status,
        repository_size_mb=_megabytes(repository.size_bytes),
        sandbox_path=_sandbox_path(repository, caller),
        progress_message=_PROGRESS[clone_status],
        error_message=repository.problem["message"] if repository.problem else None,
    )


@router.get("/projects/{project_id}/repos", openapi_extra=needs("repository.list"))
def list_code_repositories(project_id: UUID, caller: CallerOf) -> list[CodeRepositoryOut]:
    """The repositories of a project; none when there is no such project."""
    with caller.reading() as tx:
        found = repositories.list_repositories(tx, actor=caller.actor, project_id=str(project_id), limit=LIST_MAX)
    return [CodeRepositoryOut.of(repository, caller=caller) for repository in found]


def _repository(repo_id: UUID, caller: Caller) -> Repository:
    with caller.reading() as tx:
        return repositories.get_repository(tx, actor=caller.actor, repository_id=str(repo_id))


def _sandbox_path(repository: Repository, caller: Caller) -> str | None:
    if repository.clone is not Clone.PRESENT:
        return None
    locator = caller.grove.locator
    mirror = locator.mirror(tenant_id=repository.tenant_id, repository_id=repository.id)
    return str(mirror.relative_to(locator.data))


def _megabytes(size_bytes: int | None) -> float | None:
    return None if size_bytes is None else round(size_bytes / MEGABYTE, 1)
