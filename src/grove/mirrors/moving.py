"""Moving a mirror to another address: look there, see that it is the same history, then fetch from there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from grove import accounts
from grove.credentials import (
    CredentialHostMismatch,
    Purpose,
    find_credential,
    lease_secret,
    normal_host,
    remote_with,
)
from grove.forges import Forge, recognise, repository_name
from grove.git import ListingLimits, Remote, RemoteListing, RemoteUrl, merge_base, parse_remote_url
from grove.jobs import Job, JobState, Run
from grove.kit.files import remove_tree
from grove.kit.gate import Actor, Resource, Source
from grove.kit.transactions import Transaction
from grove.mirrors.arguments import MoveArguments
from grove.mirrors.fetch import REFSPECS, TAG_REFSPEC, MirrorTools, fetch_limits, is_published, told_problem
from grove.mirrors.queries import BRANCH_PREFIX, refs_of
from grove.mirrors.source import check_project
from grove.repositories import (
    HistoryUnrelated,
    Place,
    Problem,
    Repository,
    get_repository,
    move_repository,
    record_move_problem,
    repository_of_job,
    request_move,
)

BRANCHES_COMPARED_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    repository: Repository
    remote: Remote
    credential_id: str | None
    refs: Mapping[str, str]


def request_new_address(
    tx: Transaction,
    *,
    actor: Actor,
    repository_id: str,
    address: str | None,
    credential: str | None,
    forges: Mapping[str, Forge],
    now: datetime,
) -> Repository:
    """Have a repository fetched from another address; None is where its forge says that it is now.

    :raises UrlRefused: if it is not an address that may be connected.
    :raises CredentialNotFound: if there is no such credential.
    :raises CredentialHostMismatch: if the credential is for another host.
    :raises GroveError: as `repositories.request_move`.
    """
    repository = get_repository(tx, actor=actor, repository_id=repository_id)
    place = _place(parse_remote_url(address), forges) if address else None
    host = place.host if place else repository.host
    credential_id = repository.credential_id if host == repository.host else None
    if credential is not None:
        found = find_credential(tx, tenant_id=actor.tenant_id, credential=credential)
        tx.require(actor, "credential.use", Resource(kind="credential", id=found.id, tenant_id=found.tenant_id))
        check_project(tx, actor=actor, credential_id=found.id, project_id=repository.project_id)
        if normal_host(found.host) != normal_host(host):
            raise CredentialHostMismatch(credential=found.name, host=host)
        credential_id = found.id
    return request_move(tx, actor=actor, repository_id=repository.id, place=place, credential_id=credential_id, now=now)


def move_upstream(run: Run, *, tools: MirrorTools, forges: Mapping[str, Forge]) -> None:
    """Give the job's repository its new address, if what is there shares a commit with the mirror.

    :raises HistoryUnrelated: if it does not.
    :raises GroveError: for whatever the host answers; the repository stays where it was.
    """
    move = _begin(run, tools)
    limits = ListingLimits(refs_max=tools.limits.refs_max)
    listing = tools.git.listing(move.remote, limits=limits, cancelled=run.is_stopped)
    if move.refs and not set(move.refs.values()) & set(listing.refs.values()):
        _require_same_history(run, move, listing, tools)
    run.check_cancelled()
    assert isinstance(move.remote.url, RemoteUrl)
    with run.finish() as tx:
        move_repository(
            tx,
            actor=accounts.steward(tx, tenant_id=run.job.tenant_id, source=Source.WORKER, now=run.now),
            repository_id=move.repository.id,
            place=_place(move.remote.url, forges),
            credential_id=move.credential_id,
            now=run.now,
        )


def settle_move(tx: Transaction, job: Job) -> None:
    """Note at the repository why a move did not succeed."""
    if job.error is None or job.finished_at is None or job.state is not JobState.FAILED:
        return
    problem = Problem(code=job.error["code"], message=told_problem(job), at=job.finished_at)
    url = MoveArguments.of(job).url
    record_move_problem(tx, tenant_id=job.tenant_id, repository_id=job.target_id, url=url, problem=problem)


def _begin(run: Run, tools: MirrorTools) -> _Move:
    job, lease = run.job, None
    told = MoveArguments.of(job)
    url, credential_id = parse_remote_url(told.url), told.credential_id
    with run.begin() as tx:
        repository = repository_of_job(tx, tenant_id=job.tenant_id, repository_id=job.target_id)
        repository.require_kept_up()
        refs = refs_of(tx, repository_id=repository.id)
        if credential_id is not None:
            lease = lease_secret(
                tx,
                actor=run.actor,
                keyring=tools.keyring,
                credential_id=credential_id,
                host=url.authority,
                purpose=Purpose.of_job(job),
                now=run.now,
            )
    opened = tools.stores.open(lease, path=url.path) if lease is not None else None
    return _Move(repository=repository, remote=remote_with(url, opened), credential_id=credential_id, refs=refs)


def _require_same_history(run: Run, move: _Move, listing: RemoteListing, tools: MirrorTools) -> None:
    """Return when some branch there has a commit in common with what we have; to see that, it is fetched aside.

    :raises HistoryUnrelated: if none has.
    """
    place = {"tenant_id": run.job.tenant_id, "repository_id": run.job.target_id}
    incoming, mirror = tools.locator.incoming(**place, job_id=run.job.id), tools.locator.mirror(**place)
    pairs = list(_pairs(move, listing))
    if not pairs or not is_published(mirror):
        raise HistoryUnrelated(url=str(move.remote.url))
    remove_tree(incoming)
    incoming.mkdir(parents=True, mode=0o700)
    try:
        aside = incoming / "mirror.git"
        tools.git.init(aside, borrowing=mirror)
        tools.git.fetch(
            aside,
            move.remote,
            refspecs=[*REFSPECS, TAG_REFSPEC],
            limits=fetch_limits(tools),
            cancelled=run.is_stopped,
        )
        if not any(merge_base(tools.git.config, aside, ours, theirs) for ours, theirs in pairs):
            raise HistoryUnrelated(url=str(move.remote.url))
    finally:
        remove_tree(incoming)


def _pairs(move: _Move, listing: RemoteListing) -> Iterator[tuple[str, str]]:
    """Commits to compare, ours and theirs: of the default branches, then of branches that are called the same."""
    theirs = {name: oid for name, oid in listing.refs.items() if name.startswith(BRANCH_PREFIX)}
    if move.repository.head_commit and listing.head_commit:
        yield move.repository.head_commit, listing.head_commit
    shared = sorted(theirs.keys() & move.refs.keys())
    for name in shared[:BRANCHES_COMPARED_MAX]:
        yield move.refs[name], theirs[name]


def _place(url: RemoteUrl, forges: Mapping[str, Forge]) -> Place:
    return Place(
        url=url.text,
        host=url.authority,
        forge=recognise(url.authority, url.path, hosts=forges),
        name=repository_name(url.authority, url.path),
    )
