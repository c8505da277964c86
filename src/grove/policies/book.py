"""Which policies are in force in a tenant, ready to decide by."""

from threading import Lock
from typing import Final

from sqlalchemy.orm import Session

from grove.kit.logging import logger
from grove.policies.reading import LOCKED_DOCUMENT, default_policies, findings, parsed
from grove.policies.schema import default_text
from grove.policies.sets import PolicySet
from grove.policies.tables import PolicyHeadRow, PolicyVersionRow

SETS_MAX: Final = 200
_IN_FORCE: Final = "policies_in_force"
log = logger(__name__)


class PolicyBook:
    """Keeps the sets of policies that were used lately; every transaction asks the database which version counts.

    Whoever applies a version goes on by the old one until the commit: a set is kept here only once its row is there.
    """

    def __init__(self) -> None:
        self._sets: dict[tuple[str, int], PolicySet] = {}
        self._lock = Lock()

    def in_force(self, session: Session, *, tenant_id: str) -> PolicySet:
        """The policies that are shipped, with those of the tenant's version that is in force now."""
        known: dict[str, PolicySet] = session.info.setdefault(_IN_FORCE, {})
        if tenant_id not in known:
            head = session.get(PolicyHeadRow, tenant_id)
            known[tenant_id] = self._set(session, tenant_id, head.version if head is not None else 0)
        return known[tenant_id]

    def _set(self, session: Session, tenant_id: str, version: int) -> PolicySet:
        key = (tenant_id if version else "", version)
        found = self._sets.get(key)
        if found is None:
            found = _read(session, tenant_id, version)
            with self._lock:
                if len(self._sets) >= SETS_MAX:
                    self._sets.clear()
                self._sets[key] = found
        return found


def with_defaults(documents: dict[str, str], *, version: int) -> PolicySet:
    """A tenant's documents together with what is shipped.

    :raises ValueError: if they cannot be parsed.
    """
    own = [policy for name, text in sorted(documents.items()) for policy in parsed(name, text)]
    return PolicySet(version, (*default_policies(), *own))


def _read(session: Session, tenant_id: str, version: int) -> PolicySet:
    """The newest version up to this one that is good: a new Grove may know less than what was applied under an old one.

    When none is, everything but mending is closed: leaving out the policies would open what they forbid.
    """
    for candidate in range(version, 0, -1):
        row = session.get(PolicyVersionRow, (tenant_id, candidate))
        if row is not None and not findings(row.documents):
            return with_defaults(row.documents, version=candidate)
        log.error("policies_unreadable", tenant=tenant_id, version=candidate)
    if version == 0:
        return PolicySet(0, default_policies())
    locked = parsed(LOCKED_DOCUMENT, default_text(LOCKED_DOCUMENT))
    return PolicySet(0, (*default_policies(), *locked))
