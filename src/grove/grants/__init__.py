"""What forges grant: whether they let us read a repository, asked again and again."""

from grove.grants.checking import CheckTools, check_access, require_access
from grove.grants.errors import AccessRefused, AccessUnconfirmed
from grove.grants.events import AccessCheckRequested, AccessReturned
from grove.grants.model import REFUSALS, Answer, Patience, Verdict
from grove.grants.operations import (
    CHECK_JOB,
    begin_checks,
    check_due,
    is_check_due,
    record_answer,
    record_failure,
    record_fetch,
    request_check,
)

__all__ = [
    "CHECK_JOB",
    "REFUSALS",
    "AccessCheckRequested",
    "AccessRefused",
    "AccessReturned",
    "AccessUnconfirmed",
    "Answer",
    "CheckTools",
    "Patience",
    "Verdict",
    "begin_checks",
    "check_access",
    "check_due",
    "is_check_due",
    "record_answer",
    "record_failure",
    "record_fetch",
    "request_check",
    "require_access",
]
