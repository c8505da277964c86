"""Deliveries that come at once: written down together, each answered for itself."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from grove import freshness
from grove.api import intake as door
from grove.api.errors import TooBusy
from grove.api.intake import Intake
from grove.freshness import Delivery, DeliveryMalformed, DeliveryUnsigned, NewHook, Outcome, Provider, Received
from tests.freshness.deliveries import body_of, content_of, headers_of
from tests.support.grove import House, house

COVERS = "https://github.com/acme"
COUNT = 40


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path / "data", database_url=database_url) as grove_house:
        yield grove_house


@pytest.fixture
def hook(made: House) -> NewHook:
    return hook_of(made, COVERS)


@pytest.fixture
def intake(made: House) -> Iterator[Intake]:
    opened = Intake(made.grove.database, made.grove.keyring)
    yield opened
    opened.close()


def hook_of(made: House, covers: str) -> NewHook:
    with made.grove.database.transaction() as tx:
        return freshness.create_hook(
            tx,
            actor=made.admin,
            keyring=made.grove.keyring,
            provider=Provider.GITHUB,
            covers=covers,
            now=made.now,
        )


def push(hook: NewHook, number: int = 0, *, delivery: str = "", content: bytes = b"", secret: str = "") -> Received:
    content = content or content_of(body_of(Provider.GITHUB, f"{COVERS}/pay.git", commit=f"{number:040x}"))
    delivery = delivery or f"delivery-{number}"
    headers = headers_of(Provider.GITHUB, content, secret=secret or hook.secret, delivery=delivery)
    return Received(headers={name.lower(): value for name, value in headers.items()}, body=content)


def taken(intake: Intake, *sent: tuple[NewHook, Received]) -> list[Any]:
    """What came of deliveries that came at once: an outcome, or why not."""

    async def take_all() -> list[Any]:
        each = [intake.take(Provider.GITHUB, hook.hook.id, received) for hook, received in sent]
        return await asyncio.gather(*each, return_exceptions=True)

    return [told.outcome if isinstance(told, Delivery) else told for told in asyncio.run(take_all())]


def written(made: House, hook: NewHook) -> list[Delivery]:
    with made.grove.database.reading() as tx:
        return freshness.list_deliveries(tx, actor=made.admin, hook_id=hook.hook.id, limit=200)


class TestDeliveriesAtOnce:
    def test_share_commits(self, made: House, hook: NewHook, intake: Intake) -> None:
        commits: list[object] = []
        event.listen(made.grove.database.engine, "commit", commits.append)

        outcomes = taken(intake, *[(hook, push(hook, number)) for number in range(COUNT)])

        assert outcomes == [Outcome.IGNORED] * COUNT
        assert len(commits) < COUNT / 2
        assert len(written(made, hook)) == COUNT

    def test_are_kept_in_the_order_in_which_they_came(self, made: House, hook: NewHook, intake: Intake) -> None:
        taken(intake, *[(hook, push(hook, number)) for number in range(COUNT)])

        oldest_first = [each.delivery for each in reversed(written(made, hook))]
        assert oldest_first == [f"delivery-{number}" for number in range(COUNT)]

    def test_of_which_some_are_the_same_are_told_apart(self, made: House, hook: NewHook, intake: Intake) -> None:
        same_id = [(hook, push(hook, number, delivery="one")) for number in range(3)]
        same_body = [(hook, push(hook, 7, delivery=f"other-{number}")) for number in range(3)]

        outcomes = taken(intake, *same_id, *same_body)

        once = [Outcome.IGNORED, Outcome.DUPLICATE, Outcome.DUPLICATE]
        assert outcomes == [*once, *once]
        assert len(written(made, hook)) == 2

    def test_of_which_some_are_refused_keep_no_other_from_being_taken(
        self, made: House, hook: NewHook, intake: Intake
    ) -> None:
        unknown = NewHook(hook=hook_of(made, "https://github.com/gone").hook, secret=hook.secret)
        outcomes = taken(
            intake,
            (hook, push(hook, 1)),
            (hook, push(hook, 2, secret="whsec_guessed")),
            (hook, push(hook, 3, content=b"[" * 100_000)),
            (hook, push(hook, 4, content=b"\xff\xfe{}")),
            (unknown, push(hook, 5)),
            (hook, push(hook, 6)),
        )

        assert outcomes[0] == outcomes[5] == Outcome.IGNORED
        refused = [type(each) for each in outcomes[1:5]]
        assert refused == [DeliveryUnsigned, DeliveryMalformed, DeliveryMalformed, DeliveryUnsigned]

    def test_are_refused_when_too_many_wait(
        self, made: House, hook: NewHook, intake: Intake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(door, "WAITING_MAX", 2)
        outcomes = taken(intake, *[(hook, push(hook, number)) for number in range(COUNT)])

        assert {type(each) for each in outcomes} <= {Outcome, TooBusy}
        assert TooBusy in {type(each) for each in outcomes}

    def test_are_refused_when_what_waits_is_too_large(
        self, made: House, hook: NewHook, intake: Intake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(door, "WAITING_BYTES_MAX", 1_000)

        assert [type(each) for each in taken(intake, (hook, push(hook, content=b" " * 1_001)))] == [TooBusy]
        assert taken(intake, (hook, push(hook))) == [Outcome.IGNORED]


class TestADelivery:
    def test_whose_sender_has_gone_is_written_down(self, made: House, hook: NewHook, intake: Intake) -> None:
        async def take_and_go() -> None:
            taking = asyncio.create_task(intake.take(Provider.GITHUB, hook.hook.id, push(hook)))
            await asyncio.sleep(0)
            taking.cancel()

        asyncio.run(take_and_go())
        intake.close()

        assert [each.delivery for each in written(made, hook)] == ["delivery-0"]

    def test_that_comes_to_two_servers_at_once_is_written_down_once(self, made: House, hook: NewHook) -> None:
        servers = [Intake(made.grove.database, made.grove.keyring) for _ in range(2)]
        told: list[Any] = []
        same = [(hook, push(hook, delivery=str(uuid4()))) for _ in range(10)]
        threads = [threading.Thread(target=lambda each=each: told.extend(taken(each, *same))) for each in servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(told) == sorted([Outcome.IGNORED] + [Outcome.DUPLICATE] * 19)
        assert len(written(made, hook)) == 1
