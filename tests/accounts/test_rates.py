import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grove.accounts import RateExceeded, Rates


def take(rates: Rates, who: str = "ada", *, sort: str = "requests") -> int | None:
    allowance = rates.take(who, sort=sort, now=datetime.now(UTC))
    return allowance.remaining if allowance else None


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is missing: `make test` installs it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    server = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(timeout=10)


class TestRates:
    def test_count_each_principal_and_each_sort_for_itself(self) -> None:
        rates = Rates(limits={"requests": 2, "searches": 1})

        assert [take(rates), take(rates)] == [1, 0]
        assert take(rates, "bob") == 1
        assert take(rates, sort="searches") == 0
        with pytest.raises(RateExceeded) as exceeded:
            take(rates)
        assert 1 <= int(str(exceeded.value.facts["retry_seconds"])) <= 120

    def test_do_not_count_what_has_no_limit(self) -> None:
        assert take(Rates(limits={})) is None

    def test_are_counted_together_by_all_processes_on_one_redis(self, redis_url: str) -> None:
        one, other = (Rates(limits={"requests": 2}, redis_url=redis_url) for _ in range(2))

        assert [take(one), take(other)] == [1, 0]
        with pytest.raises(RateExceeded):
            take(one)

    def test_hold_nobody_up_when_redis_is_away(self, tmp_path: Path) -> None:
        away = Rates(limits={"requests": 1}, redis_url="redis://127.0.0.1:1/0")

        assert [take(away), take(away)] == [None, None]
