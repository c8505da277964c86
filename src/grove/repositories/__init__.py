"""The registry: which repositories we keep, and where each is in its life."""

from grove.repositories.approvals import approve_repository, reject_repository, request_again, revoke_approval
from grove.repositories.archiving import archive_repository, restore_repository
from grove.repositories.errors import (
    HistoryPolicyInvalid,
    NameInvalid,
    NotAllowedNow,
    RepositoryAmbiguous,
    RepositoryExists,
    RepositoryNotFound,
)
from grove.repositories.events import (
    HistoryPolicyChanged,
    RepositoryApproved,
    RepositoryEvent,
    RepositoryRemoved,
    RepositorySyncRequested,
)
from grove.repositories.model import (
    Approval,
    Clone,
    HistoryDepth,
    HistoryPolicy,
    Index,
    Lifecycle,
    NewRepository,
    Problem,
    Repository,
    ScreenStatus,
    clone_status_of,
    request_status_of,
    screen_status_of,
)
from grove.repositories.operations import (
    connect_repository,
    remove_repository,
    request_sync,
    set_history_policy,
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
from grove.repositories.reasons import explain_state, why_not_ready
from grove.repositories.requests import RepositoryRequest, get_request, list_requests
from grove.repositories.rows import resource_of
from grove.repositories.states import erase_repository, record_clone, record_index, record_mirror

__all__ = [
    "Approval",
    "Clone",
    "HistoryDepth",
    "HistoryPolicy",
    "HistoryPolicyChanged",
    "HistoryPolicyInvalid",
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
    "RepositoryRequest",
    "RepositorySyncRequested",
    "ScreenStatus",
    "approve_repository",
    "archive_repository",
    "at_addresses",
    "clone_status_of",
    "connect_repository",
    "count_by_status",
    "erase_repository",
    "explain_state",
    "find_repository",
    "get_repository",
    "get_request",
    "known_places",
    "list_repositories",
    "list_requests",
    "list_visible",
    "record_clone",
    "record_index",
    "record_mirror",
    "reject_repository",
    "remove_repository",
    "repository_of_job",
    "request_again",
    "request_status_of",
    "request_sync",
    "resource_of",
    "restore_repository",
    "revoke_approval",
    "screen_status_of",
    "set_history_policy",
    "why_not_ready",
]
