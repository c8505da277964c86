"""Asking a forge whether it lets us read a repository: by its API where the credential opens that, else by git."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from grove.credentials import Keyring, Lease, Purpose, SecretStores, lease_secret, remote_with, token_of
from grove.forges import (
    Forge,
    ForgeAccess,
    ForgeCredentialRejected,
    ForgeRemote,
    Openness,
    ask_archived,
    ask_new_path,
    ask_readers,
    ask_standing,
)
from grove.git import (
    CredentialRejected,
    Git,
    ListingLimits,
    RedirectRefused,
    Remote,
    RemoteUrl,
    is_public,
    parse_remote_url,
)
from grove.grants.errors import AccessRefused
from grove.grants.model import Answer, Patience, Verdict
from grove.grants.operations import record_answer
from grove.grants.readers import accounts_at, record_readers
from grove.jobs import Run
from grove.kit.errors import GroveError
from grove.kit.transactions import Transaction
from grove.repositories import Access, Permissions, Repository, repository_of_job

LISTING_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTools:
    """What asking works with."""

    git: Git
    keyring: Keyring
    stores: SecretStores
    forge_access: ForgeAccess
    refs_max: int
    patience: Patience


def check_access(run: Run, *, tools: CheckTools) -> None:
    """Ask the forge of the job's repository, and take over what it answers; no answer is no failure of the job."""
    with run.begin() as tx:
        repository = repository_of_job(tx, tenant_id=run.job.tenant_id, repository_id=run.job.target_id)
        repository.require_kept_up()
    if repository.local:
        return
    answer, lease = _answer(run, repository, tools)
    run.check_cancelled()
    readers = _readers(run, repository, answer, lease, tools=tools)
    with run.finish() as tx:
        record_answer(tx, repository=_now(tx, repository), answer=answer, patience=tools.patience, now=run.now)
        if readers is not None and answer.openness is not None:
            record_readers(tx, repository=repository, openness=answer.openness, logins=readers, now=run.now)
    if answer.verdict is not Verdict.GRANTED:
        run.log(f"{answer.verdict}: {answer.message} ({answer.code})")


def require_access(run: Run, repository: Repository, *, tools: CheckTools) -> None:
    """Return when a forge that had refused lets us read a repository again; others are not asked.

    :raises AccessRefused: if it does not.
    """
    if repository.access is not Access.REFUSED:
        return
    check_access(run, tools=tools)
    with run.begin() as tx:
        asked = _now(tx, repository)
    if asked.access is Access.REFUSED:
        said = asked.access_problem or {}
        raise AccessRefused(reason=f"{said.get('message')} ({said.get('code')})")


def _readers(
    run: Run, repository: Repository, answer: Answer, lease: Lease | None, *, tools: CheckTools
) -> frozenset[str] | None:
    """Whom the forge lets read the repository, if people see it by the forge's rules and it tells."""
    if repository.permissions is not Permissions.FORGE or answer.openness is None:
        return None
    if answer.openness is Openness.PUBLIC:
        return frozenset()
    with run.begin() as tx:
        logins = accounts_at(tx, tenant_id=repository.tenant_id, host=repository.host)
    try:
        at = _at_forge(repository, _opened(repository, lease, tools))
        return ask_readers(at, logins, access=tools.forge_access)
    except GroveError as error:
        run.log(f"Whom the forge lets read it is not known anew: {error}")
        return None


def _at_forge(repository: Repository, remote: Remote) -> ForgeRemote:
    path = parse_remote_url(repository.url).path
    return ForgeRemote(forge=Forge(repository.forge), host=repository.host, path=path, secret=token_of(remote))


def _answer(run: Run, repository: Repository, tools: CheckTools) -> tuple[Answer, Lease | None]:
    """What the forge says; to a token that it took back before its end, and then to one that was made anew."""
    lease = None
    try:
        lease = _lease(run, repository, tools)
        try:
            return _ask(repository, _opened(repository, lease, tools), tools, cancelled=run.is_stopped), lease
        except (CredentialRejected, ForgeCredentialRejected):
            if lease is None or not tools.stores.forget(lease, path=parse_remote_url(repository.url).path):
                raise
        return _ask(repository, _opened(repository, lease, tools), tools, cancelled=run.is_stopped), lease
    except GroveError as error:
        return Answer.of(error), lease


def _opened(repository: Repository, lease: Lease | None, tools: CheckTools) -> Remote:
    url = parse_remote_url(repository.url)
    return remote_with(url, tools.stores.open(lease, path=url.path) if lease is not None else None)


def _lease(run: Run, repository: Repository, tools: CheckTools) -> Lease | None:
    if repository.credential_id is None:
        return None
    with run.begin() as tx:
        return lease_secret(
            tx,
            actor=run.actor,
            keyring=tools.keyring,
            credential_id=repository.credential_id,
            host=repository.host,
            purpose=Purpose.of_job(run.job),
            now=run.now,
        )


def _ask(repository: Repository, remote: Remote, tools: CheckTools, *, cancelled: Callable[[], bool]) -> Answer:
    url, at = parse_remote_url(repository.url), _at_forge(repository, remote)
    standing = ask_standing(at, access=tools.forge_access)
    if standing is not None:
        return Answer(
            verdict=Verdict.GRANTED,
            openness=standing.openness,
            everybody_reads=standing.openness is Openness.PUBLIC and is_public(url),
            is_archived=standing.is_archived,
            moved_to=_at_path(url, standing.moved_to) if standing.moved_to else None,
        )
    try:
        _list(remote, tools, cancelled=cancelled)
    except RedirectRefused:
        path = ask_new_path(at, access=tools.forge_access)
        if path is None:
            raise
        moved = _at_path(url, path)
        _list(replace(remote, url=moved), tools, cancelled=cancelled)
        return Answer(verdict=Verdict.GRANTED, moved_to=moved)
    return Answer(
        verdict=Verdict.GRANTED,
        everybody_reads=is_public(url) if remote.secret is None else None,
        is_archived=ask_archived(at, access=tools.forge_access),
    )


def _list(remote: Remote, tools: CheckTools, *, cancelled: Callable[[], bool]) -> None:
    limits = ListingLimits(seconds_max=LISTING_SECONDS_MAX, refs_max=tools.refs_max)
    tools.git.listing(remote, limits=limits, cancelled=cancelled)


def _at_path(url: RemoteUrl, path: str) -> RemoteUrl:
    """Another path of the same host, read by the grammar that all addresses are read by."""
    return parse_remote_url(replace(url, path=path).text)


def _now(tx: Transaction, repository: Repository) -> Repository:
    return repository_of_job(tx, tenant_id=repository.tenant_id, repository_id=repository.id)
