"""What forges grant: whether they let us read a repository, asked again and again, and whom else they let."""

from grove.grants.checking import CheckTools, check_access, require_access
from grove.grants.errors import (
    AccessRefused,
    AccessUnconfirmed,
    ForgeAccountInvalid,
    ForgeAccountNotFound,
    ForgeAccountTaken,
)
from grove.grants.events import AccessCheckRequested, AccessReturned
from grove.grants.model import REFUSALS, Answer, ForgeAccount, Patience, Verdict
from grove.grants.operations import (
    CHECK_JOB,
    begin_checks,
    check_again,
    check_due,
    follow_host,
    is_check_due,
    record_answer,
    record_failure,
    record_fetch,
    request_check,
)
from grove.grants.readers import forge_reads, link_account, list_accounts, set_permissions, unlink_account

__all__ = [
    "CHECK_JOB",
    "REFUSALS",
    "AccessCheckRequested",
    "AccessRefused",
    "AccessReturned",
    "AccessUnconfirmed",
    "Answer",
    "CheckTools",
    "ForgeAccount",
    "ForgeAccountInvalid",
    "ForgeAccountNotFound",
    "ForgeAccountTaken",
    "Patience",
    "Verdict",
    "begin_checks",
    "check_access",
    "check_again",
    "check_due",
    "follow_host",
    "forge_reads",
    "is_check_due",
    "link_account",
    "list_accounts",
    "record_answer",
    "record_failure",
    "record_fetch",
    "request_check",
    "require_access",
    "set_permissions",
    "unlink_account",
]
