from datetime import UTC, datetime

import pytest

from grove.cli.quantity import NOTHING, counted, shown_age, shown_bytes, shown_seconds

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class TestQuantities:
    @pytest.mark.parametrize(
        ("count", "shown"),
        [
            (None, NOTHING),
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1536, "1.5 KB"),
            (212 * 1024**2, "212 MB"),
            (2 * 1024**4, "2.0 TB"),
        ],
    )
    def test_of_bytes(self, count: int | None, shown: str) -> None:
        assert shown_bytes(count) == shown

    @pytest.mark.parametrize(("seconds", "shown"), [(8.4, "8s"), (200, "3m 20s"), (7500, "2h 5m"), (604_700, "6d 23h")])
    def test_of_time(self, seconds: float, shown: str) -> None:
        assert shown_seconds(seconds) == shown

    @pytest.mark.parametrize(
        ("moment", "shown"),
        [
            (None, NOTHING),
            ("2026-03-01T11:59:50Z", "just now"),
            ("2026-03-01T11:58:00Z", "2m ago"),
            ("2026-03-01T09:00:00+00:00", "3h ago"),
            ("2026-02-26T12:00:00Z", "3d ago"),
            ("2026-03-01T12:03:20Z", "in 3m 20s"),
        ],
    )
    def test_of_age(self, moment: str | None, shown: str) -> None:
        assert shown_age(moment, now=NOON) == shown

    def test_of_things(self) -> None:
        assert [counted(1, "file"), counted(1204, "file"), counted(0, "branch", "branches")] == [
            "1 file",
            "1,204 files",
            "0 branches",
        ]
