"""What is logged, and how."""

import json
import logging
from collections.abc import Iterator

import pytest

from grove.kit.logging import configure, logger


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    configure(level="ERROR")


class TestALogLine:
    def test_is_an_object_where_no_terminal_is(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure("auto")
        logger("grove.test").info("served", repository="acme/pay")

        line = json.loads(capsys.readouterr().err)
        assert (line["event"], line["repository"]) == ("served", "acme/pay")

    def test_is_for_people_when_that_is_asked_for(self, capsys: pytest.CaptureFixture[str]) -> None:
        configure("pretty")
        logger("grove.test").info("served")

        assert not capsys.readouterr().err.startswith("{")


class TestALibrary:
    @pytest.mark.parametrize("name", ["alembic.runtime.migration", "uvicorn.error", "mcp.server"])
    def test_is_heard_when_something_is_wrong_and_else_only_in_detail(self, name: str) -> None:
        configure(level="INFO")
        quiet = (
            logging.getLogger(name).isEnabledFor(logging.INFO),
            logging.getLogger(name).isEnabledFor(logging.WARNING),
        )
        configure(level="DEBUG")

        assert quiet == (False, True)
        assert logging.getLogger(name).isEnabledFor(logging.INFO)
