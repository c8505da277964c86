"""Connecting a repository: a look at it outside of any transaction, then its registration."""

from grove import credentials, jobs, mirrors
from grove.api.caller import Caller
from grove.api.jobs import waiting_job
from grove.git import parse_remote_url
from grove.repositories import Repository


def connect(
    caller: Caller, source: mirrors.Source, *, credential: str | None = None
) -> tuple[Repository, jobs.Job | None]:
    """Look at a source and register it; with the job that mirrors it, if it may be."""
    report, looked_at = look_at(caller, source, credential=credential)
    with caller.writing() as tx:
        repository = mirrors.connect_source(
            tx,
            actor=caller.actor,
            source=looked_at,
            report=report,
            keyring=caller.grove.keyring,
            now=caller.now,
        )
        return repository, waiting_job(tx, actor=caller.actor, target_id=repository.id, kind="mirror.sync")


def look_at(
    caller: Caller, source: mirrors.Source, *, credential: str | None = None
) -> tuple[mirrors.SourceReport, mirrors.Source]:
    """What a look at a source shows, with a credential that is kept if one is named; and the source with its secret."""
    with caller.reading() as tx:
        mirrors.require_check(tx, actor=caller.actor, source=source)
    with caller.edge.looks.one():
        if credential is not None:
            source = _with_credential(caller, source, credential)
        return mirrors.check_source(source, tools=caller.grove.sources), source


def _with_credential(caller: Caller, source: mirrors.Source, credential: str) -> mirrors.Source:
    url = parse_remote_url(source.address)
    host = url.authority
    with caller.writing() as tx:
        found = credentials.find_credential(tx, tenant_id=caller.actor.tenant_id, credential=credential)
        lease = credentials.lease_to_look(
            tx, actor=caller.actor, keyring=caller.grove.keyring, credential_id=found.id, host=host, now=caller.now
        )
    return source.opened_with(caller.grove.stores.open(lease, path=url.path), credential_id=found.id)
