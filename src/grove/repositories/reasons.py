"""Why a repository is not ready, in a sentence that says what to do."""

from collections.abc import Mapping
from typing import Any, Final

from grove import jobs
from grove.jobs import Job, JobState
from grove.kit.transactions import Transaction
from grove.repositories.model import (
    Access,
    Approval,
    Clone,
    Index,
    Lifecycle,
    Repository,
    ScreenStatus,
    screen_status_of,
)

_DECIDED: Final = {
    Approval.REJECTED: "The request was rejected",
    Approval.REVOKED: "The approval was revoked",
}


def why_not_ready(repository: Repository) -> str:
    """Why it is not ready, as far as its own states tell; empty when it is."""
    held = _held(repository) or _moved(repository)
    if held or repository.problem is None:
        return held or ("" if screen_status_of(repository) is ScreenStatus.READY else _going_on(repository))
    return f"{repository.problem.get('message')} ({repository.problem.get('code')}); grove repo sync tries again."


def explain_state(tx: Transaction, repository: Repository) -> str:
    """The same with what its newest job tells: that it was cancelled, or when it is tried again."""
    why = why_not_ready(repository)
    job = jobs.newest_job(tx, target_id=repository.id) if why and not _held(repository) else None
    return f"{why} {_of_job(job)}".rstrip() if job is not None else why


def _held(repository: Repository) -> str:
    """What people have decided that keeps it from being ready."""
    decision: Mapping[str, Any] = repository.decision or {}
    if repository.lifecycle is Lifecycle.DELETED:
        return "It is being removed."
    if repository.lifecycle is Lifecycle.ARCHIVED:
        return f"It was archived{_by(decision)}; grove repo restore."
    if repository.lifecycle is Lifecycle.COLD:
        return (
            f"It is cold, its index was dropped{_by(decision)}; it warms up when it is used, or by grove repo restore."
        )
    if repository.approval is Approval.PENDING:
        why = f": {decision['reason']}" if decision.get("reason") else ""
        return f"It waits for somebody who may approve it{why}; grove repo approve."
    told = _DECIDED.get(repository.approval)
    if told:
        return f"{told}{_by(decision)}; grove repo request asks again."
    return _refused(repository) if repository.access is Access.REFUSED else ""


def _refused(repository: Repository) -> str:
    """What its forge says, and until when it said something else."""
    problem, confirmed_at = repository.access_problem or {}, repository.access_confirmed_at
    last = f" Last confirmed {confirmed_at:%Y-%m-%d %H:%M} UTC." if confirmed_at else ""
    return f"Its forge does not let us read it: {problem.get('message')} ({problem.get('code')}).{last}"


def _moved(repository: Repository) -> str:
    """Where it is now, and why it is not fetched from there."""
    told = repository.moved_to
    if told is None:
        return ""
    return f"It is now at {told['url']}. {told['message']} ({told['code']}); grove repo move {repository.name}."


def _going_on(repository: Repository) -> str:
    if repository.clone is Clone.PRESENT:
        return "It is being indexed." if repository.index is Index.BUILDING else "It waits to be indexed."
    return "It is being cloned." if repository.clone is Clone.CLONING else "It waits to be cloned."


def _of_job(job: Job) -> str:
    if job.state is JobState.CANCELLED:
        return f"Its job was cancelled; grove job retry {job.id[:8]}."
    if job.state is JobState.QUEUED and job.error is not None:
        return f"It is tried again at {job.run_at:%H:%M:%S} UTC, {job.attempt} of {job.attempts_max} times tried."
    return ""


def _by(decision: Mapping[str, Any]) -> str:
    reason = f": {decision['reason']}" if decision.get("reason") else ""
    return f" by {decision['by']}{reason}" if decision.get("by") else ""
