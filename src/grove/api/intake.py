"""Where deliveries of forges come in: those that come while others are written down are written down together.

A commit waits for the disk, whatever is in it, and asks the same questions of the database for one as for many. So a
storm costs a commit for all that came during the one before and a moment after it, and a single delivery waits for
nobody. Each is answered when it is safe.
"""

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from grove import freshness
from grove.api.errors import TooBusy
from grove.credentials import Keyring
from grove.freshness import Delivery, OpenHook, Received, Signed
from grove.kit.errors import GroveError
from grove.kit.logging import logger
from grove.kit.tenancy import serving, serving_all
from grove.kit.transactions import Database, StorageBusy, Transaction, WrittenMeanwhile

TOGETHER_MAX: Final = 500
"""How many are written down in one transaction: it must not keep other writers waiting for long."""
WAITING_MAX: Final = 5_000
WAITING_BYTES_MAX: Final = 256 * 1024 * 1024
GATHERING_SECONDS: Final = 0.02
"""For how long those of a storm are gathered, between two transactions."""
log = logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """A delivery that somebody waits to hear of."""

    provider: str
    hook_id: str
    received: Received
    at: datetime
    answer: "asyncio.Future[Delivery]"


class _Read(NamedTuple):
    """A delivery whose signature is good."""

    arrival: _Arrival
    signed: Signed


Told = list[tuple[_Arrival, Delivery | Exception]]
"""What came of deliveries, before their senders know."""


class Intake:
    """Takes deliveries; one thread writes them down."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._lock = threading.Lock()
        self._waiting: list[_Arrival] = []
        self._waiting_bytes = 0
        self._is_writing = False
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="deliveries")

    async def take(self, provider: str, hook_id: str, received: Received) -> Delivery:
        """Write a delivery down, if it is signed with the secret of that hook, and queue the syncs that it asks for.

        Nobody takes one back: it is written down although its sender has gone.

        :raises DeliveryUnsigned: if it is not.
        :raises DeliveryMalformed: if it cannot be understood.
        :raises TooBusy: if too many wait.
        :raises StorageBusy: if the database did not answer.
        """
        answer: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()
        with self._lock:
            waiting_bytes = self._waiting_bytes + len(received.body)
            if len(self._waiting) >= WAITING_MAX or waiting_bytes > WAITING_BYTES_MAX:
                raise TooBusy(what="deliveries", at_once_max=WAITING_MAX)
            self._waiting_bytes = waiting_bytes
            # The moment is taken within the lock: what came later has the later one.
            self._waiting.append(
                _Arrival(provider=provider, hook_id=hook_id, received=received, at=datetime.now(UTC), answer=answer)
            )
            if not self._is_writing:
                self._is_writing = True
                self._writer.submit(self._write_all)
        return await answer

    def hook_of(self, provider: freshness.Provider, received: Received) -> str:
        """The id of the hook that has signed a delivery which names none.

        :raises DeliveryUnsigned: if none has.
        """
        with serving_all(), self._database.reading() as tx:
            now = datetime.now(UTC)
            hook = freshness.signing_hook(tx, keyring=self._keyring, provider=provider, received=received, now=now)
        return hook.id

    def close(self) -> None:
        """End, when all that wait are written down."""
        self._writer.shutdown()

    def _write_all(self) -> None:
        """Write down what waits, until nothing does."""
        while together := self._next():
            _tell(self._write(together))
            if len(together) > 1:
                time.sleep(GATHERING_SECONDS)

    def _next(self) -> list[_Arrival]:
        with self._lock:
            together, self._waiting = self._waiting[:TOGETHER_MAX], self._waiting[TOGETHER_MAX:]
            self._waiting_bytes -= sum(len(arrival.received.body) for arrival in together)
            self._is_writing = bool(together)
        return together

    def _write(self, together: Sequence[_Arrival]) -> Told:
        """Write some down; what is to be told to whom."""
        told: Told = []
        try:
            for tenant_id, read in self._read(together, told).items():
                told += self._receive_all(tenant_id, read)
        except Exception as error:
            # Whoever waits must hear of it, and the next are taken all the same.
            log.exception("deliveries_crashed")
            heard = {id(arrival) for arrival, _ in told}
            told += [(arrival, error) for arrival in together if id(arrival) not in heard]
        return told

    def _read(self, together: Sequence[_Arrival], told: Told) -> dict[str, list[_Read]]:
        """The deliveries that are signed, by tenant; why the others are refused is `told`."""
        with serving_all(), self._database.reading() as tx:
            named = {(arrival.provider, arrival.hook_id) for arrival in together}
            opened = {(provider, hook_id): self._opened(tx, provider, hook_id) for provider, hook_id in named}
        found: dict[str, list[_Read]] = {}
        for arrival in together:
            signed = _signed(arrival, opened[arrival.provider, arrival.hook_id])
            if isinstance(signed, GroveError):
                told.append((arrival, signed))
            else:
                found.setdefault(signed.hook.tenant_id, []).append(_Read(arrival, signed))
        return found

    def _opened(self, tx: Transaction, provider: str, hook_id: str) -> OpenHook | GroveError:
        try:
            now = datetime.now(UTC)
            return freshness.open_hook(tx, keyring=self._keyring, provider=provider, hook_id=hook_id, now=now)
        except GroveError as refused:
            return refused

    def _receive_all(self, tenant_id: str, read: Sequence[_Read]) -> Told:
        try:
            return self._receive(tenant_id, read)
        except StorageBusy as busy:
            return [(arrival, busy) for arrival, _ in read]
        except (GroveError, SQLAlchemyError):
            # What is wrong with one of them is nothing to the others.
            return [told for each in read for told in self._receive_alone(tenant_id, each)]

    def _receive_alone(self, tenant_id: str, read: _Read) -> Told:
        try:
            try:
                return self._receive(tenant_id, [read])
            except WrittenMeanwhile:
                # The same delivery came to another server at once: now the other is there to be seen.
                return self._receive(tenant_id, [read])
        except (GroveError, SQLAlchemyError) as error:
            return [(read.arrival, error)]

    def _receive(self, tenant_id: str, read: Sequence[_Read]) -> Told:
        signed = [each.signed for each in read]
        with serving(tenant_id), self._database.transaction() as tx:
            told = freshness.receive(tx, signed=signed, now=datetime.now(UTC))
        return [(each.arrival, delivery) for each, delivery in zip(read, told, strict=True)]


def _signed(arrival: _Arrival, opened: OpenHook | GroveError) -> Signed | GroveError:
    """What a delivery tells, or why it is refused."""
    if isinstance(opened, GroveError):
        return opened
    try:
        return freshness.read_signed(opened, arrival.received, now=arrival.at)
    except GroveError as refused:
        return refused


def _tell(told: Told) -> None:
    """Answer those who wait: each loop is woken once for all of them."""
    by_loop: dict[asyncio.AbstractEventLoop, Told] = {}
    for each in told:
        by_loop.setdefault(each[0].answer.get_loop(), []).append(each)
    for loop, of in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_answer, of)


def _answer(told: Told) -> None:
    for arrival, outcome in told:
        if arrival.answer.done():
            continue  # the sender has gone
        if isinstance(outcome, Exception):
            arrival.answer.set_exception(outcome)
        else:
            arrival.answer.set_result(outcome)
