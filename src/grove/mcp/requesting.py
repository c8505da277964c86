"""`repo_request`: an agent asks for a repository that is not kept yet; a person decides."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from grove import mirrors
from grove.freshness import PRESETS, Preset, set_freshness
from grove.jobs import list_jobs
from grove.kit.transactions import Transaction
from grove.mcp.arguments import RepoRequest
from grove.mcp.calls import Caller, Reply
from grove.mcp.visible import visible
from grove.repositories import Approval, Repository, screen_status_of, why_not_ready

MINUTE_SECONDS: Final = 60


def repo_request(caller: Caller, arguments: RepoRequest) -> Reply:
    """Look at the repository, then register the request; it is mirrored at once when policy admits it.

    :raises GroveError: if it cannot be asked for.
    """
    grove, actor = caller.grove, caller.actor
    source = mirrors.Source(address=arguments.place, name=arguments.name or None, reason=arguments.reason)
    with grove.database.reading() as tx:
        mirrors.require_check(tx, actor=actor, source=source)
    report = mirrors.check_source(source, tools=grove.sources)
    with grove.database.transaction() as tx:
        repository = mirrors.connect_source(
            tx, actor=actor, source=source, report=report, keyring=grove.keyring, now=datetime.now(UTC)
        )
        keeps_up = _keep_up(tx, caller, arguments, repository)
        jobs = list_jobs(tx, actor=actor, target_id=repository.id, limit=1)
    lines = [visible(f"{repository.name}  {screen_status_of(repository)}  {repository.url}")]
    if keeps_up is not None:
        lines.append(f"keeps up: {keeps_up}")
    if arguments.type == "hybrid":
        lines.append(f"The folder is kept with what it has; {visible(arguments.url) or 'its remote'} is not fetched.")
    if repository.approval is Approval.PENDING:
        told = f"{why_not_ready(repository)} Tell the user; list_repos shows when it was decided."
        return Reply(lines=lines, truth=told)
    waiting = f' To wait for it: job_status(job_id="{jobs[0].id}", wait_s=20).' if jobs else ""
    return Reply(lines=lines, truth=f"It was approved and is being mirrored.{waiting}")


def _keep_up(tx: Transaction, caller: Caller, arguments: RepoRequest, repository: Repository) -> str | None:
    """How the mirror is to keep up, if that was said; it stays so when somebody approves it later.

    :raises GroveError: if the caller may not, or it cannot keep up so.
    """
    if arguments.strategy is None and arguments.interval is None:
        return None
    wanted = PRESETS[Preset(arguments.strategy or Preset.JOB)]
    if arguments.interval is not None:
        wanted = replace(wanted, poll_seconds=arguments.interval * MINUTE_SECONDS)
    set_freshness(tx, actor=caller.actor, repository_id=repository.id, wanted=wanted, now=datetime.now(UTC))
    polled = f"polled every {wanted.poll_seconds // MINUTE_SECONDS} min" if wanted.poll_seconds else "not polled"
    heeded = ["webhooks are heeded"] if wanted.on_hook else []
    return ", ".join([polled, *heeded, *(["its folder is watched"] if wanted.watch else [])])
