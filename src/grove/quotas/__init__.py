"""How much a tenant, a project and a user may have, and have asked for; what is too much is refused with its reason."""

from grove.quotas.errors import QueriesUsedUp, QuotaExceeded, QuotaInvalid
from grove.quotas.holding import (
    hold_growth,
    hold_jobs,
    hold_project,
    hold_queries,
    hold_repository,
    hold_workspace_bytes,
    hold_workspaces,
)
from grove.quotas.model import Holder, HolderKind, Quota, Sort
from grove.quotas.operations import list_quotas, set_quota

__all__ = [
    "Holder",
    "HolderKind",
    "QueriesUsedUp",
    "Quota",
    "QuotaExceeded",
    "QuotaInvalid",
    "Sort",
    "hold_growth",
    "hold_jobs",
    "hold_project",
    "hold_queries",
    "hold_repository",
    "hold_workspace_bytes",
    "hold_workspaces",
    "list_quotas",
    "set_quota",
]
