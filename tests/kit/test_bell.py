"""A bell that is rung and heard, or not heard, by any number of processes."""

import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from grove.kit.bell import Bell

OFTEN = 100_000


@pytest.fixture
def bell(tmp_path: Path) -> Bell:
    return Bell(tmp_path / "processes" / "bell")


class TestABell:
    def test_is_heard_by_whoever_waits(self, bell: Bell) -> None:
        with bell.heard() as ear:
            threading.Timer(0.05, bell.ring).start()
            assert ear.wait(30)

    def test_is_heard_later_by_whoever_was_busy(self, bell: Bell) -> None:
        with bell.heard() as ear:
            bell.ring()
            assert ear.wait(0)

    def test_is_not_heard_when_nobody_rings(self, bell: Bell) -> None:
        with bell.heard() as ear:
            assert not ear.wait(0.01)

    def test_may_be_rung_often_and_is_heard_once(self, bell: Bell) -> None:
        with bell.heard() as ear:
            for _ in range(3_000):
                bell.ring()
            assert ear.wait(0)
            assert not ear.wait(0)

    def test_that_is_full_keeps_nobody_waiting(self, bell: Bell, tmp_path: Path) -> None:
        with bell.heard() as ear:
            full = os.open(tmp_path / "processes" / "bell", os.O_WRONLY | os.O_NONBLOCK)
            with suppress(BlockingIOError):
                while os.write(full, b"." * OFTEN):
                    pass
            os.close(full)
            bell.ring()
            assert ear.wait(0)

    def test_may_be_rung_when_nobody_listens(self, bell: Bell) -> None:
        bell.ring()
        with bell.heard():
            pass
        bell.ring()

    def test_may_have_several_that_listen(self, bell: Bell) -> None:
        with bell.heard() as one, bell.heard() as other:
            bell.ring()
            assert one.wait(0) or other.wait(0)
