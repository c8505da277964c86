import pytest

from grove.navigation.similarity import most_alike, runs_of

FUNCTION = b"def area(width, height):\n    if width < 0:\n        raise ValueError(width)\n    return width * height"
LINES = FUNCTION.split(b"\n")


class TestMostAlike:
    def test_is_one_for_the_same_code_with_other_white_space(self) -> None:
        text = [b"import math", b"", *(line.replace(b"    ", b"\t") for line in LINES), b"", b"x = 1"]

        found = most_alike(runs_of(LINES), runs_of(text))

        assert found is not None
        assert (found.first, found.last, found.similarity) == (2, 5, 1.0)

    def test_is_one_for_code_that_repeats_itself(self) -> None:
        lines = [b"add(1, 2)"] * 6

        found = most_alike(runs_of(lines), runs_of(lines))

        assert found is not None
        assert found.similarity == 1.0

    @pytest.mark.parametrize(
        ("changed", "least", "most"),
        [
            (FUNCTION.replace(b"ValueError", b"TypeError"), 0.6, 0.9),
            (FUNCTION.replace(b"width", b"w").replace(b"height", b"h"), 0.05, 0.5),
            (FUNCTION + b"\n    # more\n    return None", 0.7, 1.0),
        ],
    )
    def test_falls_with_every_change(self, changed: bytes, least: float, most: float) -> None:
        found = most_alike(runs_of(LINES), runs_of(changed.split(b"\n")))

        assert found is not None
        assert least < found.similarity <= most

    def test_is_nothing_for_code_that_shares_nothing(self) -> None:
        assert most_alike(runs_of(LINES), runs_of([b"package main", b"func main() {}"])) is None
        assert most_alike(runs_of(LINES), runs_of([])) is None

    def test_looks_at_no_more_lines_than_a_change_may_have_added(self) -> None:
        apart = [LINES[0], *[b"pass"] * 50, *LINES[1:]]

        found = most_alike(runs_of(LINES), runs_of(apart))

        assert found is not None
        assert found.last - found.first < 6
