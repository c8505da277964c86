"""Questions and the plans they are made into, as text."""

import pytest

from grove.search import (
    FilterValueInvalid,
    Mode,
    ModeConflict,
    PatternInvalid,
    PatternTooComplex,
    QueryInvalid,
    Question,
    plan_of,
)
from tests.support.people import NOON

GOLDEN = {
    "": "exact everything",
    "retry backoff": "ranked everything words(retry backoff)",
    "parseConfig": "ranked everything words(parseConfig)",
    "retry AND backoff": "ranked everything words(retry backoff)",
    '"retry backoff"': 'exact contains "retry backoff"i',
    "foo OR Bar -baz": 'exact any(contains "foo"i, all(contains "Bar", not(contains "baz"i)))',
    "repo:acme/* file:*.py lang:py retry": (
        r"ranked all(repository /(?:^|/)acme/[^/\n]*$/i, path /(?:^|/)[^/\n]*\.py$/i, language python) words(retry)"
    ),
    "file:src/**/x? -lang:go a": r"ranked all(path /(?:^|/)src/(?:.*/)?x[^/\n]$/i, not(language go)) words(a)",
    "file:*.{py,ts} x": r"ranked path /(?:^|/)[^/\n]*\.(?:py|ts)$/i words(x)",
    "file:a{2,3}$": "exact path /a{2,3}$/i",
    "file:\\.py$": "exact path /\\.py$/i",
    'file:"a.b"': 'exact path "a.b"i',
    "file:README case:yes": "exact path /README/",
    "useEffect(() => x": (
        'exact all(contains "useEffect(()", contains "=>"i, contains "x"i) otherwise ranked everything'
        " words(useEffect(() => x)"
    ),
    r"/def \w+/ case:yes": r"exact contains /def \w+/",
    r"/\S+Foo/": r"exact contains /\S+Foo/",
    r"/\S+foo/": r"exact contains /\S+foo/i",
    "sym:Foo": 'symbol defines "Foo"',
    "sym:/^get_/": "symbol defines /^get_/i",
    "sym:Foo bar": 'exact all(defines "Foo", contains "bar"i)',
    "type:symbol foo": 'symbol defines "foo"i',
    "type:path readme": 'exact path "readme"i',
    "type:file readme": 'exact contains "readme"i',
    'content:"a b" file:test': 'exact all(content "a b"i, path /test/i)',
    "content:/a+/": "exact content /a+/i",
    "repo:^github.com/a$@main:dev x": "ranked repository /^github.com/a$/i words(x) /^github.com/a$/i at main at dev",
    "-repo:legacy x count:5 rev:v1 rev:main": "ranked not(repository /legacy/i) words(x) at v1 at main at most 5",
    "x OR (repo:a y)": 'exact any(contains "x"i, all(repository /a/i, contains "y"i))',
    "lang:C++ x": "ranked language cpp words(x)",
    "x case:no Y": 'exact all(contains "x"i, contains "Y"i)',
    "count:all x": 'exact contains "x"i all',
    "count:all timeout:2s x": 'exact contains "x"i within 2 s all',
    "archived:no fork:only x": "ranked everything words(x) archived no fork only",
    "archived:false fork:true x": "ranked everything words(x) archived no fork only",
    "context:a context:b x": "ranked everything words(x) within a or b",
    "word:yes run": r"exact contains /\brun\b/i",
    "word:yes /a|b/": r"exact contains /\b(?:a|b)\b/i",
    'word:yes "$x ="': r"exact contains /\$x\ \=/i",
    "type:repo pay": 'exact repository "pay"i shows repo',
    "select:repo retry": 'exact contains "retry"i shows repo',
    "select:file retry": 'exact contains "retry"i shows file',
    "select:symbol.Function run": 'symbol defines function "run"i shows symbol.function',
    "rev:at(2026-01-31) x": "ranked everything words(x) as of 2026-01-31T00:00:00+00:00",
    "rev:at.time(2026-01-31T12:00Z, v1) x": "ranked everything words(x) at v1 as of 2026-01-31T12:00:00+00:00",
    "rev:main rev:at(yesterday) x": "ranked everything words(x) at main as of 2026-02-28T00:00:00+00:00",
    "type:commit author:ada -author:bob fix": ('history contains "fix"i commits(author "ada"i, not author "bob"i)'),
    "select:commit.diff x": 'history contains "x"i changes()',
    "type:diff select:commit.diff.added x": 'history contains "x"i changes(lines added)',
    "select:commit.diff.Removed x": 'history contains "x"i changes(lines removed)',
    'type:diff message:/fix(es)?/ after:"2 weeks ago" before:2026-02-20 x': (
        'history contains "x"i changes(message /fix(es)?/i, after 2026-02-15T12:00:00+00:00,'
        " before 2026-02-20T00:00:00+00:00)"
    ),
}


class TestAPlan:
    @pytest.mark.parametrize("query", GOLDEN)
    def test_of_a_query_is(self, query: str) -> None:
        assert str(plan_of(Question(text=query, asked_at=NOON))) == GOLDEN[query]

    @pytest.mark.parametrize(
        ("mode", "plan"),
        [
            (Mode.TEXT, r'exact all(repository /x/i, contains "def"i, contains "\w+"i)'),
            (Mode.REGEX, r"exact all(repository /x/i, contains /def \w+/i)"),
            (Mode.SEMANTIC, r"ranked repository /x/i words(def \w+)"),
            (Mode.SYMBOL, r'symbol all(repository /x/i, defines "def"i, defines "\w+"i)'),
        ],
    )
    def test_depends_on_the_mode(self, mode: Mode, plan: str) -> None:
        assert str(plan_of(Question(text=r"repo:x def \w+", mode=mode))) == plan

    def test_takes_filters_given_beside_the_text(self) -> None:
        question = Question(
            text="retry", repositories=("a", "b.*"), languages=("py",), paths=("src/*",), revisions=("v1",)
        )

        assert str(plan_of(question)) == (
            r"ranked all(any(repository /(?:^|/)a$/i, repository /b.*/i), path /(?:^|/)src/[^/\n]*$/i, language python)"
            " words(retry) at v1"
        )

    @pytest.mark.parametrize(
        ("query", "name", "admitted"),
        [
            ("repo:acme x", "github.com/acme/web", True),
            ("repo:acme x", "github.com/other/web", False),
            ("-repo:acme x", "github.com/acme/web", False),
            ("repo:acme/* x", "github.com/acme/web", True),
            ("repo:acme/* x", "github.com/acme-old/web", False),
            ("(repo:a/b OR repo:c/d) x", "host/c/d", True),
            ("(repo:a/b OR repo:c/d) x", "host/e/f", False),
            ("x OR repo:a", "host/e/f", True),
            ("-(repo:e lang:go) x", "host/e/f", True),
            ("x", "anything", True),
        ],
    )
    def test_knows_which_repositories_it_is_about(self, query: str, name: str, *, admitted: bool) -> None:
        assert plan_of(Question(text=query)).admits_repository(name) is admitted

    @pytest.mark.parametrize(
        ("query", "facts"),
        [
            ("lang:phyton x", {"filter": "lang", "value": "phyton", "nearest": "python"}),
            ("case:maybe x", {"filter": "case", "reason": "it is one of auto, no, yes"}),
            ("a count:0", {"filter": "count", "position": 2}),
            ("a count:many", {"filter": "count", "position": 2}),
            ("type:nothing x", {"filter": "type", "reason": "it is one of commit, diff, file, path, repo, symbol"}),
            ("timeout:2h x", {"filter": "timeout", "position": 0}),
            ("timeout:0 x", {"filter": "timeout"}),
            ("word:maybe x", {"filter": "word"}),
            ("select:repo.x y", {"filter": "select"}),
            ("select:commit.diff.x y", {"filter": "select"}),
            ("select:commit.diff.added type:commit y", {"filter": "type"}),
            ("type:commit after:someday x", {"filter": "after"}),
            ("rev:at(someday) x", {"filter": "rev"}),
            ("rev:at( x", {"filter": "rev"}),
            ("rev:at(today) rev:at(yesterday) x", {"reason": "it is given twice"}),
            ("case:yes case:no", {"filter": "case", "reason": "it is given twice", "position": 9}),
            ("repo:has.file(x)", {"reason": "predicates are not supported"}),
            ("-repo:a@main x", {"filter": "repo"}),
        ],
    )
    def test_refuses_values_that_a_filter_does_not_take(self, query: str, facts: dict[str, object]) -> None:
        with pytest.raises(FilterValueInvalid) as refused:
            plan_of(Question(text=query))

        assert facts.items() <= refused.value.facts.items()

    @pytest.mark.parametrize(
        ("query", "reason", "position"),
        [
            ("file:c++", "bad repetition operator", 6),
            ("a /b(c/", "missing )", 6),
            (r"/(?=x)/", "invalid perl operator", 1),
            ("x file:/[z-a]/", "invalid character class range", 9),
        ],
    )
    def test_says_where_a_pattern_is_wrong(self, query: str, reason: str, position: int) -> None:
        with pytest.raises(PatternInvalid) as refused:
            plan_of(Question(text=query))

        assert (refused.value.facts["reason"], refused.value.facts["position"]) == (reason, position)

    @pytest.mark.parametrize("query", [r"/\p{L}{1000}/", "/x{1001}/", r"/\p{L}{20}/", "/" + "a" * 3000 + "/"])
    def test_refuses_patterns_that_would_need_too_much_work(self, query: str) -> None:
        with pytest.raises(PatternTooComplex):
            plan_of(Question(text=query))

    @pytest.mark.parametrize("query", ["(case:yes x)OR y", "-count:5", "a OR rev:main"])
    def test_refuses_settings_within_a_group(self, query: str) -> None:
        with pytest.raises(QueryInvalid, match="applies to the whole query"):
            plan_of(Question(text=query))

    @pytest.mark.parametrize("query", ["content:x", "sym:x y", "case:yes x", "type:path x"])
    def test_refuses_exact_conditions_in_a_semantic_search(self, query: str) -> None:
        with pytest.raises(ModeConflict):
            plan_of(Question(text=query, mode=Mode.SEMANTIC))

    def test_refuses_a_symbol_search_for_nothing(self) -> None:
        with pytest.raises(QueryInvalid, match="name of a symbol"):
            plan_of(Question(text="lang:go", mode=Mode.SYMBOL))

    def test_notes_operators_that_were_taken_for_words(self) -> None:
        assert plan_of(Question(text='a or "b c"')).notes == ("'or' was searched as a word; the operator is OR",)
