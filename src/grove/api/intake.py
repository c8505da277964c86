"""Where deliveries of forges come in: those that come while others are written down are written down together.

A commit waits for the disk, whatever is in it. So a storm costs a commit for all that came during the one before, and a
single delivery waits for nobody. Each is answered when it is safe.
"""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from grove import freshness
from grove.api.errors import TooBusy
from grove.credentials import Keyring
from grove.freshness import Delivery, OpenHook, Received, Signed
from grove.kit.errors import GroveError
from grove.kit.tenancy import serving, serving_all
from grove.kit.transactions import Database, StorageBusy, Transaction, WrittenMeanwhile

TOGETHER_MAX: Final = 500
"""How many are written down in one transaction: it must not keep other writers waiting for long."""
WAITING_MAX: Final = 5_000
WAITING_BYTES_MAX: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """A delivery that somebody waits to hear of."""

    provider: str
    hook_id: str
    received: Received
    at: datetime
    outcome: "Future[Delivery]" = field(default_factory=Future)


class _Read(NamedTuple):
    """A delivery whose signature is good."""

    arrival: _Arrival
    signed: Signed


class Intake:
    """Takes deliveries; one thread writes them down."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._lock = threading.Lock()
        self._waiting: list[_Arrival] = []
        self._waiting_bytes = 0
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="deliveries")

    async def take(self, provider: str, hook_id: str, received: Received) -> Delivery:
        """Write a delivery down, if it is signed with the secret of that hook, and queue the syncs that it asks for.

        :raises DeliveryUnsigned: if it is not.
        :raises DeliveryMalformed: if it cannot be understood.
        :raises TooBusy: if too many wait.
        :raises StorageBusy: if the database did not answer.
        """
        with self._lock:
            waiting_bytes = self._waiting_bytes + len(received.body)
            if len(self._waiting) >= WAITING_MAX or waiting_bytes > WAITING_BYTES_MAX:
                raise TooBusy(what="deliveries", at_once_max=WAITING_MAX)
            self._waiting_bytes = waiting_bytes
            # The moment is taken within the lock: what came later has the later one.
            arrival = _Arrival(provider=provider, hook_id=hook_id, received=received, at=datetime.now(UTC))
            self._waiting.append(arrival)
        # Nobody takes a delivery back: it is written down although its sender has gone.
        arrival.outcome.set_running_or_notify_cancel()
        self._writer.submit(self._write)
        return await asyncio.wrap_future(arrival.outcome)

    def close(self) -> None:
        """End, when all that wait are written down."""
        self._writer.shutdown()

    def _write(self) -> None:
        """Write down what waits; that may be nothing, for another call has been quicker."""
        with self._lock:
            together, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
            self._waiting_bytes -= sum(len(arrival.received.body) for arrival in together)
        if not together:
            return
        try:
            for tenant_id, read in self._read(together).items():
                self._receive_all(tenant_id, read)
        except Exception as error:
            # Whoever waits must hear of it.
            _refuse([arrival for arrival in together if not arrival.outcome.done()], error)
            raise

    def _read(self, together: Sequence[_Arrival]) -> dict[str, list[_Read]]:
        """The deliveries that are signed, by tenant; the others are refused."""
        with serving_all(), self._database.reading() as tx:
            named = {(arrival.provider, arrival.hook_id) for arrival in together}
            opened = {(provider, hook_id): self._opened(tx, provider, hook_id) for provider, hook_id in named}
        found: dict[str, list[_Read]] = {}
        for arrival in together:
            if signed := _signed(arrival, opened[arrival.provider, arrival.hook_id]):
                found.setdefault(signed.hook.tenant_id, []).append(_Read(arrival, signed))
        return found

    def _opened(self, tx: Transaction, provider: str, hook_id: str) -> OpenHook | GroveError:
        try:
            return freshness.open_hook(tx, keyring=self._keyring, provider=provider, hook_id=hook_id)
        except GroveError as refused:
            return refused

    def _receive_all(self, tenant_id: str, read: Sequence[_Read]) -> None:
        try:
            self._receive(tenant_id, read)
        except StorageBusy as busy:
            _refuse([arrival for arrival, _ in read], busy)
        except (GroveError, SQLAlchemyError):
            # What is wrong with one of them is nothing to the others.
            for each in read:
                self._receive_alone(tenant_id, each)

    def _receive_alone(self, tenant_id: str, read: _Read) -> None:
        try:
            try:
                self._receive(tenant_id, [read])
            except WrittenMeanwhile:
                # The same delivery came to another server at once: now the other is there to be seen.
                self._receive(tenant_id, [read])
        except (GroveError, SQLAlchemyError) as error:
            _refuse([read.arrival], error)

    def _receive(self, tenant_id: str, read: Sequence[_Read]) -> None:
        signed = [each.signed for each in read]
        with serving(tenant_id), self._database.transaction() as tx:
            told = freshness.receive(tx, signed=signed, now=datetime.now(UTC))
        for each, delivery in zip(read, told, strict=True):
            each.arrival.outcome.set_result(delivery)


def _signed(arrival: _Arrival, opened: OpenHook | GroveError) -> Signed | None:
    """What a delivery tells; nothing if it has been refused."""
    if isinstance(opened, GroveError):
        _refuse([arrival], opened)
        return None
    try:
        return freshness.read_signed(opened, arrival.received, now=arrival.at)
    except GroveError as refused:
        _refuse([arrival], refused)
        return None


def _refuse(arrivals: Sequence[_Arrival], error: Exception) -> None:
    for arrival in arrivals:
        arrival.outcome.set_exception(error)
