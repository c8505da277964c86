"""What becomes of repositories that nobody uses, by a tenant's policy: first a notice, then cold or removed."""

from grove.retention.applying import APPLY_JOB, apply_retention, settle_retention
from grove.retention.errors import RetentionInvalid, RetentionOff
from grove.retention.events import RetentionWanted
from grove.retention.model import Fate, RetentionPolicy, Step, Verdict
from grove.retention.operations import hold_repository, release_repository, request_retention, set_retention
from grove.retention.planning import notice_of, preview_retention, retention_of

__all__ = [
    "APPLY_JOB",
    "Fate",
    "RetentionInvalid",
    "RetentionOff",
    "RetentionPolicy",
    "RetentionWanted",
    "Step",
    "Verdict",
    "apply_retention",
    "hold_repository",
    "notice_of",
    "preview_retention",
    "release_repository",
    "request_retention",
    "retention_of",
    "set_retention",
    "settle_retention",
]
