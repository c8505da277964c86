"""`list_repos` and `job_status`, and which repository a name means."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from grove.indexing import HISTORY_JOB
from grove.jobs import Job, JobState, get_job, list_jobs
from grove.kit.transactions import Transaction
from grove.mcp.arguments import JobStatus, ListRepos
from grove.mcp.budget import count_fitting
from grove.mcp.calls import Caller, Reply
from grove.mcp.errors import RepositoryUnknown
from grove.mcp.places import COMMIT_DIGITS
from grove.mcp.visible import visible
from grove.repositories import (
    Access,
    Repository,
    RepositoryNotFound,
    ScreenStatus,
    find_repository,
    get_repository,
    list_repositories,
    screen_status_of,
    why_not_ready,
)
from grove.search import list_contexts
from grove.snapshots import Head, Snapshot, list_heads, snapshots_named

CLOSEST_MAX: Final = 3
JOBS_SHOWN_MAX: Final = 5
CONTEXTS_SHOWN_MAX: Final = 20
COMPARED_MAX: Final = 10_000
BRANCHES_SHOWN_MAX: Final = 5
PAGE: Final = 200


def repository_named(caller: Caller, name: str) -> Repository:
    """The repository of that name, URL or unmistakable end of a name.

    :raises RepositoryUnknown: if there is none; the closest names are in the facts.
    :raises RepositoryAmbiguous: if more than one ends so.
    """
    with caller.grove.database.reading() as tx:
        try:
            return find_repository(tx, actor=caller.actor, name=name)
        except RepositoryNotFound as unknown:
            known = [repository.name for repository in islice(_all_repositories(tx, caller), COMPARED_MAX)]
            raise RepositoryUnknown(repository=name, closest=_closest(name, known)) from unknown


def list_repos(caller: Caller, arguments: ListRepos) -> Reply:
    """A page of repositories by name, each with its state and what of it is indexed.

    :raises GroveError: if the caller may not see them.
    """
    with caller.grove.database.reading() as tx:
        all_of_them = _all_repositories(tx, caller, containing=arguments.query, after=arguments.cursor)
        chosen = (each for each in all_of_them if arguments.status in {None, screen_status_of(each)})
        wanted = list(islice(chosen, arguments.limit + 1))
        heads = list_heads(tx, repositories=[repository.id for repository in wanted])
        snapshots = snapshots_named(tx, names=[head.snapshot for head in heads])
        contexts = [context.name for context in list_contexts(tx, actor=caller.actor)]
    rows = [_row(repository, heads, snapshots) for repository in wanted[: arguments.limit]]
    count = max(count_fitting(rows, tokens_max=arguments.max_tokens), min(len(rows), 1))
    parts = [f"{count:,} repositor{'ies' if count != 1 else 'y'} shown"]
    if count < len(wanted):
        parts.append(f"there are more · next cursor={wanted[count - 1].name}")
    else:
        parts.append("these are all" if not arguments.cursor else "these are the last")
    if contexts and not arguments.cursor:
        named = ", ".join(f"context:{name}" for name in contexts[:CONTEXTS_SHOWN_MAX])
        parts.append(f"sets of them, for queries: {named}{', ...' if len(contexts) > CONTEXTS_SHOWN_MAX else ''}")
    return Reply(lines=rows[:count] or ["(none)"], truth=" · ".join(parts))


def job_status(caller: Caller, arguments: JobStatus) -> Reply:
    """How far a job is, or the newest jobs of a repository; not settled while one of them goes on.

    :raises GroveError: if there is no such job or repository.
    """
    if arguments.job_id:
        with caller.grove.database.reading() as tx:
            job = get_job(tx, actor=caller.actor, job_id=arguments.job_id)
        return Reply(lines=list(_job_lines(job)), truth=_next_step(job), is_settled=job.state.is_final)
    repository = repository_named(caller, arguments.repo or "")
    with caller.grove.database.reading() as tx:
        repository = get_repository(tx, actor=caller.actor, repository_id=repository.id)
        jobs = list_jobs(tx, actor=caller.actor, target_id=repository.id, limit=JOBS_SHOWN_MAX)
    lines = [f"{visible(repository.name)}  {screen_status_of(repository)}{_problem(repository.problem)}"]
    for job in jobs:
        lines += _job_lines(job)
    going = [job for job in jobs if not job.state.is_final and job.kind != HISTORY_JOB]
    step = _next_step(going[0]) if going else _step_of(repository)
    return Reply(lines=lines, truth=step, is_settled=not going)


def _all_repositories(
    tx: Transaction, caller: Caller, *, containing: str = "", after: str = ""
) -> Iterator[Repository]:
    """The repositories that the caller may see, by name, read page by page as they are wanted."""
    while page := list_repositories(tx, actor=caller.actor, containing=containing, after=after, limit=PAGE):
        yield from page
        after = page[-1].name


def _closest(name: str, known: Sequence[str]) -> list[str]:
    """The names that `name` was probably meant to be: those that hold it, then those that are spelt like it."""
    wanted = name.casefold().rstrip("/").removesuffix(".git")
    short = wanted.rpartition("/")[2]
    holding = [full for full in known if short and short in full.casefold()]
    by_end = {full.casefold().rpartition("/")[2]: full for full in known}
    alike = [by_end[end] for end in difflib.get_close_matches(short, list(by_end), n=CLOSEST_MAX)]
    whole = difflib.get_close_matches(name, known, n=CLOSEST_MAX)
    return list(dict.fromkeys([*holding, *alike, *whole]))[:CLOSEST_MAX]


def _row(repository: Repository, heads: Sequence[Head], snapshots: Mapping[str, Snapshot]) -> str:
    mine = [head for head in heads if head.repository_id == repository.id]
    mine.sort(key=lambda head: (head.branch != repository.default_branch, head.branch))
    parts = [repository.name, str(screen_status_of(repository)) + _problem(repository.problem)]
    parts += _access(repository)
    if mine:
        first, snapshot = mine[0], snapshots[mine[0].snapshot]
        parts.append(f"{first.branch}@{first.commit[:COMMIT_DIGITS]}")
        parts.append(f"indexed {_age(snapshot.published_at)} ago")
        parts.append(f"{snapshot.indexed_file_count:,} of {snapshot.file_count:,} files")
        others = [head.branch for head in mine[1 : BRANCHES_SHOWN_MAX + 1]]
        left = len(mine) - 1 - len(others)
        parts += [f"also {', '.join(others)}{f' and {left:,} more' if left else ''}"] if others else []
    else:
        parts.append("not indexed yet")
    return visible("  ".join(parts))


def _job_lines(job: Job) -> Iterator[str]:
    attempt = f"  attempt {job.attempt} of {job.attempts_max}" if job.attempt > 1 else ""
    progress = f"  {_progress(job.progress)}" if job.state is JobState.RUNNING and job.progress else ""
    yield visible(f"job {job.id}  {job.kind}  {job.state}{progress}{attempt}")
    if job.error is not None:
        yield visible(f"  {job.error.get('code')}: {job.error.get('message')}")


def _progress(progress: Mapping[str, Any]) -> str:
    done, total = progress.get("done") or 0, progress.get("total")
    share = f"{100 * done // total}% " if total else ""
    counted = f"{done:,}/{total:,} {progress.get('unit', '')}" if total else f"{done:,} {progress.get('unit', '')}"
    eta = progress.get("eta_seconds")
    return f"{share}{progress.get('phase', '')} {counted.strip()}{f' ETA {eta:.0f} s' if eta else ''}"


def _next_step(job: Job) -> str:
    if job.state is JobState.FAILED:
        return "It failed and will not be tried again by itself. Tell the user, who can retry it in Grove under Jobs."
    if job.state is JobState.CANCELLED:
        return "It was cancelled. Tell the user, who can retry it in Grove under Jobs."
    if job.state is JobState.SUCCEEDED:
        return "It is done."
    return f'It goes on. To wait for it: job_status(job_id="{job.id}", wait_s=20).'


def _step_of(repository: Repository) -> str:
    status = screen_status_of(repository)
    if status is ScreenStatus.READY:
        return "No job goes on. It can be searched and read."
    if status is ScreenStatus.NEEDS_APPROVAL:
        return "It waits for approval. Tell the user, who can ask a maintainer."
    if status is ScreenStatus.ARCHIVED:
        return "It is archived and not searched. Tell the user, who can ask a maintainer to restore it."
    if not repository.is_served:
        return f"Nothing of it is shown. Tell the user. {why_not_ready(repository)}"
    return "No job goes on. Tell the user what is wrong; it can be retried in Grove on the repository's page."


def _access(repository: Repository) -> list[str]:
    """What its forge says of us, when that is not what it should be."""
    if repository.access is Access.GRANTED:
        return []
    last = f"{_age(repository.access_confirmed_at)} ago" if repository.access_confirmed_at else "never"
    return [f"access {repository.access}{_problem(repository.access_problem)}, last confirmed {last}"]


def _problem(problem: Mapping[str, Any] | None) -> str:
    return f" ({problem.get('code')}: {problem.get('message')})" if problem else ""


def _age(moment: datetime) -> str:
    age = max(datetime.now(UTC) - moment, timedelta())
    if age < timedelta(hours=1):
        return f"{age.seconds // 60} min"
    return f"{age.seconds // 3600} h" if age < timedelta(days=1) else f"{age.days} d"
