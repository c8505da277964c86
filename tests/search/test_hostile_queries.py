"""Queries that nobody would type: each is planned quickly, or refused with what is wrong and where."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grove.kit.errors import GroveError, Kind
from grove.search import FILTERS, Mode, Question, plan_of

SECONDS_MAX = 2.0
VALUES = [
    "x", '"a b"', "/a+/", "/(/", "*.py", "[a", "at(yesterday)", "at(", "yes", "2 weeks ago", "10s", "all", "-1", "0",
    "symbol.class", "commit", "a@b:c", "=web", "=", "{", "(?i)x", "\\", "é", "\ud7ff", "1" * 30,
]  # fmt: skip
FILTERED = st.builds(
    lambda minus, name, value: f"{minus}{name}:{value}",
    st.sampled_from(["", "-", "NOT "]),
    st.sampled_from([*FILTERS, "nothing", "Repo", "http"]),
    st.sampled_from(VALUES),
)
PIECES = st.one_of(
    FILTERED,
    st.sampled_from(["AND", "OR", "NOT", "(", ")", "-", '"', "'", "/", "\\", ":", "()", "a(b", "-(", "\n", "\t", "\0"]),
    st.text(max_size=8),
)
QUERIES = st.lists(PIECES, max_size=12).map(" ".join) | st.lists(PIECES, max_size=12).map("".join)


def outcome(question: Question) -> GroveError | None:
    try:
        str(plan_of(question))
    except GroveError as refused:
        return refused
    return None


class TestAnyQuery:
    @settings(max_examples=1_500, deadline=None)
    @given(text=QUERIES, mode=st.sampled_from(Mode))
    def test_is_planned_or_refused(self, text: str, mode: Mode) -> None:
        began = time.process_time()
        refused = outcome(Question(text=text, mode=mode))

        assert time.process_time() - began < SECONDS_MAX
        if refused is not None:
            assert refused.kind in {Kind.INVALID, Kind.TOO_LARGE}
            position = refused.facts.get("position", 0)
            assert isinstance(position, int)
            assert 0 <= position <= len(text)

    @pytest.mark.timeout(20)
    @pytest.mark.parametrize("mode", Mode)
    @pytest.mark.parametrize(
        "piece", ["repo:", "rev:at(", "a OR ", "-(", "file:*", "/a", "lang:py ", "select:", "(a*)*"]
    )
    def test_that_is_long_is_decided_quickly(self, piece: str, mode: Mode) -> None:
        refused = outcome(Question(text=(piece * 4_096)[:4_096], mode=mode))

        assert refused is None or refused.kind in {Kind.INVALID, Kind.TOO_LARGE}
