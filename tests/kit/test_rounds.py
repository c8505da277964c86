"""Steps that are taken again and again until they are to stop."""

import threading

from grove.kit.errors import GroveError
from grove.kit.rounds import Rounds

WAIT_SECONDS = 10


class Refused(GroveError):
    """It was refused this time."""

    code = "refused_this_time"


class TestRounds:
    def test_go_on_after_steps_that_fail(self) -> None:
        failures = [Refused(), ValueError("unforeseen")]
        went_on = threading.Event()

        def step() -> None:
            if failures:
                raise failures.pop()
            went_on.set()

        rounds = Rounds("trying", step, seconds=0.001)
        rounds.start()
        try:
            assert went_on.wait(WAIT_SECONDS)
        finally:
            rounds.stop()

    def test_take_no_step_before_their_time(self) -> None:
        taken: list[str] = []
        rounds = Rounds("rare", lambda: taken.append("step"), seconds=3_600)
        rounds.start()
        rounds.stop()
        assert taken == []

    def test_take_one_more_at_the_end_if_asked(self) -> None:
        taken: list[str] = []
        rounds = Rounds("last", lambda: taken.append("step"), seconds=3_600, also_at_the_end=True)
        rounds.start()
        rounds.stop()
        assert taken == ["step"]
        assert rounds.stopping.is_set()
