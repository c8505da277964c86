import random

from hypothesis import given
from hypothesis import strategies as st

from grove.indexing.chunks import CHUNK_BYTES_MAX, LINES_MAX, LINES_MIN, cuts_of, digest_of

LINES = st.lists(st.sampled_from([b"", b"}", b"    return x", b"def f(x):", b"x" * 90, b"y" * 5000]), max_size=300)


def text_with(seed: int, lines: int) -> list[bytes]:
    chance = random.Random(seed)
    return [b"line %d of it\n" % chance.randrange(10**6) for _ in range(lines)]


class TestCutsOf:
    @given(LINES, st.booleans())
    def test_parts_a_text_into_whole_lines(self, lines: list[bytes], newline_at_end: bool) -> None:
        text = b"\n".join(lines) + (b"\n" if newline_at_end else b"")

        cuts = cuts_of(text)

        assert b"".join(text[cut.begin : cut.end] for cut in cuts) == text
        assert all(text[cut.begin : cut.end].endswith(b"\n") for cut in cuts[:-1])
        line = 1
        for cut in cuts:
            assert cut.first_line == line
            assert cut.lines == len(text[cut.begin : cut.end].splitlines())
            line += cut.lines

    @given(LINES)
    def test_keeps_to_its_limits_but_never_cuts_a_line(self, lines: list[bytes]) -> None:
        text = b"".join(line + b"\n" for line in lines)

        for cut in cuts_of(text):
            assert cut.lines <= LINES_MAX
            assert cut.end - cut.begin <= CHUNK_BYTES_MAX or cut.lines == 1

    def test_makes_chunks_of_about_twenty_lines(self) -> None:
        cuts = cuts_of(b"".join(text_with(1, 10_000)))

        assert 12 < 10_000 / len(cuts) < 24
        assert min(cut.lines for cut in cuts[:-1]) >= LINES_MIN

    def test_changes_few_chunks_by_an_edit(self) -> None:
        lines = text_with(2, 5_000)
        before = b"".join(lines)
        lines[2_500:2_500] = [b"something new\n"]
        after = b"".join(lines)

        old = {digest_of(before[cut.begin : cut.end], "") for cut in cuts_of(before)}
        new = {digest_of(after[cut.begin : cut.end], "") for cut in cuts_of(after)}

        assert 1 <= len(new - old) <= 3

    def test_leaves_a_line_of_a_megabyte_whole(self) -> None:
        text = b"short\n" + b"z" * 1_000_000 + b"\nshort\n"

        assert [cut.end - cut.begin for cut in cuts_of(text)] == [6, 1_000_001, 6]

    def test_gives_nothing_for_no_text(self) -> None:
        assert cuts_of(b"") == []


class TestDigestOf:
    def test_tells_the_same_text_under_different_grammars_apart(self) -> None:
        assert digest_of(b"x = 1\n", "python") != digest_of(b"x = 1\n", "")
        assert digest_of(b"x = 1\n", "python") == digest_of(b"x = 1\n", "python")
