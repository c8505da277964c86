"""Queries as users write them, and what is said about those that cannot be understood."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grove.search import FilterUnknown, FilterValueInvalid, QueryInvalid, QueryTooLong
from grove.search.parsing import QUERY_CHARACTERS_MAX, parse_query, split_filters
from grove.search.syntax import Expression, Filter, FilterName, Form, Text, written
from grove.search.tree import All, AnyOf, Is, Negated


def word(text: str) -> Expression:
    return Is(Text(text=text, form=Form.BARE))


def phrase(text: str) -> Expression:
    return Is(Text(text=text, form=Form.QUOTED))


def regex(text: str) -> Expression:
    return Is(Text(text=text, form=Form.REGEX))


def filtered(name: FilterName, value: str, form: Form = Form.BARE) -> Expression:
    return Is(Filter(name=name, value=value, form=form))


class TestAQuery:
    @pytest.mark.parametrize(
        ("text", "expression"),
        [
            ("", All(())),
            ("   ", All(())),
            ("retry", word("retry")),
            ("retry backoff", All((word("retry"), word("backoff")))),
            ("retry AND backoff", All((word("retry"), word("backoff")))),
            ("retry and backoff", All((word("retry"), word("and"), word("backoff")))),
            ("a OR b c", AnyOf((word("a"), All((word("b"), word("c")))))),
            ("(a OR b) c", All((AnyOf((word("a"), word("b"))), word("c")))),
            ("-a", Negated(word("a"))),
            ("NOT a b", All((Negated(word("a")), word("b")))),
            ("NOT NOT a", word("a")),
            ("-(a b)", Negated(All((word("a"), word("b"))))),
            ('"two words"', phrase("two words")),
            ("'two words'", phrase("two words")),
            (r'"say \"hi\""', phrase('say "hi"')),
            (r'"a\d"', phrase(r"a\d")),
            ("don't", word("don't")),
            (r"/def \w+/", regex(r"def \w+")),
            (r"/a\/b/", regex("a/b")),
            ("/[/]x/", regex("[/]x")),
            ("/usr/bin", word("/usr/bin")),
            ("a / b", All((word("a"), word("/"), word("b")))),
            ("main()", word("main()")),
            ("(main() OR run(x))", AnyOf((word("main()"), word("run(x)")))),
            ("def run(x: int) -> str:", All((word("def"), word("run(x: int)"), word("->"), word("str:")))),
            ("(run(a, b) OR c)", AnyOf((word("run(a, b)"), word("c")))),
            ("foo( bar", All((word("foo("), word("bar")))),
            ("std::vector", word("std::vector")),
            ("https://example.org", word("https://example.org")),
            ("->next --verbose", All((word("->next"), word("--verbose")))),
            ("default: x:int", All((word("default:"), word("x:int")))),
            ("ORDER ANDROID NOTE", All((word("ORDER"), word("ANDROID"), word("NOTE")))),
        ],
    )
    def test_means_what_other_search_engines_take_it_for(self, text: str, expression: Expression) -> None:
        assert parse_query(text) == expression

    @pytest.mark.parametrize(
        ("text", "expression"),
        [
            ("repo:acme", filtered(FilterName.REPO, "acme")),
            ("r:acme", filtered(FilterName.REPO, "acme")),
            ("path:src", filtered(FilterName.FILE, "src")),
            ("language:go", filtered(FilterName.LANG, "go")),
            ("branch:main", filtered(FilterName.REV, "main")),
            ("symbol:Foo", filtered(FilterName.SYM, "Foo")),
            ("Repo:acme", filtered(FilterName.REPO, "acme")),
            ('file:"a b"', filtered(FilterName.FILE, "a b", Form.QUOTED)),
            ("file:/a b/", filtered(FilterName.FILE, "a b", Form.REGEX)),
            ("file:(a|b(c))$", filtered(FilterName.FILE, "(a|b(c))$")),
            ("-file:test", Negated(filtered(FilterName.FILE, "test"))),
            ("(repo:a OR repo:b)", AnyOf((filtered(FilterName.REPO, "a"), filtered(FilterName.REPO, "b")))),
        ],
    )
    def test_takes_filters_by_all_their_names(self, text: str, expression: Expression) -> None:
        assert parse_query(text) == expression

    @pytest.mark.parametrize(
        ("text", "position", "reason"),
        [
            ('say "hello', 4, "the quote is not closed"),
            ("(a b", 4, "something is missing at the end"),
            ("a b)", 3, "')' closes no group"),
            ("OR a", 0, "'OR' is not expected here"),
            ("a OR", 4, "something is missing at the end"),
            ("a ()", 3, "')' closes no group"),
            ('""', 1, "the quotes hold nothing"),
        ],
    )
    def test_that_is_broken_is_refused_with_its_place(self, text: str, position: int, reason: str) -> None:
        with pytest.raises(QueryInvalid) as refused:
            parse_query(text)

        assert refused.value.facts == {"reason": reason, "position": position}

    @pytest.mark.parametrize(("text", "nearest"), [("lnag:go x", "lang"), ("a repos:x", "repo"), ("fil:x", "file")])
    def test_with_an_unknown_filter_names_the_nearest_known_one(self, text: str, nearest: str) -> None:
        with pytest.raises(FilterUnknown) as refused:
            parse_query(text)

        assert refused.value.facts["nearest"] == nearest
        assert refused.value.facts["position"] == text.index(str(refused.value.facts["filter"]))

    @pytest.mark.parametrize("text", ["repo: x", 'lang:""', "file:"])
    def test_with_an_empty_filter_is_refused(self, text: str) -> None:
        with pytest.raises(FilterValueInvalid, match="a value is missing"):
            parse_query(text)

    @pytest.mark.parametrize("text", ["org:acme x", "is:fork x", "patternType:regexp x"])
    def test_with_a_filter_of_another_search_engine_says_what_it_is_called_here(self, text: str) -> None:
        with pytest.raises(FilterUnknown) as refused:
            parse_query(text)

        assert "here" in str(refused.value.facts["reason"])

    def test_longer_than_the_limit_is_refused(self) -> None:
        with pytest.raises(QueryTooLong):
            parse_query("a" * (QUERY_CHARACTERS_MAX + 1))

    def test_nested_too_deeply_is_refused(self) -> None:
        with pytest.raises(QueryInvalid, match="nested too deeply"):
            parse_query("-(a " * 800 + "b" + ")" * 800)

    @pytest.mark.timeout(5)
    @pytest.mark.parametrize("piece", ["(", "((x)", "(a", '"', "'", "/", "/[", "a:", "\\", "'\\", "OR ", "-"])
    def test_of_hostile_text_is_decided_quickly(self, piece: str) -> None:
        text = (piece * QUERY_CHARACTERS_MAX)[:QUERY_CHARACTERS_MAX]

        with contextlib.suppress(QueryInvalid, FilterUnknown, FilterValueInvalid):
            parse_query(text)


class TestFreeText:
    def test_keeps_what_is_not_a_known_filter(self) -> None:
        free = split_filters(r'repo:x def \w+  (?i:foo) -lang:go key:value path:"a b"')

        assert free.text == r"def \w+  (?i:foo) key:value"
        assert free.position == 7
        assert free.filters == (
            filtered(FilterName.REPO, "x"),
            Negated(filtered(FilterName.LANG, "go")),
            filtered(FilterName.FILE, "a b", Form.QUOTED),
        )

    def test_takes_operators_and_brackets_as_they_are(self) -> None:
        assert split_filters("foo) OR (bar").text == "foo) OR (bar"


WORDS = st.text(st.sampled_from('abAB-_.:()"/\\ORN T'), min_size=1, max_size=6)


class TestAnExpression:
    @settings(max_examples=400, deadline=None)
    @given(st.lists(WORDS, max_size=6).map(" ".join))
    def test_is_written_as_a_query_that_means_it(self, text: str) -> None:
        try:
            expression = parse_query(text)
        except (QueryInvalid, FilterUnknown, FilterValueInvalid):
            return

        assert parse_query(written(expression)) == expression

    @pytest.mark.parametrize(
        "text",
        [
            'NOT a -"b \\" c" -(d e) (f OR g h)',
            "repo:x -file:/a\\/b/ lang:go",
            'file:"a b" /x\\/y/ content:"\\\\"',
            "a (b c) OR NOT d",
        ],
    )
    def test_keeps_quotes_slashes_and_groups(self, text: str) -> None:
        assert parse_query(written(parse_query(text))) == parse_query(text)
