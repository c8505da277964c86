"""A result that is too large is reduced in steps, and says so."""

from functools import partial

from grove.mcp.budget import RESERVED_TOKENS, Level, count_fitting, fit, tokens_of


class TestTokensOf:
    def test_counts_three_bytes_a_token_and_rounds_up(self) -> None:
        assert [tokens_of(text) for text in ("", "a", "abc", "abcd", "漢字")] == [0, 1, 1, 2, 2]

    def test_counts_halves_of_characters_too(self) -> None:
        assert tokens_of("\ud800") == 1


class TestFit:
    def test_says_nothing_when_everything_fits(self) -> None:
        fitted = fit(_levels(100, 10, 1), tokens_max=RESERVED_TOKENS + 10_000)

        assert len(fitted.lines) == 100
        assert not fitted.note

    def test_takes_the_first_level_that_fits_and_names_it(self) -> None:
        fitted = fit(_levels(1_000, 100, 1), tokens_max=RESERVED_TOKENS + 1_000)

        assert len(fitted.lines) == 100
        assert fitted.note == "shown: level 100 (more does not fit into max_tokens)"

    def test_tells_how_many_lines_of_the_last_level_are_left_out(self) -> None:
        fitted = fit(_levels(1_000, 500), tokens_max=RESERVED_TOKENS + 100)

        assert 0 < len(fitted.lines) < 500
        assert fitted.note.endswith(f"; {500 - len(fitted.lines)} lines of them left out")

    def test_never_exceeds_what_was_allowed(self) -> None:
        for tokens_max in (500, 1_000, 4_000):
            fitted = fit(_levels(5_000, 3_000), tokens_max=tokens_max)
            assert tokens_of("\n".join(fitted.lines)) <= tokens_max


class TestCountFitting:
    def test_counts_whole_lines(self) -> None:
        assert count_fitting(["abcde"] * 10, tokens_max=RESERVED_TOKENS + 5) == 2


def _levels(*counts: int) -> list[Level]:
    return [Level(f"level {count}", partial(_lines, count)) for count in counts]


def _lines(count: int) -> list[str]:
    return ["a line of text"] * count
