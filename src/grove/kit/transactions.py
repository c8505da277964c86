"""The database, and the transaction that an entry point opens and commits.

Operations receive a `Transaction`; they never commit, and events they publish are answered before the commit.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pysqlite3
from sqlalchemy import Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from grove.kit.consents import Consents
from grove.kit.errors import GroveError, Kind, StorageFull
from grove.kit.events import Event
from grove.kit.gate import Actor, Consent, Decision, Denied, Gate, Refusal, Resource, Selection, consent_to
from grove.kit.logging import logger
from grove.kit.signing import NO_SIGNER, Signer
from grove.kit.tenancy import ALL, served
from grove.kit.walls import WalledSession

BUSY_SECONDS_MAX = 10
IDLE_SECONDS_MAX = 60
"""A transaction does nothing slow: one idle for so long is of a process that hangs, or of a machine that is gone."""
_POSTGRES_LIMITS = {"lock_timeout": BUSY_SECONDS_MAX, "idle_in_transaction_session_timeout": IDLE_SECONDS_MAX}
_READ_ONLY: dict[str, dict[str, Any]] = {
    "sqlite": {"read_only": True},
    "postgresql": {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"},
}


_IS_READ_ONLY = "is_read_only"
log = logger(__name__)


class StorageBusy(GroveError):
    """The database did not answer in time; try again."""

    kind = Kind.UNAVAILABLE
    code = "storage_busy"
    transient = True


class StorageFaulty(GroveError):
    """The database cannot be used; `grove doctor` says what is wrong with it."""

    kind = Kind.UNAVAILABLE
    code = "storage_faulty"


class StorageReadOnly(GroveError):
    """The database cannot be written, only read; as soon as it can be, work goes on by itself."""

    kind = Kind.UNAVAILABLE
    code = "storage_read_only"
    transient = True


class DatabaseUnknown(GroveError):
    """This kind of database is not one that Grove can use."""

    code = "database_unknown"


class WrittenMeanwhile(GroveError):
    """Somebody else has written the same thing at the same time; look again."""

    kind = Kind.CONFLICT
    code = "written_meanwhile"


class Transaction:
    """One unit of work: rows, and the events that commit with them."""

    def __init__(self, session: WalledSession, *, gate: Gate, handlers: "Handlers", signer: Signer = NO_SIGNER) -> None:
        self.session = session
        self.signer = signer
        """Signs what is done later."""
        self._gate = gate
        self._handlers = handlers
        self._last_acts: list[Callable[[Transaction], None]] = []
        self.afterwards: list[Act] = []
        """Done when this one is over, each in a transaction of its own, whether anything of this one is kept or not."""
        self.has_work = False
        """Whether workers have something to do once this is committed."""
        self.refusals: list[tuple[GroveError, Refusal]] = []
        """What was not allowed, with the error that said so."""
        self.consents = Consents()
        """What was allowed."""
        self._decisions: dict[str, list[Decision]] = {}

    def require(self, actor: Actor, action: str, resource: Resource, *, absent: GroveError | None = None) -> None:
        """Return when `actor` may do `action` to `resource`.

        :raises Denied: if it may not.
        :raises GroveError: `absent` instead, if the resource is somebody else's: whoever may do nothing to a private
            thing does not learn that it is there.
        """
        decision = self.decision(actor, action, resource)
        if decision.allowed:
            self.consents.add([consent_to(actor, action, resource, decision)])
            return
        named = {"policy": ", ".join(decision.policies)} if decision.policies else {}
        error: GroveError = Denied(action=action, reason=decision.reason, **named)
        if absent is not None and resource.attributes.get("owner") != actor.id:
            error = absent
        refusal = Refusal(actor=actor, action=action, resource=resource, decision=decision)
        self.refusals.append((error, refusal))
        raise error

    def decision(self, actor: Actor, action: str, resource: Resource) -> Decision:
        """Whether `actor` may do `action` to `resource`, and why; for operations that go on either way."""
        [decision] = self._gate.decide(self.session, actor, action, [resource])
        if decision.allowed:
            self._decisions.setdefault(actor.id, []).append(decision)
        return decision

    def allowed(self, actor: Actor, action: str, resources: Sequence[Resource]) -> list[bool]:
        """Which of some resources `actor` may do `action` to; a mere question, of which nobody is told."""
        return [decision.allowed for decision in self._gate.decide(self.session, actor, action, resources)]

    def select(self, actor: Actor, action: str, resources: Sequence[Resource]) -> Selection:
        """Decide about some resources together; whoever goes on with some of them says so in `consents`."""
        decisions = self._gate.decide(self.session, actor, action, resources)
        return Selection(actor=actor, action=action, resources=resources, decisions=decisions)

    def hidden(self, actor: Actor, ids: Collection[str]) -> set[str]:
        """Those of some ids, whatever they are of, that are of things which `actor` may not know of."""
        return self._gate.hidden(self.session, actor, ids)

    def decisions(self, actor: Actor) -> Sequence[Decision]:
        """What was decided in favour of `actor` in this transaction, for what tells of it: the audit trail, a log."""
        self.consents.tell(actor.id)
        return self._decisions.get(actor.id, ())

    def serve(self, tenant_id: str) -> None:
        """Go on for one tenant, in a transaction that was opened for all to find out which it is.

        :raises TenantCrossed: if it was opened for another.
        """
        self.session.narrow(tenant_id)

    def within(self, tenant_id: str) -> AbstractContextManager[None]:
        """See one tenant while the block lasts, in a transaction that was opened for all."""
        return self.session.within(tenant_id)

    def beyond(self) -> AbstractContextManager[None]:
        """See the rows of every tenant while the block lasts; each use is on the list of those that may."""
        return self.session.within(ALL)

    def publish(self, happened: Event) -> None:
        """Tell everyone whom it concerns, within this transaction."""
        for handler in self._handlers.get(type(happened), ()):
            handler(self, happened)

    def at_end(self, act: "Callable[[Transaction], None]") -> None:
        """Have `act` done last, once; when it fails, nothing of this transaction is kept."""
        if act not in self._last_acts:
            self._last_acts.append(act)

    def end(self) -> None:
        """Do what was to be done last; for whoever opened the transaction, right before the commit."""
        while self._last_acts:
            self._last_acts.pop(0)(self)


def go_alone(tx: Transaction, what: str) -> None:
    """Wait for all other transactions that go alone about the same: what is counted now still holds at the end.

    SQLite has one writer anyway.
    """
    if tx.session.get_bind().dialect.name == "postgresql":
        tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(what, 0))))


Act = Callable[[Transaction], None]
Handler = Callable[[Transaction, Any], None]
Handlers = Mapping[type[Event], Sequence[Handler]]
"""Who is told of each kind of event."""


def _silence() -> None:
    """Wake nobody: workers look by themselves."""


def _tell_nobody(_refusal: Refusal) -> None:
    """Leave refusals untold."""


def _count_nothing(_consents: Sequence[Consent]) -> None:
    """Leave what is allowed uncounted."""


class Database:
    """Where the rows live: SQLite by default, PostgreSQL when its URL is given."""

    def __init__(
        self,
        url: str,
        *,
        gate: Gate,
        handlers: Handlers,
        signer: Signer = NO_SIGNER,
        wake: Callable[[], None] = _silence,
        telling: Callable[[Refusal], Act | None] = _tell_nobody,
        counting: Callable[[Sequence[Consent]], None] = _count_nothing,
    ) -> None:
        """`wake` is called after each commit that has left something to do for workers, which `signer` has signed.

        `telling` says how somebody is told of what failed a transaction since it is not allowed, if at all; `counting`
        is given what was allowed and nothing else tells of, without waiting for anything.
        """
        self._signer = signer
        self.engine = _engine(url)
        self._wake = wake
        self._telling = telling
        self._counting = counting
        self._gate = gate
        self._handlers = handlers

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Commit at the end of the block, roll back when it raises.

        :raises StorageBusy: if the database stayed locked or could not be reached.
        :raises StorageReadOnly: if its file may not be written now.
        :raises StorageFaulty: if it cannot be used at all.
        :raises WrittenMeanwhile: if another transaction was quicker with something that there may be only one of.
        :raises TenantUnnamed: if nobody has said for which tenant.
        """
        with self._session(self.engine) as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read one consistent state, beside any writer.

        :raises StorageBusy: if the database stayed locked or could not be reached.
        """
        with self._session(self.engine.execution_options(**_READ_ONLY[self.engine.dialect.name])) as tx:
            yield tx

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Transaction]:
        tx: Transaction | None = None
        kept = False
        try:
            with self.usable(), WalledSession(engine, tenant_id=served()) as session, session.begin():
                tx = Transaction(session, gate=self._gate, handlers=self._handlers, signer=self._signer)
                yield tx
                tx.end()
            kept = True
            if tx.has_work:
                self._wake()
        except GroveError as error:
            if tx is not None:
                self._tell_refusal(tx, error)
            raise
        finally:
            if tx is not None:
                self.count(tx.consents.untold() if kept else tx.consents.in_vain())
                self._do_afterwards(tx.afterwards)

    def _tell_refusal(self, tx: Transaction, error: GroveError) -> None:
        """Have it told if what failed the transaction was that somebody may not do something."""
        for raised, refusal in tx.refusals:
            if (raised is error or raised is error.__cause__) and (act := self._telling(refusal)):
                tx.afterwards.append(act)

    def _do_afterwards(self, acts: Sequence[Act]) -> None:
        for act in acts:
            try:
                with self.transaction() as tx:
                    act(tx)
            except GroveError as error:  # what went before counts, whichever way it ended
                log.exception("afterwards_failed", code=error.code)

    def count(self, consents: Sequence[Consent]) -> None:
        """Count what was allowed once it is known what came of it: what an answer showed."""
        self._counting(consents)

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Tell what goes wrong with the database in the block in our own words.

        :raises StorageBusy: if it stayed locked or could not be reached.
        :raises StorageFull: if its disk is full.
        :raises StorageReadOnly: if it takes nothing that is new, such as one that only follows another.
        :raises StorageFaulty: if it cannot be used at all.
        :raises WrittenMeanwhile: if another transaction was quicker with something that there may be only one of.
        """
        try:
            yield
        except PoolTimeout as error:
            raise StorageBusy(cause="every connection is in use") from error
        except (OperationalError, InterfaceError, InternalError) as error:
            cause = _cause(error)
            raise _meant_by(cause)(cause=cause) from error
        except (IntegrityError, StaleDataError) as error:
            # The cause is not told: it shows the rows' values.
            raise WrittenMeanwhile from error

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _cause(error: DBAPIError) -> str:
    return str(error.orig).splitlines()[0] if error.orig else type(error).__name__


def _meant_by(cause: str) -> type[GroveError]:
    said = cause.lower()
    if any(words in said for words in ("disk is full", "no space left", "disk full")):
        return StorageFull
    if "read-only transaction" in said:
        return StorageReadOnly
    passing = ("locked", "busy", "connection", "timeout", "starting up", "shutting down", "deadlock", "serialize")
    return StorageBusy if any(word in said for word in passing) else StorageFaulty


def _engine(url: str) -> Engine:
    backend = make_url(url).get_backend_name()
    if backend not in _READ_ONLY:
        raise DatabaseUnknown(backend=backend, known=", ".join(_READ_ONLY))
    if backend != "sqlite":
        return _postgres_engine(url)
    arguments = {"timeout": BUSY_SECONDS_MAX, "check_same_thread": False}
    engine = create_engine(url, module=pysqlite3, connect_args=arguments)
    file = Path(engine.url.database or "")

    def make_private(*_given: Any) -> None:
        # SQLite would let everybody on this machine read it; the files beside it get the same mode.
        if not file.exists() and os.access(file.parent, os.W_OK):
            file.touch(mode=0o600)

    def look(_connection: Any, record: Any) -> None:
        # SQLite opens what it may not write for reading alone, says nothing, and stays so.
        record.info[_IS_READ_ONLY] = not os.access(file, os.W_OK)

    def look_again(_connection: Any, record: Any, _proxy: object) -> None:
        if record.info[_IS_READ_ONLY] and os.access(file, os.W_OK):
            raise DisconnectionError  # the pool opens it anew

    event.listen(engine, "do_connect", make_private)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "connect", look)
    event.listen(engine, "checkout", look_again)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _postgres_engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20, pool_timeout=BUSY_SECONDS_MAX)

    def limit(connection: Any, _record: object) -> None:
        # By itself PostgreSQL waits for ever for a lock, and keeps those of whoever went away without a word.
        connection.autocommit = True
        for name, seconds in _POSTGRES_LIMITS.items():
            connection.execute(f"SET {name} = '{seconds}s'")
        connection.autocommit = False

    event.listen(engine, "connect", limit)
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: a deferred one that later writes fails without waiting.
    connection.isolation_level = None
    busy_timeout = f"busy_timeout={BUSY_SECONDS_MAX * 1000}"
    for pragma in (busy_timeout, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Any) -> None:
    read_only: bool = connection.get_execution_options().get("read_only", False)
    if not read_only and connection.info[_IS_READ_ONLY]:
        raise StorageReadOnly
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
