"""Patterns: what they find, and that what they require of a text is never too much."""

import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from grove.indexing import Need
from grove.search import PatternInvalid, PatternTooComplex
from grove.search.patterns import SPANS_MAX, Pattern, has_upper_case, literal_pattern, regex_pattern

ATOMS = st.sampled_from(
    [
        "a", "b", "abc", "Foo", "k", "s", "é", "_", " ", r"\.", ".", r"\d", r"\w", r"\s", r"\S", r"\W", r"\D", r"\b",
        "^", "$", r"\n", "[ab]", "[^a]", "[^a\\n]", "[[:alpha:]]", "[A-Z]", "[]a]", r"\x41", r"\x{e9}", "(?i)", r"\A",
        r"\z", "{", "}", "-", r"\pL", r"\PL", r"\C", r"\Qa.b\E", "(?s)", "(?-m)", "(?U)",
    ]
)  # fmt: skip


def grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    opening = st.sampled_from(["(", "(?:", "(?i:", "(?P<n>", "(?s:", "(?-i:"])
    repeat = st.sampled_from(["", "*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}", "*?", "+?", "??"])
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join),
        st.builds(lambda begin, part, end: f"{begin}{part}){end}", opening, inner, repeat),
        st.builds(lambda part, end: part + end, ATOMS, repeat),
    )


PATTERNS = st.recursive(ATOMS, grouped, max_leaves=12)
TEXTS = st.text(st.sampled_from("abcFfOoAkKs.é_É {}-1\n\u212a\u017f"), max_size=30)
MARKUP = st.text(st.sampled_from("abc()[]{}|*+?\\^$.-:PQEdwsnx<>!=i\n"), max_size=14)


def compiled(source: str, *, fold_case: bool) -> Pattern | None:
    try:
        return regex_pattern(source, fold_case=fold_case)
    except (PatternInvalid, PatternTooComplex):
        return None


def folded(text: str) -> bytes:
    return text.replace("\u212a", "k").replace("\u017f", "s").encode().lower()


def satisfies(text: str, need: Need, *, fold_case: bool) -> bool:
    body = folded(text) if fold_case else text.encode()
    held = [literal in body for literal in need.literals]
    held += [satisfies(text, inner, fold_case=fold_case) for inner in need.needs]
    return not held or (any(held) if need.any_of else all(held))


def plain(source: str, *, fold_case: bool) -> "re2._Regexp":
    options = re2.Options()
    options.case_sensitive = not fold_case
    return re2.compile(f"(?m){source}".encode(), options)


class TestAPattern:
    @settings(max_examples=300, deadline=None)
    @given(source=st.one_of(PATTERNS, MARKUP), text=TEXTS, fold_case=st.booleans())
    def test_requires_nothing_that_a_match_may_lack(self, source: str, text: str, *, fold_case: bool) -> None:
        pattern = compiled(source, fold_case=fold_case)
        if pattern is not None and plain(source, fold_case=fold_case).search(text.encode()):
            assert satisfies(text, pattern.need, fold_case=pattern.need_folds_case)

    @settings(max_examples=300, deadline=None)
    @given(source=st.one_of(PATTERNS, MARKUP), text=TEXTS, fold_case=st.booleans())
    def test_that_does_not_cross_lines_matches_within_one(self, source: str, text: str, *, fold_case: bool) -> None:
        pattern = compiled(source, fold_case=fold_case)
        if pattern is None or pattern.crosses_lines:
            return
        whole = text.removesuffix("\n").encode()
        matcher = plain(source, fold_case=fold_case)

        assert pattern.found_in(whole) is any(matcher.search(line) is not None for line in whole.split(b"\n"))

    @settings(max_examples=300, deadline=None)
    @given(needle=st.text(max_size=4), text=st.text(max_size=20), fold_case=st.booleans())
    def test_of_a_literal_finds_it_as_it_is(self, needle: str, text: str, *, fold_case: bool) -> None:
        pattern = literal_pattern(needle, fold_case=fold_case)

        if needle in text:
            assert pattern.found_in(text.encode())
            assert satisfies(text, pattern.need, fold_case=pattern.need_folds_case)
        if not fold_case:
            assert pattern.found_in(text.encode()) is (needle in text)

    def test_tells_literals_that_an_index_can_look_up(self) -> None:
        needs = {
            "foo.*bar": Need(literals=(b"foo", b"bar")),
            "(foo|ba[rz])qux": Need(literals=(b"barqux", b"bazqux", b"fooqux"), any_of=True),
            r"func \w+\(": Need(literals=(b"func ",)),
            "(abc){2,}": Need(literals=(b"abc",)),
            "x*": Need(),
            "(foo.*x|bar.*y)": Need(literals=(b"foo", b"bar"), any_of=True),
            r"foo\nbar": Need(literals=(b"foo", b"bar")),
        }

        assert {source: regex_pattern(source, fold_case=False).need for source in needs} == needs

    def test_knows_whether_a_match_may_span_lines(self) -> None:
        within = [
            "foo.*bar",
            r"a\b",
            "[a-z]+",
            r"[^/\n]*",
            "^$",
            r"\w+\d",
            "[[:digit:]]".replace("[[:digit:]]", "[0-9]"),
        ]
        across = [r"a\nb", r"a\s+b", "[^)]*", "(?s)a.b", r"\Aa", r"a\z", r"\W", "(?-m)^a"]

        assert [source for source in within if regex_pattern(source, fold_case=False).crosses_lines] == []
        assert [source for source in across if not regex_pattern(source, fold_case=False).crosses_lines] == []

    def test_counts_an_empty_match_once_a_line(self) -> None:
        assert list(regex_pattern("x*", fold_case=False).spans(b"ab\nxx\n\nc")) == [(0, 0), (3, 5), (6, 6), (7, 7)]

    def test_tells_at_most_so_many_places(self) -> None:
        assert len(list(literal_pattern("a", fold_case=False).spans(b"a" * (SPANS_MAX + 5)))) == SPANS_MAX


class TestSmartCase:
    def test_minds_upper_case_letters_but_not_those_of_escapes(self) -> None:
        assert has_upper_case("Foo", is_regex=False)
        assert not has_upper_case("foo", is_regex=False)
        assert has_upper_case(r"\wFoo", is_regex=True)
        assert not has_upper_case(r"\S+\W\B\p{Lu}\PL(?P<Name>x)(?U:a)", is_regex=True)
