"""What `Retry-After` says."""

import pytest

from grove.kit.retry_after import SECONDS_MAX, retry_after_seconds

ANSWERED = "Fri, 02 Jan 2026 12:00:00 GMT"


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry-after": "30"}, 30),
            ({"retry-after": " 30 "}, 30),
            ({"retry-after": "0.2"}, 1),
            ({"retry-after": "Fri, 02 Jan 2026 12:00:30 GMT", "date": ANSWERED}, 30),
            ({"retry-after": "Fri, 02 Jan 2026 11:00:00 GMT", "date": ANSWERED}, 0),
            ({"retry-after": "9" * 400}, None),
            ({"retry-after": "9" * 30}, SECONDS_MAX),
            ({"retry-after": "Fri, 02 Jan 2026 12:00:30 GMT"}, None),
            ({"retry-after": "soon"}, None),
            ({"retry-after": "-5"}, None),
            ({"retry-after": ""}, None),
            ({}, None),
        ],
    )
    def test_is_read_as_seconds_or_as_a_date(self, headers: dict[str, str], seconds: int | None) -> None:
        assert retry_after_seconds(headers) == seconds
