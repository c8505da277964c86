"""Who acts here: oneself, projects, users, agents, services and tokens."""

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field, StrictBool, StrictInt

from grove import accounts
from grove.accounts import OVERLAP_HOURS_DEFAULT, OVERLAP_HOURS_MAX, PrincipalKind, Role, Scope
from grove.api.caller import Caller, CallerOf
from grove.api.edge import EdgeOf
from grove.api.routing import PUBLIC, needs, router_at
from grove.api.shapes import Line, Page, Password, Received, Shown
from grove.api.visits import address_of
from grove.kit.gate import Resource, Source
from grove.kit.tenancy import serving_all

TOKEN_DAYS_MAX: Final = 3_650

router = router_at("/api/v1", tag="accounts")


class MeOut(Shown):
    """Who shows this token, and what it may at most be used for."""

    id: UUID
    tenant_id: UUID
    name: str
    role: Role
    scopes: list[Scope]


class ProjectOut(Shown):
    """A group of repositories."""

    id: UUID
    name: str


class PrincipalOut(Shown):
    """A user, an agent that acts for one, or a service."""

    id: UUID
    kind: PrincipalKind
    name: str
    email: str | None
    role: Role
    active: bool
    acts_for: UUID | None
    created_at: datetime


class TokenOut(Shown):
    """What is known of a token; never the token itself."""

    id: UUID
    principal_id: UUID
    name: str
    hint: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    replaced_by: UUID | None


class IssuedOut(Shown):
    """A new token; `secret` is shown this once."""

    token: TokenOut
    secret: str


class ProjectIn(Received):
    """A project to make."""

    name: Line


class UserIn(Received):
    """A user to make; give it a token to let it in."""

    name: Line
    role: Role
    email: Line | None = None


class AgentIn(Received):
    """An agent to make; it has at most the rights of whoever makes it."""

    name: Line
    role: Role = Role.DEVELOPER


class ServiceIn(Received):
    """A service to make: a program that acts for itself. Give it a token to let it in."""

    name: Line
    role: Role = Role.VIEWER


class RotationIn(Received):
    """For how long the token that is replaced goes on working."""

    overlap_hours: Annotated[StrictInt, Field(ge=0, le=OVERLAP_HOURS_MAX)] = OVERLAP_HOURS_DEFAULT


class LeakIn(Received):
    """A token that was found where it should not be."""

    token: Password


class LeakOut(Shown):
    """Whether it was a token of this server that still worked; it does not any more."""

    revoked: bool


class UserChange(Received):
    """Whether a user or an agent is let in."""

    active: StrictBool


class RoleChange(Received):
    """The role that a user, an agent or a service is to have."""

    role: Role


class TokenIn(Received):
    """A token to issue: for oneself, or for `principal_id`."""

    name: Line
    scopes: Annotated[list[Scope], Field(min_length=1)] = Field(default=[Scope.READ])
    principal_id: UUID | None = None
    days: Annotated[int, Field(ge=1, le=TOKEN_DAYS_MAX)] | None = Field(
        default=90, description="How long it is good; null for ever."
    )


@router.get("/me", openapi_extra=needs("account.view"))
def get_me(caller: CallerOf) -> MeOut:
    """Who shows this token."""
    actor = caller.actor
    resource = Resource(kind="account", id=actor.id, tenant_id=actor.tenant_id)
    with caller.reading() as tx:
        tx.require(actor, "account.view", resource)
    return MeOut(
        id=UUID(actor.id),
        tenant_id=UUID(actor.tenant_id),
        name=actor.name,
        role=Role(actor.role),
        scopes=sorted(Scope(scope) for scope in actor.scopes),
    )


@router.get("/projects", openapi_extra=needs("project.list"))
def list_projects(caller: CallerOf) -> Page[ProjectOut]:
    """Every project, by name."""
    with caller.reading() as tx:
        found = accounts.list_projects(tx, actor=caller.actor)
    return Page(items=[ProjectOut.model_validate(project) for project in found])


@router.post("/projects", status_code=201, openapi_extra=needs("project.create"))
def create_project(wanted: ProjectIn, caller: CallerOf) -> ProjectOut:
    """Make a project."""
    with caller.writing() as tx:
        made = accounts.create_project(tx, actor=caller.actor, name=wanted.name, now=caller.now)
    return ProjectOut.model_validate(made)


@router.get("/users", openapi_extra=needs("user.list"))
def list_users(caller: CallerOf) -> Page[PrincipalOut]:
    """Every user, agent and service, by name; for others than maintainers, oneself and one's agents."""
    with caller.reading() as tx:
        found = accounts.list_principals(tx, actor=caller.actor)
    return Page(items=[PrincipalOut.model_validate(principal) for principal in found])


@router.post("/users", status_code=201, openapi_extra=needs("user.create"))
def create_user(wanted: UserIn, caller: CallerOf) -> PrincipalOut:
    """Make a user."""
    return _create(caller, PrincipalKind.USER, name=wanted.name, role=wanted.role, email=wanted.email)


@router.patch("/users/{user_id}", openapi_extra=needs("user.suspend"))
def change_user(user_id: UUID, change: UserChange, caller: CallerOf) -> PrincipalOut:
    """Let a user or an agent in, or shut it out at once, whatever tokens it holds."""
    with caller.writing() as tx:
        changed = accounts.set_principal_active(
            tx, actor=caller.actor, principal_id=str(user_id), active=change.active, now=caller.now
        )
    return PrincipalOut.model_validate(changed)


@router.put("/users/{user_id}/role", openapi_extra=needs("user.set_role"))
def set_role(user_id: UUID, change: RoleChange, caller: CallerOf) -> PrincipalOut:
    """Give a user, an agent or a service another role; groups at a provider give theirs again at the next sign-in."""
    with caller.writing() as tx:
        changed = accounts.set_role(tx, actor=caller.actor, principal_id=str(user_id), role=change.role, now=caller.now)
    return PrincipalOut.model_validate(changed)


@router.post("/agents", status_code=201, openapi_extra=needs("agent.create"))
def create_agent(wanted: AgentIn, caller: CallerOf) -> PrincipalOut:
    """Make an agent that acts for whoever makes it."""
    return _create(caller, PrincipalKind.AGENT, name=wanted.name, role=wanted.role, email=None)


@router.post("/services", status_code=201, openapi_extra=needs("service.create"))
def create_service(wanted: ServiceIn, caller: CallerOf) -> PrincipalOut:
    """Make a service: a principal that is no person and acts for nobody else."""
    return _create(caller, PrincipalKind.SERVICE, name=wanted.name, role=wanted.role, email=None)


@router.get("/tokens", openapi_extra=needs("token.list"))
def list_tokens(caller: CallerOf, user_id: Annotated[UUID | None, Query()] = None) -> Page[TokenOut]:
    """One's own tokens, those of an agent that acts for one, or for administrators those of another; newest first."""
    owner = str(user_id) if user_id else caller.actor.id
    with caller.reading() as tx:
        found = accounts.list_tokens(tx, actor=caller.actor, principal_id=owner)
    return Page(items=[TokenOut.model_validate(token) for token in found])


@router.post("/tokens", status_code=201, openapi_extra=needs("token.issue"))
def issue_token(wanted: TokenIn, caller: CallerOf) -> IssuedOut:
    """Issue a token; it cannot have a scope that the one used to ask for it lacks."""
    with caller.writing() as tx:
        issued = accounts.issue_token(
            tx,
            actor=caller.actor,
            principal_id=str(wanted.principal_id or caller.actor.id),
            name=wanted.name,
            scopes=frozenset(wanted.scopes),
            now=caller.now,
            days=wanted.days,
        )
    return IssuedOut.model_validate(issued)


@router.post("/tokens/{token_id}/rotate", status_code=201, openapi_extra=needs("token.rotate"))
def rotate_token(token_id: UUID, wanted: RotationIn, caller: CallerOf) -> IssuedOut:
    """Put a new token in the place of one; the old one works a little longer."""
    with caller.writing() as tx:
        issued = accounts.rotate_token(
            tx, actor=caller.actor, token_id=str(token_id), overlap_hours=wanted.overlap_hours, now=caller.now
        )
    return IssuedOut.model_validate(issued)


@router.post("/tokens/leaked", openapi_extra=needs(PUBLIC))
def report_leak(found: LeakIn, request: Request, edge: EdgeOf) -> LeakOut:
    """Make a token worthless that was found where it should not be; for whoever has found it."""
    now = datetime.now(UTC)
    with serving_all(), edge.grove.database.transaction() as tx:
        revoked = accounts.report_leak(tx, secret=found.token.get_secret_value(), source=Source.API, now=now)
    if not revoked:
        edge.grove.rates.take(address_of(request), sort="failures", now=now)
    return LeakOut(revoked=revoked)


@router.delete("/tokens/{token_id}", openapi_extra=needs("token.revoke"))
def revoke_token(token_id: UUID, caller: CallerOf) -> TokenOut:
    """Make a token worthless from now on."""
    with caller.writing() as tx:
        revoked = accounts.revoke_token(tx, actor=caller.actor, token_id=str(token_id), now=caller.now)
    return TokenOut.model_validate(revoked)


def _create(caller: Caller, kind: PrincipalKind, *, name: str, role: Role, email: str | None) -> PrincipalOut:
    with caller.writing() as tx:
        made = accounts.create_principal(
            tx, actor=caller.actor, kind=kind, name=name, role=role, email=email, now=caller.now
        )
    return PrincipalOut.model_validate(made)
