"""The registry: which repositories we keep, and where each is in its life."""

from grove.repositories.errors import (
    NameInvalid,
    NotAllowedNow,
    RepositoryAmbiguous,
    RepositoryExists,
    RepositoryNotFound,
)
from grove.repositories.events import RepositoryApproved, RepositoryEvent, RepositoryRemoved, RepositorySyncRequested
from grove.repositories.model import (
    Approval,
    Clone,
    Index,
    Lifecycle,
    NewRepository,
    Problem,
    Repository,
    ScreenStatus,
    clone_status_of,
    screen_status_of,
)
from grove.repositories.operations import (
    approve_repository,
    connect_repository,
    reject_repository,
    remove_repository,
    request_sync,
)
from grove.repositories.queries import (
    at_addresses,
    count_by_status,
    find_repository,
    get_repository,
    known_places,
    list_repositories,
    list_visible,
    repository_of_job,
)
from grove.repositories.states import erase_repository, record_clone, record_index, record_mirror

__all__ = [
    "Approval",
    "Clone",
    "Index",
    "Lifecycle",
    "NameInvalid",
    "NewRepository",
    "NotAllowedNow",
    "Problem",
    "Repository",
    "RepositoryAmbiguous",
    "RepositoryApproved",
    "RepositoryEvent",
    "RepositoryExists",
    "RepositoryNotFound",
    "RepositoryRemoved",
    "RepositorySyncRequested",
    "ScreenStatus",
    "approve_repository",
    "at_addresses",
    "clone_status_of",
    "connect_repository",
    "count_by_status",
    "erase_repository",
    "find_repository",
    "get_repository",
    "known_places",
    "list_repositories",
    "list_visible",
    "record_clone",
    "record_index",
    "record_mirror",
    "reject_repository",
    "remove_repository",
    "repository_of_job",
    "request_sync",
    "screen_status_of",
]
