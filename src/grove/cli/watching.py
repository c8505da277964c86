"""Following jobs while they run: bars where somebody looks, one line a step where nobody does."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Column

from grove.cli.escape import visible
from grove.cli.failure import Exit, Failure
from grove.cli.quantity import counted, shown_bytes, shown_seconds
from grove.cli.refusal import Refused
from grove.cli.session import Session

FINAL = frozenset({"succeeded", "failed", "cancelled"})
_WORDS = {"failed": "has failed", "cancelled": "was cancelled"}
RECONNECTS_MAX = 5
RECONNECT_SECONDS = 1.0
KINDS = {
    "mirror.sync": "mirror",
    "snapshot.index": "index",
    "history.index": "history",
    "repository.remove": "remove",
    "export.write": "export",
    "index.merge": "merge",
    "index.verify": "verify",
    "index.rebuild": "rebuild",
    "access.check": "access",
}
BACKGROUND = "history.index"
"""What nobody waits for: the repository can be searched without it."""
JOBS_MAX = 50

Job = dict[str, Any]


def follow_job(session: Session, job_id: str) -> Job:
    """Show a job until it is over; the job as it then is. Ctrl-C stops the showing, not the job."""
    title = _title(session.client.get(f"/jobs/{job_id}"))
    try:
        with _display(session, title) as display:
            for name, body in _story(session, job_id):
                display.tell(name, body)
    except KeyboardInterrupt:
        session.output.note(f"Detached; the job goes on. Watch it again: grove job watch {job_id}", style="yellow")
        raise
    ended = session.client.get(f"/jobs/{job_id}")
    if ended["state"] == "succeeded":
        session.output.note(f"✓ {title:<7} {_duration(ended)}", style="green")
    return ended


def follow_work(session: Session, repository_id: str, *, first_job_id: str) -> None:
    """Show a job on a repository, and those that it leads to, one after the other.

    :raises Failure: if one of them fails.
    """
    first = require_success(follow_job(session, first_job_id))
    seen = {first_job_id}
    while True:
        jobs = session.client.items("/jobs", limit=JOBS_MAX, target=repository_id)
        later = [job for job in jobs if job["created_at"] >= first["created_at"] or job["state"] not in FINAL]
        others = [job["id"] for job in reversed(later) if job["kind"] != BACKGROUND]
        follows = next((job for job in others if job not in seen), None)
        if follows is None:
            return
        seen.add(follows)
        require_success(follow_job(session, follows))


def require_success(job: Job) -> Job:
    """The job, when it has done what it was for.

    :raises Failure: if it has not.
    """
    if job["state"] == "succeeded":
        return job
    error = job.get("error") or {}
    why = " ".join(filter(None, [error.get("message"), _facts(error.get("facts")), f"({error.get('code', '?')})"]))
    raise Failure(
        f"The {_title(job)} job {job['id']} {_WORDS.get(job['state'], job['state'])}.",
        why=why if error else f"it was {job['state']}",
        next_step=f"grove job retry {job['id']}",
        exit_code=Exit.FAILED,
    )


def _title(job: Job) -> str:
    return KINDS.get(job["kind"], str(job["kind"]))


def _duration(job: Job) -> str:
    began, ended = (datetime.fromisoformat(job[name]) for name in ("started_at", "finished_at"))
    return shown_seconds((ended - began).total_seconds())


def _facts(facts: Any) -> str:
    return ", ".join(f"{name}={value}" for name, value in facts.items()) if isinstance(facts, dict) else ""


def _story(session: Session, job_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the job tells; when the connection is lost, the story goes on where it was."""
    last, lost = "", 0
    while True:
        try:
            for event in session.client.events(f"/jobs/{job_id}/events", after=last):
                last, lost = event.id or last, 0
                yield event.name, event.body
        except Refused as refused:
            lost += 1
            if refused.exit_code is not Exit.UNAVAILABLE or lost > RECONNECTS_MAX:
                raise
            time.sleep(RECONNECT_SECONDS)
        if session.client.get(f"/jobs/{job_id}")["state"] in FINAL:
            return


class _Lines:
    """One line a step, for logs."""

    def __init__(self, session: Session, title: str) -> None:
        self._session = session
        self._title = title
        self._told = ""

    def tell(self, name: str, body: dict[str, Any]) -> None:
        line = _told(name, body)
        if line and line != self._told:
            self._session.output.note(f"{self._title}: {line}")
        self._told = line or self._told


class _Bar:
    """A bar that moves."""

    def __init__(self, session: Session, title: str, progress: Progress) -> None:
        self._lines = _Lines(session, title)
        self._progress = progress
        self._task: TaskID = progress.add_task(f"{title:<7}", total=None, amount="waiting")

    def tell(self, name: str, body: dict[str, Any]) -> None:
        if name != "progress":
            self._lines.tell(name, body)
            return
        amount = visible(f"{body.get('phase', '')}  {_amount(body)}")
        self._progress.update(self._task, completed=body.get("done", 0), total=body.get("total"), amount=amount)


@contextmanager
def _display(session: Session, title: str) -> Iterator[_Lines | _Bar]:
    console = session.output.notes
    if session.output.quiet or not console.is_terminal:
        yield _Lines(session, title)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%", markup=False),
        TextColumn("{task.fields[amount]}", markup=False, table_column=Column(no_wrap=True)),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(session, title, progress)


def _told(name: str, body: dict[str, Any]) -> str:
    if name == "progress":
        return str(body.get("phase", ""))
    if name == "log":
        return str(body.get("message", ""))
    if name != "status" or body.get("state") == "running":
        return ""
    retry = f", tried again at {body['retry_at']}" if body.get("retry_at") else ""
    problem = f": {body['error'].get('message', '')}" if body.get("error") else ""
    return f"{body.get('state', '')}{problem}{retry}"


def _amount(body: dict[str, Any]) -> str:
    done, total, unit = body.get("done", 0), body.get("total"), str(body.get("unit", ""))
    parts = [f"{done:,}/{total:,} {unit}" if total else counted(done, unit, unit) if done else ""]
    if body.get("bytes_received"):
        parts.append(shown_bytes(body["bytes_received"]))
    if body.get("bytes_per_second"):
        parts.append(f"{shown_bytes(body['bytes_per_second'])}/s")
    if body.get("eta_seconds") is not None:
        parts.append(f"ETA {shown_seconds(body['eta_seconds'])}")
    return " · ".join(filter(None, parts))
