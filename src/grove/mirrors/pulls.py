"""The open pull requests of a repository: which there are, fetched beside its branches, gone when they are closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select

from grove import activity
from grove.credentials import token_of
from grove.forges import Forge, ForgeAccess, ForgeRemote, Pull, PullDesk
from grove.git import FetchLimits, Git, Remote, parse_remote_url
from grove.kit.errors import GroveError
from grove.kit.gate import Actor
from grove.kit.logging import logger
from grove.kit.transactions import Transaction
from grove.mirrors.errors import PullNotFound, PullsNotTracked
from grove.mirrors.tables import MirrorRefRow, PullRow, PullSwitchRow
from grove.repositories import Repository, get_repository, request_sync, resource_of

PULL_PREFIX: Final = "refs/pull/"
_SOURCES: Final[Mapping[Forge, str]] = {
    Forge.GITHUB: "refs/pull/{number}/head",
    Forge.GITEA: "refs/pull/{number}/head",
    Forge.GITLAB: "refs/merge-requests/{number}/head",
    Forge.BITBUCKET: "refs/heads/{branch}",
}
"""Where hosts keep the commits of pull requests; Bitbucket does so for those from the same repository alone."""
FETCHED_TOGETHER: Final = 50
log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MirroredPull:
    """An open pull request whose commits are here; `head` is the newest of them."""

    number: int
    title: str
    branch: str
    target: str
    head: str
    url: str


def track_pulls(tx: Transaction, *, actor: Actor, repository_id: str, tracked: bool, now: datetime) -> Repository:
    """Have the open pull requests of a repository mirrored and indexed from its next sync on, or no more.

    :raises Denied: if `actor` may not.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises PullsNotTracked: if its host is no forge that tells them.
    """
    repository = get_repository(tx, actor=actor, repository_id=repository_id)
    tx.require(actor, "repository.keep_up", resource_of(repository))
    if tracked and Forge(repository.forge) not in _SOURCES:
        raise PullsNotTracked(repository=repository.name, forge=repository.forge)
    row = tx.session.get(PullSwitchRow, repository_id)
    if tracked and row is None:
        tx.session.add(PullSwitchRow(tenant_id=repository.tenant_id, repository_id=repository_id))
    elif not tracked and row is not None:
        tx.session.delete(row)
    activity.record(
        tx,
        actor=actor,
        action="repository.keep_up",
        target_kind="repository",
        target_id=repository_id,
        now=now,
        pulls=tracked,
    )
    return request_sync(tx, actor=actor, repository_id=repository_id, now=now)


def are_pulls_tracked(tx: Transaction, *, repository_id: str) -> bool:
    """Whether the pull requests of a repository are mirrored."""
    return tx.session.get(PullSwitchRow, repository_id) is not None


def pulls_of(tx: Transaction, *, repository_id: str) -> list[MirroredPull]:
    """The open pull requests whose commits are here, the newest first."""
    chosen = select(PullRow).where(PullRow.repository_id == repository_id).order_by(PullRow.number.desc())
    return [
        MirroredPull(
            number=row.number, title=row.title, branch=row.branch, target=row.target, head=row.head, url=row.url
        )
        for row in tx.session.scalars(chosen)
    ]


def pull_of(tx: Transaction, *, repository: Repository, number: int) -> MirroredPull:
    """An open pull request by its number.

    :raises PullsNotTracked: if those of the repository are not mirrored.
    :raises PullNotFound: if it is not open, or not here yet.
    """
    if not are_pulls_tracked(tx, repository_id=repository.id):
        raise PullsNotTracked(repository=repository.name, forge=repository.forge)
    for pull in pulls_of(tx, repository_id=repository.id):
        if pull.number == number:
            return pull
    raise PullNotFound(repository=repository.name, number=number)


def listed_pulls(
    repository: Repository, remote: Remote, *, access: ForgeAccess, known: Sequence[MirroredPull]
) -> list[MirroredPull]:
    """The open pull requests as the forge tells them; those that are known when it does not answer."""
    path = parse_remote_url(repository.url).path
    at = ForgeRemote(forge=Forge(repository.forge), host=repository.host, path=path, secret=token_of(remote))
    try:
        found = PullDesk(at, access=access).open_ones()
    except GroveError as error:
        # What the mirror is for are branches: they must not wait for this.
        log.warning("pulls_not_listed", repository=repository.id, code=error.code)
        return list(known)
    # A branch of another repository is not there to be fetched, and one of ours may have its name.
    return [_mirrored(pull) for pull in found if not (pull.is_foreign and at.forge is Forge.BITBUCKET)]


def are_current(pulls: Sequence[MirroredPull], refs: Mapping[str, str]) -> bool:
    """Whether the refs of a mirror have these pull requests and no others; some forges tell commits by few digits."""
    here = {name for name in refs if name.startswith(PULL_PREFIX)}
    return here == {ref_of(pull.number) for pull in pulls} and all(
        refs[ref_of(pull.number)].startswith(pull.head) for pull in pulls
    )


def fetch_pulls(
    git: Git, aside: Path, remote: Remote, *, forge: str, pulls: Sequence[MirroredPull], limits: FetchLimits
) -> None:
    """Fetch the commits of pull requests, many at a time; one that its host does not give is left out."""
    for begin in range(0, len(pulls), FETCHED_TOGETHER):
        some = pulls[begin : begin + FETCHED_TOGETHER]
        if not _fetched(git, aside, remote, forge=forge, pulls=some, limits=limits):
            for pull in some:
                _fetched(git, aside, remote, forge=forge, pulls=[pull], limits=limits)


def _fetched(
    git: Git, aside: Path, remote: Remote, *, forge: str, pulls: Sequence[MirroredPull], limits: FetchLimits
) -> bool:
    source = _SOURCES[Forge(forge)]
    wanted = [f"+{source.format(number=each.number, branch=each.branch)}:{ref_of(each.number)}" for each in pulls]
    try:
        git.fetch(aside, remote, refspecs=wanted, limits=limits)
    except (GroveError, ValueError) as error:
        log.warning("pulls_not_fetched", numbers=[each.number for each in pulls], reason=str(error))
        return False
    return True


def keep_pulls(
    tx: Transaction, *, repository: Repository, pulls: Sequence[MirroredPull], refs: Mapping[str, str]
) -> None:
    """Write down which pull requests are here, at which commits."""
    tx.session.execute(delete(PullRow).where(PullRow.repository_id == repository.id))
    for pull in pulls:
        if (head := refs.get(ref_of(pull.number))) is not None:
            row = PullRow(
                tenant_id=repository.tenant_id,
                repository_id=repository.id,
                number=pull.number,
                title=pull.title,
                branch=pull.branch,
                target=pull.target,
                head=head,
                url=pull.url,
            )
            tx.session.add(row)


def forget_pulls(tx: Transaction, *, repository_id: str) -> None:
    """Forget all about the pull requests of a repository."""
    for table in (PullRow, PullSwitchRow):
        tx.session.execute(delete(table).where(table.repository_id == repository_id))


def pull_heads(tx: Transaction, *, repository_id: str) -> dict[str, str]:
    """The commits of the open pull requests by the names that they are searched by: `pr/7`."""
    mine = select(MirrorRefRow).where(
        MirrorRefRow.repository_id == repository_id, MirrorRefRow.name.startswith(PULL_PREFIX)
    )
    return {f"pr/{row.name.split('/')[2]}": row.commit for row in tx.session.scalars(mine)}


def ref_of(number: int) -> str:
    """What the mirror calls the newest commit of a pull request, whatever its host calls it."""
    return f"{PULL_PREFIX}{number}/head"


def _mirrored(pull: Pull) -> MirroredPull:
    return MirroredPull(
        number=pull.number,
        title=pull.title[:255],
        branch=pull.branch,
        target=pull.target,
        head=pull.head,
        url=pull.url,
    )
