"""What hosts say of how often they want to be asked is obeyed, for each credential alone."""

import threading

import pytest

from grove.forges import ForgeRateLimited
from grove.forges.budget import JITTER, PAUSE_SECONDS, UNDER_WAY_MAX, Budgets

HOST = "git.example.org"
ANSWERED = "Fri, 02 Jan 2026 12:00:00 GMT"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budgets(clock: Clock) -> Budgets:
    return Budgets(clock)


def may_ask(budgets: Budgets, *, authorization: str | None = "Bearer a", host: str = HOST) -> bool:
    try:
        with budgets.asking(host, authorization, wait_seconds_max=0.01):
            return True
    except ForgeRateLimited:
        return False


def answered(budgets: Budgets, status: int, **headers: str) -> None:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    budgets.heed(HOST, "Bearer a", status=status, headers=told)


class TestAHost:
    @pytest.mark.parametrize(
        ("status", "headers", "seconds"),
        [
            (429, {"retry_after": "30"}, 30),
            (403, {"retry_after": "30"}, 30),
            (503, {"retry_after": "30"}, 30),
            (429, {"retry_after": "Fri, 02 Jan 2026 12:00:30 GMT", "date": ANSWERED}, 30),
            (403, {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1767355230", "date": ANSWERED}, 30),
            (200, {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1767355230", "date": ANSWERED}, 30),
            (200, {"ratelimit_remaining": "0", "ratelimit_reset": "1767355230", "date": ANSWERED}, 30),
            (429, {}, PAUSE_SECONDS),
        ],
    )
    def test_is_left_alone_for_as_long_as_it_says(
        self, budgets: Budgets, clock: Clock, *, status: int, headers: dict[str, str], seconds: int
    ) -> None:
        answered(budgets, status, **headers)

        clock.now += seconds - 1
        assert not may_ask(budgets)
        clock.now += 1 + seconds * JITTER
        assert may_ask(budgets)

    @pytest.mark.parametrize(
        ("status", "headers"),
        [(200, {}), (403, {}), (404, {}), (500, {}), (503, {}), (200, {"x_ratelimit_remaining": "7"})],
    )
    def test_that_says_nothing_of_it_is_asked_again(
        self, budgets: Budgets, status: int, headers: dict[str, str]
    ) -> None:
        answered(budgets, status, **headers)
        assert may_ask(budgets)

    def test_that_refuses_again_and_again_is_left_alone_longer_and_longer(self, budgets: Budgets, clock: Clock) -> None:
        for _ in range(2):
            answered(budgets, 429)
            clock.now += PAUSE_SECONDS * (1 + JITTER)
        assert not may_ask(budgets)
        clock.now += PAUSE_SECONDS * (1 + JITTER)
        answered(budgets, 200)
        answered(budgets, 429)
        clock.now += PAUSE_SECONDS * (1 + JITTER)
        assert may_ask(budgets)

    def test_is_left_alone_with_that_credential_only(self, budgets: Budgets) -> None:
        answered(budgets, 429)
        assert may_ask(budgets, authorization="Bearer b")
        assert may_ask(budgets, host="other.example.org")

    def test_is_asked_few_things_at_once(self, budgets: Budgets) -> None:
        inside, go = threading.Barrier(UNDER_WAY_MAX + 1), threading.Event()

        def ask() -> None:
            with budgets.asking(HOST, "Bearer a", wait_seconds_max=5):
                inside.wait(5)
                go.wait(5)

        threads = [threading.Thread(target=ask) for _ in range(UNDER_WAY_MAX)]
        for thread in threads:
            thread.start()
        inside.wait(5)
        assert not may_ask(budgets)
        go.set()
        for thread in threads:
            thread.join()
        assert may_ask(budgets)


class TestWhatOneCanDoWithout:
    def test_is_asked_while_a_host_has_answers_to_spare(self, budgets: Budgets, clock: Clock) -> None:
        assert budgets.has_spare(HOST, "Bearer a")
        answered(budgets, 200, x_ratelimit_remaining="21")
        assert budgets.has_spare(HOST, "Bearer a")

        answered(budgets, 200, x_ratelimit_remaining="20", x_ratelimit_reset="1767355230", date=ANSWERED)
        assert not budgets.has_spare(HOST, "Bearer a")
        assert may_ask(budgets)
        assert budgets.has_spare(HOST, None)
        clock.now += 30
        assert budgets.has_spare(HOST, "Bearer a")
