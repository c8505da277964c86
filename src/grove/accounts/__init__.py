"""Who acts here: tenants, projects, users, agents, and the tokens they show."""

from grove.accounts.errors import (
    NameTaken,
    PrincipalNotFound,
    ProjectNotFound,
    RateExceeded,
    SetupLinkInvalid,
    TokenInvalid,
    TokenNotFound,
    TokenSpent,
)
from grove.accounts.model import ApiToken, Issued, Principal, PrincipalKind, Project, Role, Scope
from grove.accounts.operations import (
    create_principal,
    create_project,
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
    names_of,
    subject_of,
)
from grove.accounts.rates import Allowance, Rates
from grove.accounts.setup import (
    SETUP_LINK_MINUTES,
    NewAdministrator,
    is_set_up,
    open_setup_link,
    set_up,
    use_setup_link,
)
from grove.accounts.stewards import steward
from grove.accounts.tokens import (
    OVERLAP_HOURS_DEFAULT,
    OVERLAP_HOURS_MAX,
    issue_token,
    report_leak,
    revoke_token,
    rotate_token,
)

__all__ = [
    "OVERLAP_HOURS_DEFAULT",
    "OVERLAP_HOURS_MAX",
    "SETUP_LINK_MINUTES",
    "Allowance",
    "ApiToken",
    "Issued",
    "NameTaken",
    "NewAdministrator",
    "Principal",
    "PrincipalKind",
    "PrincipalNotFound",
    "Project",
    "ProjectNotFound",
    "RateExceeded",
    "Rates",
    "Role",
    "Scope",
    "SetupLinkInvalid",
    "TokenInvalid",
    "TokenNotFound",
    "TokenSpent",
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
    "names_of",
    "open_setup_link",
    "report_leak",
    "revoke_token",
    "rotate_token",
    "set_principal_active",
    "set_up",
    "steward",
    "subject_of",
    "use_setup_link",
]
