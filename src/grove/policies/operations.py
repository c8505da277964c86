"""What can be done with a tenant's own policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final

from grove import activity
from grove.kit.gate import Actor, Decision, Resource
from grove.kit.names import require_portable
from grove.kit.transactions import Transaction
from grove.policies.book import with_defaults
from grove.policies.cases import try_cases
from grove.policies.decide import PolicyGate
from grove.policies.errors import (
    ActionUnknown,
    PoliciesInvalid,
    PoliciesLockOut,
    PoliciesTooLarge,
    PolicyCasesFailed,
    PolicyVersionNotFound,
)
from grove.policies.events import PoliciesRolledBack
from grove.policies.model import CaseResult, Finding, PolicyVersion, digest_of
from grove.policies.reading import findings
from grove.policies.rules import RULES
from grove.policies.tables import PolicyHeadRow, PolicyVersionRow

DOCUMENTS_MAX: Final = 50
CHARACTERS_MAX: Final = 200_000
CASES_MAX: Final = 500
TOLD_MAX: Final = 20
"""So many findings are told in a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDraft:
    """Policies that are to be looked at or applied: documents by name, and the cases that they must pass."""

    documents: Mapping[str, str]
    cases: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCheck:
    """What a look at a draft has shown."""

    findings: Sequence[Finding]
    results: Sequence[CaseResult]

    @property
    def passed(self) -> bool:
        """Whether it may be applied."""
        return not self.findings and all(result.passed for result in self.results)


def check_policies(tx: Transaction, *, actor: Actor, draft: PolicyDraft, gate: PolicyGate) -> PolicyCheck:
    """Look at policies without applying them: are they written rightly, and are their cases decided as expected.

    :raises Denied: if `actor` may not.
    :raises PoliciesTooLarge: if there are too many.
    :raises NameInvalid: if a document is called what no file can be called.
    :raises PolicyCaseInvalid: if a case says something that no case can say.
    """
    tx.require(actor, "policy.explain", _resource(actor))
    return _checked(draft, gate)


def apply_policies(
    tx: Transaction, *, actor: Actor, draft: PolicyDraft, gate: PolicyGate, origin: str, reason: str, now: datetime
) -> PolicyVersion:
    """Have these policies be those of the tenant, from the next request of every process on; the old ones are kept.

    :raises Denied: if `actor` may not.
    :raises PoliciesInvalid: if they are not written rightly.
    :raises PolicyCasesFailed: if a case is not decided as it expects.
    :raises PoliciesLockOut: if `actor` could not change policies any more.
    """
    tx.require(actor, "policy.apply", _resource(actor))
    check = _checked(draft, gate)
    if check.findings:
        told = "; ".join(f"{each.document} {each.policy}: {each.message}" for each in check.findings[:TOLD_MAX])
        raise PoliciesInvalid(findings=told)
    if not check.passed:
        failed = [f"{each.name}: {each.decided}, not {each.expected}" for each in check.results if not each.passed]
        raise PolicyCasesFailed(cases="; ".join(failed[:TOLD_MAX]))
    candidate = with_defaults(dict(draft.documents), version=0)
    decision = candidate.evaluate(actor, "policy.apply", _resource(actor), large_bytes=gate.large_bytes)
    if not decision.allowed:
        raise PoliciesLockOut(reason=decision.reason, policy=", ".join(decision.policies))
    return _put_in_force(tx, actor=actor, draft=draft, origin=origin, reason=reason, now=now)


def roll_back_policies(
    tx: Transaction, *, actor: Actor, version: int, gate: PolicyGate, reason: str, now: datetime
) -> PolicyVersion:
    """Apply what an older version said, as a new version; 0 is what is shipped, alone.

    :raises Denied: if `actor` may not.
    :raises PolicyVersionNotFound: if there is no such version.
    :raises PoliciesInvalid: if this Grove cannot read it any more.
    """
    tx.require(actor, "policy.apply", _resource(actor))
    draft = PolicyDraft(documents={})
    if version:
        old = _version_row(tx, actor, version)
        draft = PolicyDraft(documents=old.documents, cases=old.cases)
    origin = f"version {version}"
    applied = apply_policies(tx, actor=actor, draft=draft, gate=gate, origin=origin, reason=reason, now=now)
    tx.publish(PoliciesRolledBack(tenant_id=actor.tenant_id, actor_name=actor.name, at=now))
    return applied


def policies_in_force(tx: Transaction, *, actor: Actor) -> PolicyVersion | None:
    """The tenant's own policies that are in force; None if it has none.

    :raises Denied: if `actor` may not see them.
    """
    tx.require(actor, "policy.view", _resource(actor))
    head = tx.session.get(PolicyHeadRow, actor.tenant_id)
    return _version_row(tx, actor, head.version).value() if head is not None else None


def policy_version(tx: Transaction, *, actor: Actor, version: int) -> PolicyVersion:
    """A version of the tenant's own policies.

    :raises Denied: if `actor` may not see it.
    :raises PolicyVersionNotFound: if there is none.
    """
    tx.require(actor, "policy.view", _resource(actor))
    return _version_row(tx, actor, version).value()


def list_policy_versions(
    tx: Transaction, *, actor: Actor, before: int | None = None, limit: int
) -> list[PolicyVersion]:
    """The versions of the tenant's own policies, newest first.

    :raises Denied: if `actor` may not see them.
    """
    tx.require(actor, "policy.view", _resource(actor))
    head = tx.session.get(PolicyHeadRow, actor.tenant_id)
    newest = head.version if head is not None else 0
    last = newest if before is None else min(before - 1, newest)
    return [_version_row(tx, actor, number).value() for number in range(last, max(last - limit, 0), -1)]


def explain_decision(tx: Transaction, *, actor: Actor, subject: Actor, action: str, resource: Resource) -> Decision:
    """What would be decided if `subject` tried an action, and by which policies.

    :raises Denied: if `actor` may ask for nobody but themselves.
    :raises ActionUnknown: if there is no such action.
    """
    if action not in RULES:
        raise ActionUnknown(action=action, similar=", ".join(get_close_matches(action, RULES)))
    if subject.id != actor.id:
        tx.require(actor, "policy.explain", _resource(actor))
    return tx.decision(subject, action, resource)


def _checked(draft: PolicyDraft, gate: PolicyGate) -> PolicyCheck:
    characters = sum(len(name) + len(text) for name, text in draft.documents.items())
    if len(draft.documents) > DOCUMENTS_MAX or characters > CHARACTERS_MAX or len(draft.cases) > CASES_MAX:
        raise PoliciesTooLarge(documents_max=DOCUMENTS_MAX, characters_max=CHARACTERS_MAX, cases_max=CASES_MAX)
    for name in draft.documents:
        for segment in name.split("/"):
            require_portable(segment)
    found = findings(draft.documents)
    if found:
        return PolicyCheck(findings=found, results=())
    candidate = with_defaults(dict(draft.documents), version=0)
    return PolicyCheck(findings=(), results=list(try_cases(candidate, draft.cases, large_bytes=gate.large_bytes)))


def _put_in_force(
    tx: Transaction, *, actor: Actor, draft: PolicyDraft, origin: str, reason: str, now: datetime
) -> PolicyVersion:
    head = tx.session.get(PolicyHeadRow, actor.tenant_id, with_for_update=True, populate_existing=True)
    if head is None:
        head = PolicyHeadRow(tenant_id=actor.tenant_id, version=0)
        tx.session.add(head)
    documents = dict(draft.documents)
    row = PolicyVersionRow(
        tenant_id=actor.tenant_id,
        version=head.version + 1,
        documents=documents,
        cases=[dict(case) for case in draft.cases],
        digest=digest_of(documents),
        origin=origin,
        reason=reason,
        applied_by=actor.name,
        applied_at=now,
    )
    tx.session.add(row)
    activity.record(
        tx,
        actor=actor,
        action="policy.apply",
        target_kind="policies",
        target_id=actor.tenant_id,
        now=now,
        before=head.version,
        after=row.version,
        digest=row.digest,
        origin=origin,
        reason=reason,
    )
    head.version = row.version
    return row.value()


def _version_row(tx: Transaction, actor: Actor, version: int) -> PolicyVersionRow:
    row = tx.session.get(PolicyVersionRow, (actor.tenant_id, version))
    if row is None:
        raise PolicyVersionNotFound(version=version)
    return row


def _resource(actor: Actor) -> Resource:
    return Resource(kind="policy", tenant_id=actor.tenant_id)
