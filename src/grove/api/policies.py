"""`/api/v1/policies`: who may do what, looked at, tried, applied and taken back."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import Path
from pydantic import AfterValidator, Field, StringConstraints

from grove import accounts, policies, repositories
from grove.api.caller import Caller, CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Cursor, Limit, Line, Page, Received, Shown, Words, decode_cursor, page_of, whole
from grove.kit.gate import Actor, Decision, Resource
from grove.kit.transactions import Transaction
from grove.policies import Policy, PolicyCheck, PolicyDraft, PolicyVersion, kind_of

DOCUMENTS_MAX = 50
CASES_MAX = 500
VERSION_MAX = 2**31 - 1

router = router_at("/api/v1/policies", tag="governance")

DocumentText = Annotated[str, StringConstraints(max_length=200_000), AfterValidator(whole)]


class DraftIn(Received):
    """Policies in Cedar by the names of their documents, and the cases that they must pass."""

    documents: dict[Line, DocumentText] = Field(
        max_length=DOCUMENTS_MAX,
        examples=[{"forks.cedar": '@id("no_forks") forbid (principal, action, resource) when { … };'}],
    )
    cases: list[dict[str, Any]] = Field(
        default=[],
        max_length=CASES_MAX,
        examples=[[{"name": "…", "principal": {"role": "viewer"}, "action": "repository.view", "expect": "allow"}]],
    )

    def draft(self) -> PolicyDraft:
        """As the core has it."""
        return PolicyDraft(documents=dict(self.documents), cases=self.cases)


class ApplyIn(DraftIn):
    """Policies that are to be the tenant's own: all of them, in place of those before."""

    reason: Words = ""


class RollBackIn(Received):
    """Which version is to be in force again; 0 is what is shipped, alone."""

    version: int = Field(ge=0, le=VERSION_MAX)
    reason: Words = ""


class ExplainIn(Received):
    """Who might try what: `principal` is an id or a name, yourself if it is left out."""

    action: Line = Field(examples=["repository.approve"])
    principal: Line | None = None
    repository: Line | None = Field(default=None, description="Its name or id; the action on none in particular else.")


class PolicyOut(Shown):
    """One policy."""

    id: str
    effect: str
    document: str
    shipped: bool
    text: str

    @classmethod
    def of(cls, policy: Policy, *, shipped: bool) -> Self:
        """As people see it."""
        return cls(id=policy.id, effect=policy.effect, document=policy.document, shipped=shipped, text=policy.text)


class PoliciesOut(Shown):
    """All policies that are in force; version 0 has none of the tenant's own."""

    version: int
    items: list[PolicyOut]


class VersionOut(Shown):
    """A version of the tenant's own policies."""

    version: int
    digest: str
    origin: str
    reason: str
    applied_by: str
    applied_at: datetime
    documents: dict[str, str]
    cases: list[dict[str, Any]]


class FindingOut(Shown):
    """What is wrong with a policy."""

    document: str
    policy: str
    message: str


class CaseOut(Shown):
    """How a case was decided."""

    name: str
    expected: str
    decided: str
    passed: bool
    policies: list[str]
    reason: str


class CheckOut(Shown):
    """What a look at policies has shown; nothing was applied."""

    passed: bool
    findings: list[FindingOut]
    results: list[CaseOut]


class DecisionOut(Shown):
    """What would be decided, and by which policies of which version."""

    allowed: bool
    policies: list[str]
    version: int
    reason: str


class SchemaOut(Shown):
    """What policies may look at, as a schema of Cedar."""

    text: str


@router.get("", openapi_extra=needs("policy.view"))
def list_policies(caller: CallerOf) -> PoliciesOut:
    """Every policy that is in force: those that are shipped, and the tenant's own."""
    with caller.reading() as tx:
        own = policies.policies_in_force(tx, actor=caller.actor)
    items = [PolicyOut.of(policy, shipped=True) for policy in policies.default_policies()]
    for name, text in sorted(own.documents.items()) if own is not None else ():
        items += [PolicyOut.of(policy, shipped=False) for policy in policies.parsed(name, text)]
    return PoliciesOut(version=own.version if own is not None else 0, items=items)


@router.get("/schema", openapi_extra=needs("policy.view"))
def get_schema(caller: CallerOf) -> SchemaOut:
    """What policies may look at."""
    with caller.reading() as tx:
        policies.policies_in_force(tx, actor=caller.actor)
    return SchemaOut(text=policies.schema_text())


@router.get("/versions", openapi_extra=needs("policy.view"))
def list_versions(caller: CallerOf, *, limit: Limit = 50, cursor: Cursor = "") -> Page[VersionOut]:
    """The versions of the tenant's own policies, newest first."""
    after = decode_cursor(cursor)
    before = int(after) if after.isascii() and after.isdigit() and len(after) < len(str(VERSION_MAX)) else None
    with caller.reading() as tx:
        found = policies.list_policy_versions(tx, actor=caller.actor, before=before, limit=limit + 1)
    return page_of(found, _version, limit=limit, position=lambda version: str(version.version))


@router.get("/versions/{version}", openapi_extra=needs("policy.view"))
def get_version(version: Annotated[int, Path(ge=1, le=VERSION_MAX)], caller: CallerOf) -> VersionOut:
    """A version of the tenant's own policies, whole."""
    with caller.reading() as tx:
        return _version(policies.policy_version(tx, actor=caller.actor, version=version))


@router.post("/check", openapi_extra=needs("policy.explain"))
def check_policies(wanted: DraftIn, caller: CallerOf) -> CheckOut:
    """Look at policies and try their cases, without applying them."""
    with caller.reading() as tx:
        check = policies.check_policies(tx, actor=caller.actor, draft=wanted.draft(), gate=caller.grove.gate)
    return _check(check)


@router.put("", openapi_extra=needs("policy.apply"))
def apply_policies(wanted: ApplyIn, caller: CallerOf) -> VersionOut:
    """Have these be the tenant's own policies from the next request on; refused when one is wrong or a case fails."""
    with caller.writing() as tx:
        applied = policies.apply_policies(
            tx,
            actor=caller.actor,
            draft=wanted.draft(),
            gate=caller.grove.gate,
            origin=str(caller.actor.source),
            reason=wanted.reason,
            now=caller.now,
        )
    return _version(applied)


@router.post("/rollback", openapi_extra=needs("policy.apply"))
def roll_back_policies(wanted: RollBackIn, caller: CallerOf) -> VersionOut:
    """Apply what an older version said, as a new version."""
    with caller.writing() as tx:
        applied = policies.roll_back_policies(
            tx,
            actor=caller.actor,
            version=wanted.version,
            gate=caller.grove.gate,
            reason=wanted.reason,
            now=caller.now,
        )
    return _version(applied)


@router.post("/explain", openapi_extra=needs("policy.view"))
def explain_decision(wanted: ExplainIn, caller: CallerOf) -> DecisionOut:
    """What would be decided if somebody tried an action, and by which policies."""
    with caller.reading() as tx:
        decision = _explained(tx, caller, wanted)
    return DecisionOut.model_validate(decision)


def _explained(tx: Transaction, caller: Caller, wanted: ExplainIn) -> Decision:
    actor = caller.actor
    subject: Actor = actor
    if wanted.principal is not None:
        subject = accounts.subject_of(tx, actor=actor, principal=wanted.principal)
    resource = Resource(kind=kind_of(wanted.action), tenant_id=actor.tenant_id)
    if wanted.repository is not None:
        found = repositories.find_repository(tx, actor=actor, name=wanted.repository)
        resource = repositories.resource_of(found)
    return policies.explain_decision(tx, actor=actor, subject=subject, action=wanted.action, resource=resource)


def _version(version: PolicyVersion) -> VersionOut:
    return VersionOut.model_validate(version)


def _check(check: PolicyCheck) -> CheckOut:
    return CheckOut.model_validate(check)
