"""Connecting repositories to a Grove as an entry point does."""

from grove import mirrors
from grove.jobs import Job, list_jobs
from grove.kit.gate import Actor
from grove.repositories import Repository, get_repository, request_sync
from tests.support.grove import House


def connect(
    made: House, address: str, *, token: str | None = None, name: str | None = None, actor: Actor | None = None
) -> Repository:
    """Look at a source and register it; its jobs wait."""
    actor = actor or made.admin
    wanted = mirrors.Source(address=address, access_token=token, name=name)
    with made.grove.database.reading() as tx:
        mirrors.require_check(tx, actor=actor, source=wanted)
    report = mirrors.check_source(wanted, tools=made.grove.sources)
    with made.grove.database.transaction() as tx:
        return mirrors.connect_source(
            tx, actor=actor, source=wanted, report=report, keyring=made.grove.keyring, now=made.now
        )


def sync(made: House, repository: Repository, *, accept_ref_loss: bool = False) -> Job:
    """Bring a mirror and its index up to date; the job that fetched."""
    with made.grove.database.transaction() as tx:
        request_sync(tx, actor=made.admin, repository_id=repository.id, accept_ref_loss=accept_ref_loss, now=made.now)
    made.work()
    return last_job(made, repository, kind="mirror.sync")


def last_job(made: House, repository: Repository, *, kind: str) -> Job:
    """The newest job of a kind."""
    with made.grove.database.reading() as tx:
        return next(job for job in list_jobs(tx, actor=made.admin, target_id=repository.id) if job.kind == kind)


def now_of(made: House, repository: Repository) -> Repository:
    """The repository as it is now."""
    with made.grove.database.reading() as tx:
        return get_repository(tx, actor=made.admin, repository_id=repository.id)
