"""A pool of children that parse hostile data."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from grove.sandbox import ChildDied, ChildPool, ChildRaised, ChildTimeout
from tests.sandbox.functions import Found, double, misbehave

MEMORY_BYTES_MAX = 1024**3


@pytest.fixture(scope="module")
def pool() -> Iterator[ChildPool[str, object]]:
    with ChildPool(
        misbehave, children=2, memory_bytes_max=MEMORY_BYTES_MAX, call_seconds_max=1.5, result_types=[Found]
    ) as pool:
        yield pool


class TestChildPool:
    def test_answers_a_list_in_order_from_one_child(self) -> None:
        with ChildPool(double, children=1, memory_bytes_max=MEMORY_BYTES_MAX, call_seconds_max=5) as pool:
            assert pool.call_each(range(1000)) == [2 * number for number in range(1000)]
            assert pool.call_each([]) == []

    @pytest.mark.parametrize(
        ("act", "failure"),
        [("hang", ChildTimeout), ("crash", ChildDied), ("exit", ChildDied), ("eat", ChildDied), ("raise", ChildRaised)],
        ids=["C15-hang", "C15-crash", "C15-exit", "C15-eat", "C15-raise"],
    )
    def test_names_the_failure_and_goes_on(
        self, pool: ChildPool[str, object], act: str, failure: type[Exception]
    ) -> None:
        with pytest.raises(failure):
            pool.call(act)
        assert pool.call("fine") == "fine"

    def test_loses_only_the_one_that_killed_the_child(self, pool: ChildPool[str, object]) -> None:
        outcomes = pool.call_each(["a", "crash", "b", "hang", "c"])

        assert [outcomes[0], outcomes[2], outcomes[4]] == ["a", "b", "c"]
        assert isinstance(outcomes[1], ChildDied)
        assert isinstance(outcomes[3], ChildTimeout)

    def test_does_not_take_noise_for_an_answer(self, pool: ChildPool[str, object]) -> None:
        assert pool.call("print") == "print"

    def test_makes_only_the_types_it_was_told_of(self, pool: ChildPool[str, object]) -> None:
        assert pool.call("found") == [Found("main", 1)]
        with pytest.raises(ChildDied) as refused:
            pool.call("path")
        assert refused.value.facts["reason"] == "answer refused"

    def test_lets_nothing_be_started(self) -> None:
        with ChildPool(misbehave, children=1, memory_bytes_max=MEMORY_BYTES_MAX, call_seconds_max=5) as alone:
            assert alone.call("fork") == 0

    def test_serves_many_threads(self, pool: ChildPool[str, object]) -> None:
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(pool.call, map(str, range(200)))) == [str(number) for number in range(200)]

    def test_takes_large_arguments(self, pool: ChildPool[str, object]) -> None:
        text = "x" * 5_000_000
        assert pool.call(text) == text

    def test_is_cheap_per_item(self, pool: ChildPool[str, object]) -> None:
        pool.call("warm")
        began = time.monotonic()
        pool.call_each(["x"] * 2000)
        assert time.monotonic() - began < 5

    def test_may_be_closed_twice(self) -> None:
        once = ChildPool(len, children=2, memory_bytes_max=1 << 30, call_seconds_max=10.0)
        assert once.call("three") == len("three")
        once.close()
        once.close()
