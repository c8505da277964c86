"""`repo_request`: an agent asks for a repository that is not kept yet; a person decides."""

from datetime import UTC, datetime

from grove import mirrors
from grove.jobs import list_jobs
from grove.mcp.arguments import RepoRequest
from grove.mcp.calls import Caller, Reply
from grove.mcp.visible import visible
from grove.repositories import Approval, screen_status_of, why_not_ready


def repo_request(caller: Caller, arguments: RepoRequest) -> Reply:
    """Look at the repository, then register the request; it is mirrored at once when policy admits it.

    :raises GroveError: if it cannot be asked for.
    """
    grove, actor = caller.grove, caller.actor
    source = mirrors.Source(address=arguments.url, name=arguments.name or None, reason=arguments.reason)
    with grove.database.reading() as tx:
        mirrors.require_check(tx, actor=actor, source=source)
    report = mirrors.check_source(source, tools=grove.sources)
    with grove.database.transaction() as tx:
        repository = mirrors.connect_source(
            tx, actor=actor, source=source, report=report, keyring=grove.keyring, now=datetime.now(UTC)
        )
        jobs = list_jobs(tx, actor=actor, target_id=repository.id, limit=1)
    lines = [visible(f"{repository.name}  {screen_status_of(repository)}  {repository.url}")]
    if repository.approval is Approval.PENDING:
        told = f"{why_not_ready(repository)} Tell the user; list_repos shows when it was decided."
        return Reply(lines=lines, truth=told)
    waiting = f' To wait for it: job_status(job_id="{jobs[0].id}", wait_s=20).' if jobs else ""
    return Reply(lines=lines, truth=f"It was approved and is being mirrored.{waiting}")
