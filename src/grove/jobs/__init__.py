"""Durable background work: rows with a kind, a lease, a fencing token, attempts, progress and a log."""

from grove.jobs.arguments import Arguments, Text
from grove.jobs.errors import (
    JobAltered,
    JobArgumentsInvalid,
    JobCancelled,
    JobKindUnknown,
    JobNotFound,
    JobStateConflict,
    LeaseLost,
    WorkerLost,
)
from grove.jobs.events import tell_log_once
from grove.jobs.happenings import JobRefused
from grove.jobs.kinds import JobKind
from grove.jobs.leases import claim, finish, give_back, recover_workers, renew
from grove.jobs.model import Job, JobEvent, JobState, Progress, told_seconds
from grove.jobs.operations import cancel_job, cancel_jobs_of, enqueue, forget_jobs, retry_job, withdraw_jobs_of
from grove.jobs.queries import (
    count_by_state,
    count_unfinished,
    events_after,
    get_job,
    is_waiting,
    list_jobs,
    newest_job,
    oldest_waiting_seconds,
    unfinished_targets,
    waiting_targets,
)
from grove.jobs.run import Run
from grove.jobs.signing import message_of, sign_again, signing_keys_in_use

__all__ = [
    "Arguments",
    "Job",
    "JobAltered",
    "JobArgumentsInvalid",
    "JobCancelled",
    "JobEvent",
    "JobKind",
    "JobKindUnknown",
    "JobNotFound",
    "JobRefused",
    "JobState",
    "JobStateConflict",
    "LeaseLost",
    "Progress",
    "Run",
    "Text",
    "WorkerLost",
    "cancel_job",
    "cancel_jobs_of",
    "claim",
    "count_by_state",
    "count_unfinished",
    "enqueue",
    "events_after",
    "finish",
    "forget_jobs",
    "get_job",
    "give_back",
    "is_waiting",
    "list_jobs",
    "message_of",
    "newest_job",
    "oldest_waiting_seconds",
    "recover_workers",
    "renew",
    "retry_job",
    "sign_again",
    "signing_keys_in_use",
    "tell_log_once",
    "told_seconds",
    "unfinished_targets",
    "waiting_targets",
    "withdraw_jobs_of",
]
