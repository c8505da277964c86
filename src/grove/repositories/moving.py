"""Giving a repository another address: because its forge says that it has moved, or because somebody says so."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, select

from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from grove.repositories.errors import (
    AddressFixed,
    AddressUnchanged,
    AddressUnknown,
    HistoryUnrelated,
    RepositoryExists,
)
from grove.repositories.events import RepositoryMoved, RepositoryMoveWanted
from grove.repositories.model import Permissions, Problem, Repository
from grove.repositories.operations import checked_key
from grove.repositories.rows import locked_row, record_act, resource_of, seen_row
from grove.repositories.tables import RepositoryAliasRow, RepositoryRow

WAITS_CODE = "move_waits"
WAITS_MESSAGE = "By policy a person has to say that it is fetched from there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a repository is, and what it is called there."""

    url: str
    host: str
    forge: str
    name: str


def address_key(address: str) -> str:
    """The one spelling of an address, for comparing: lower case, without `.git` and slashes at its end."""
    return address.strip().rstrip("/").removesuffix(".git").rstrip("/").lower()


def request_move(
    tx: Transaction,
    *,
    actor: Actor,
    repository_id: str,
    place: Place | None,
    credential_id: str | None = None,
    now: datetime,
) -> Repository:
    """Have a repository fetched from another address, if that holds the same history; None is where its forge says.

    On another host it keeps no credential; `credential_id` is the one to use there.

    :raises Denied: if `actor` may not, with the repository as it is or as it would be.
    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is not approved, or archived, or being removed.
    :raises AddressUnknown: if no address is named, and its forge has told none.
    :raises AddressUnchanged: if it has that address.
    :raises AddressFixed: if it is a folder of this machine.
    :raises RepositoryExists: if that address is kept as another repository.
    """
    row = seen_row(tx, actor=actor, repository_id=repository_id)
    present = row.value()
    tx.require(actor, "repository.move", resource_of(present))
    present.require_kept_up()
    if present.local:
        raise AddressFixed(repository=present.name)
    if place is None and present.moved_to is None:
        raise AddressUnknown(repository=present.name)
    wanted = place or place_after(present, str((present.moved_to or {})["url"]))
    if wanted.url == present.url:
        raise AddressUnchanged(repository=present.name, url=present.url)
    tx.require(actor, "repository.move", resource_of(_at(present, wanted)))
    _require_free(tx, row, wanted)
    record_act(tx, actor=actor, action="repository.move", row=row, now=now, before=row.url, after=wanted.url)
    _publish(tx, actor=actor, row=row, url=wanted.url, credential_id=credential_id, now=now)
    return row.value()


def record_upstream(
    tx: Transaction,
    *,
    actor: Actor,
    repository_id: str,
    url: str | None,
    archived: bool | None,
    everybody_reads: bool | None,
    now: datetime,
) -> Repository:
    """Take over what a forge says of a repository: where it is if it has moved, whether it is archived, who reads it.

    Where policy lets Grove follow (`repository.follow`), it is moved; else a person has to say so.

    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    row = locked_row(tx, tenant_id=actor.tenant_id, repository_id=repository_id)
    present = row.value()
    if archived is not None and archived is not present.archived:
        row.archived = archived
        record_act(tx, actor=actor, action="repository.upstream", row=row, now=now, archived=archived)
    _take_openness(tx, row, everybody_reads, actor=actor, now=now)
    said = present.moved_to or {}
    is_known = said.get("url") == url
    if url is None or url == present.url:
        row.moved_to = None
        return row.value()
    decision = tx.decision(actor, "repository.follow", resource_of(_at(present, place_after(present, url))))
    if not is_known:
        facts = {"before": present.url, "after": url, "follows": decision.allowed, "reason": decision.reason}
        record_act(tx, actor=actor, action="repository.upstream", row=row, now=now, **facts)
    if decision.allowed and not (is_known and said.get("code") == HistoryUnrelated.code):
        _publish(tx, actor=actor, row=row, url=url, credential_id=present.credential_id, now=now)
    elif not is_known:
        reason = f": {decision.reason}" if decision.reason else ""
        row.moved_to = _told(url, Problem(code=WAITS_CODE, message=f"{WAITS_MESSAGE}{reason}.", at=now))
    return row.value()


def move_repository(
    tx: Transaction, *, actor: Actor, repository_id: str, place: Place, credential_id: str | None, now: datetime
) -> Repository:
    """Give a repository its new address, whose history was found to be the same; the old one stays an alias.

    A name that was made from the old address is made from the new one.

    :raises RepositoryNotFound: if the tenant has no such repository.
    :raises NotAllowedNow: if it is not approved, or archived, or being removed.
    :raises RepositoryExists: if that address is kept as another repository by now.
    """
    row = locked_row(tx, tenant_id=actor.tenant_id, repository_id=repository_id)
    before = row.value()
    before.require_kept_up()
    _require_free(tx, row, place)
    after = _at(before, place)
    _keep_alias(tx, row, after, now=now)
    row.url, row.host, row.forge, row.name = after.url, after.host, after.forge, after.name
    row.name_key, row.credential_id = checked_key(after.name), credential_id
    row.moved_to, row.everybody_reads, row.updated_at = None, None, now
    if after.host != before.host and before.permissions is Permissions.FORGE:
        row.readers_read_at = None
    facts = {"before": before.url, "after": after.url, "name_before": before.name}
    record_act(tx, actor=actor, action="repository.moved", row=row, now=now, **facts)
    moved = RepositoryMoved(tenant_id=row.tenant_id, repository_id=row.id, actor_id=actor.id, host=row.host, at=now)
    tx.publish(moved)
    return row.value()


def record_move_problem(
    tx: Transaction, *, tenant_id: str, repository_id: str, url: str, problem: Problem
) -> Repository:
    """Note why a repository is not fetched from its new address.

    :raises RepositoryNotFound: if the tenant has no such repository.
    """
    row = locked_row(tx, tenant_id=tenant_id, repository_id=repository_id)
    row.moved_to = _told(url, problem)
    return row.value()


def aliases_of(tx: Transaction, *, repository_id: str) -> list[str]:
    """The addresses that a repository had before, the last one first."""
    chosen = select(RepositoryAliasRow.address).where(RepositoryAliasRow.repository_id == repository_id)
    return list(tx.session.scalars(chosen.order_by(RepositoryAliasRow.until.desc(), RepositoryAliasRow.address)))


def place_after(repository: Repository, url: str) -> Place:
    """Where a repository is after a move on its own host."""
    return Place(url=url, host=repository.host, forge=repository.forge, name=_name_at(repository.host, url))


def _name_at(host: str, url: str) -> str:
    return f"{host}/{url.partition('://')[2].partition('/')[2]}".removesuffix(".git")


def _take_openness(
    tx: Transaction,
    row: RepositoryRow,
    told: bool | None,  # noqa: FBT001 - three values
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Take over whether everybody can read it; that not everybody can holds until something else is told."""
    before = row.everybody_reads
    if told is before or (told is None and before is False):
        return
    row.everybody_reads = told
    if before is not None:
        record_act(tx, actor=actor, action="repository.upstream", row=row, now=now, everybody_reads=told)


def _at(repository: Repository, place: Place) -> Repository:
    """The repository at another place; a name that somebody chose stays."""
    was_made = repository.name.casefold() == _name_at(repository.host, repository.url).casefold()
    name = place.name if was_made else repository.name
    return replace(repository, url=place.url, host=place.host, forge=place.forge, name=name)


def _require_free(tx: Transaction, row: RepositoryRow, place: Place) -> None:
    name = _at(row.value(), place).name
    taken = select(RepositoryRow).where(
        RepositoryRow.tenant_id == row.tenant_id,
        RepositoryRow.id != row.id,
        (RepositoryRow.url == place.url) | (RepositoryRow.name_key == checked_key(name)),
    )
    other = tx.session.scalars(taken.limit(1)).first()
    if other is not None:
        raise RepositoryExists(name=other.name, repository=other.id)


def _keep_alias(tx: Transaction, row: RepositoryRow, after: Repository, *, now: datetime) -> None:
    old, new = address_key(row.url), address_key(after.url)
    had = delete(RepositoryAliasRow).where(
        RepositoryAliasRow.repository_id == row.id, RepositoryAliasRow.address.in_([old, new])
    )
    tx.session.execute(had)
    if old != new:
        kept = RepositoryAliasRow(
            repository_id=row.id, address=old, tenant_id=row.tenant_id, name_key=row.name_key, until=now
        )
        tx.session.add(kept)


def _publish(
    tx: Transaction, *, actor: Actor, row: RepositoryRow, url: str, credential_id: str | None, now: datetime
) -> None:
    tx.publish(
        RepositoryMoveWanted(
            tenant_id=row.tenant_id,
            repository_id=row.id,
            actor_id=actor.id,
            url=url,
            credential_id=credential_id,
            at=now,
        )
    )


def _told(url: str, problem: Problem) -> dict[str, object]:
    return {"url": url, **problem.as_json()}
