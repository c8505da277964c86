"""Who acts here: tenants, projects, users, agents, and the tokens they show."""

from grove.accounts.errors import (
    NameTaken,
    PrincipalNotFound,
    ProjectNotFound,
    SetupLinkInvalid,
    TokenInvalid,
    TokenNotFound,
)
from grove.accounts.model import ApiToken, Issued, Principal, PrincipalKind, Project, Role, Scope
from grove.accounts.operations import (
    create_principal,
    create_project,
    issue_token,
    revoke_token,
    set_principal_active,
)
from grove.accounts.queries import (
    actor_of,
    authenticate,
    default_project,
    find_project,
    list_principals,
    list_projects,
    list_tokens,
    mark_token_used,
)
from grove.accounts.setup import (
    SETUP_LINK_MINUTES,
    NewAdministrator,
    is_set_up,
    open_setup_link,
    set_up,
    use_setup_link,
)
from grove.accounts.stewards import steward

__all__ = [
    "SETUP_LINK_MINUTES",
    "ApiToken",
    "Issued",
    "NameTaken",
    "NewAdministrator",
    "Principal",
    "PrincipalKind",
    "PrincipalNotFound",
    "Project",
    "ProjectNotFound",
    "Role",
    "Scope",
    "SetupLinkInvalid",
    "TokenInvalid",
    "TokenNotFound",
    "actor_of",
    "authenticate",
    "create_principal",
    "create_project",
    "default_project",
    "find_project",
    "is_set_up",
    "issue_token",
    "list_principals",
    "list_projects",
    "list_tokens",
    "mark_token_used",
    "open_setup_link",
    "revoke_token",
    "set_principal_active",
    "set_up",
    "steward",
    "use_setup_link",
]
