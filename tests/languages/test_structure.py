import pytest

from grove.languages import Definition, PooledParser, Role, Structure, Task, TreeSitterParser
from grove.languages.parsers import _structure
from grove.languages.table import OUTLINE_GRAMMARS

Expected = list[tuple[int, str, str]]
"""Line, role and the definition around each use of `foo`."""

USES: dict[str, tuple[str, Expected]] = {
    "python": (
        """\
from b import foo
@foo
def foo():  # foo
    'foo'
    return f'{foo()} foo'
class A:
    def m(self): self.foo(1); bar.foo
""",
        [
            (1, "import", ""),
            (2, "call", ""),
            (3, "definition", ""),
            (5, "call", "foo"),
            (7, "call", "m"),
            (7, "reference", "m"),
        ],
    ),
    "javascript": (
        "import {foo} from 'foo';\nfunction foo(){ /* foo */ return `a ${foo(1)} foo` }\nnew x.foo(); x.foo.y;\n",
        [(1, "import", ""), (2, "definition", ""), (2, "call", "foo"), (3, "call", ""), (3, "reference", "")],
    ),
    "typescript": (
        "export function foo<T>(): void {}\nfoo<string>();\nconst s: string = 'foo';\n",
        [(1, "definition", ""), (2, "call", "")],
    ),
    "tsx": (
        "function foo() { return <b title='foo'>foo</b>; }\nfunction App() { return <foo/>; }\n",
        [(1, "definition", ""), (2, "call", "App")],
    ),
    "go": (
        'package a\nimport foo "x/foo"\n// foo\nfunc (s *T) foo() { foo.Bar(); s.foo("foo") }\n',
        [(2, "import", ""), (4, "definition", ""), (4, "reference", "foo"), (4, "call", "foo")],
    ),
    "rust": (
        'use a::foo;\n/// foo\nfn foo() { a::foo(); x.foo(1); foo!(1); foo::<u8>(2); let s = "foo"; }\n',
        [(1, "import", ""), (3, "definition", ""), *[(3, "call", "foo")] * 4],
    ),
    "java": (
        'import a.foo;\nclass A { void foo() { this.foo(); new foo<X>(); /* foo */ String s = "foo"; } }\n',
        [(1, "import", ""), (2, "definition", "A"), (2, "call", "foo"), (2, "call", "foo")],
    ),
    "c": (
        '#include "foo"\nint foo(void) { return foo() + s->foo(1) + p.foo; /* foo */ }\n',
        [(2, "definition", ""), (2, "call", "foo"), (2, "call", "foo"), (2, "reference", "foo")],
    ),
    "cpp": (
        'int ns::foo() { ns::foo(); foo<int>(1); auto s = "foo"; }\n',
        [(1, "definition", ""), (1, "call", "foo"), (1, "call", "foo")],
    ),
    "csharp": (
        'using foo; class A { void foo() { this.foo(); new foo(); var s = $"foo {foo()}"; } }\n',
        [(1, "import", ""), (1, "definition", "A"), *[(1, "call", "foo")] * 3],
    ),
    "ruby": (
        'def foo\n  foo(1); x.foo; send(:foo); "#{foo} foo" # foo\nend\n',
        [
            (1, "definition", ""),
            (2, "call", "foo"),
            (2, "call", "foo"),
            (2, "reference", "foo"),
            (2, "reference", "foo"),
        ],
    ),
    "php": (
        "<?php use A\\foo; function foo() { foo(); $this->foo(); A::foo(); new foo(); $x = 'foo'; }\n",
        [(1, "import", ""), (1, "definition", ""), *[(1, "call", "foo")] * 4],
    ),
    "kotlin": (
        'import a.foo\nfun foo() { foo(); x.foo(1); val s = "foo ${foo()}" }\n',
        [(1, "import", ""), (2, "definition", ""), *[(2, "call", "foo")] * 3],
    ),
    "swift": (
        'import foo\nfunc foo() { foo(); self.foo(1); let s = "foo \\(foo())" }\n',
        [(1, "import", ""), (2, "definition", ""), *[(2, "call", "foo")] * 3],
    ),
    "scala": (
        "import a.foo\ndef foo = { foo(1); x.foo(2); new foo() }\n",
        [(1, "import", ""), (2, "definition", ""), *[(2, "call", "foo")] * 3],
    ),
    "lua": (
        "local function foo() foo(); M.foo(); x:foo(); local s = 'foo' end -- foo\n",
        [(1, "definition", ""), *[(1, "call", "foo")] * 3],
    ),
    "bash": (
        "foo() { foo x; }\n# foo\necho 'foo'\n$(foo)\n",
        [(1, "definition", ""), (1, "call", "foo"), (4, "call", "")],
    ),
    "elixir": (
        (
            'defmodule A do\n def foo(x), do: foo(x)\n def foo(y, z), do: y |> foo\n @doc "foo"\n'
            " def b, do: A.foo(1)\nend\n"
        ),
        [(2, "definition", "A"), (2, "call", "foo"), (3, "definition", "A"), (3, "reference", "foo"), (5, "call", "b")],
    ),
    "haskell": (
        'module A where\nimport B (foo)\nfoo :: Int -> Int\nfoo x = bar (foo x 2) -- foo\nbar = map foo "foo"\n',
        [(2, "import", ""), (3, "definition", ""), (4, "definition", ""), (4, "call", "foo"), (5, "reference", "bar")],
    ),
    "zig": (
        'fn bar() void { foo.x(); a.foo(1); foo("foo"); } // foo\n',
        [(1, "reference", "bar"), (1, "call", "bar"), (1, "call", "bar")],
    ),
    "protobuf": (
        'import "foo";\nmessage foo {\n  a.foo x = 1; /* foo */\n}\nmessage b {\n  foo c = 1;\n}\n',
        [(2, "definition", ""), (3, "reference", "foo"), (6, "reference", "b")],
    ),
    "sql": (
        "create function foo() returns int as $$ select 1 $$;\nselect foo(1); -- foo\nselect 'foo';\n",
        [(1, "definition", ""), (2, "call", "")],
    ),
    "hcl": (
        'variable "foo" {}\nresource "a" "b" { x = var.foo }\n# foo\n',
        [(1, "definition", ""), (2, "reference", "b")],
    ),
}
OUTLINES = {
    "markdown": ("# One\n\n## Two\n\ntext\n\n# Three\n", [("One", 1, 6), ("Two", 3, 6), ("Three", 7, 7)]),
    "html": ('<h1>Title</h1>\n<div id="main">\n</div>\n', [("Title", 1, 1), ("main", 2, 3)]),
    "css": ("@media print {\n  .a, #b { color: red }\n}\n", [("print", 1, 3), (".a, #b", 2, 2)]),
}


def structure(language: str, text: str, **more: object) -> Structure:
    (found,) = TreeSitterParser().structures([Task(language, text.encode(), **more)])  # type: ignore[arg-type]
    assert found is not None
    return found


class TestUses:
    @pytest.mark.parametrize("language", sorted(USES))
    def test_are_found_in_code_and_not_in_comments_or_strings(self, language: str) -> None:
        text, expected = USES[language]

        found = structure(language, text, names=("foo",))

        names = [definition.name for definition in found.definitions]
        assert [
            (use.line, use.role.value, names[use.within] if use.within >= 0 else "") for use in found.uses
        ] == expected

    def test_know_their_column(self) -> None:
        (use,) = structure("python", "é = foo\n", names=("foo",)).uses

        assert (use.line, use.column, use.role) == (1, 5, Role.REFERENCE)

    def test_are_whole_words(self) -> None:
        assert structure("python", "food = a_foo + foo1\n", names=("foo",)).uses == ()


class TestCalls:
    def test_are_found_within_lines(self) -> None:
        text = "def a():\n    b.c(d(1))\n    return E(f)\n\ng()\n"

        found = structure("python", text, calls_within=((1, 3),))

        assert [(use.name, use.line) for use in found.uses] == [("c", 2), ("d", 2), ("E", 3)]


class TestOutlines:
    @pytest.mark.parametrize("language", sorted(OUTLINES))
    def test_are_given_of_what_has_no_symbols(self, language: str) -> None:
        text, expected = OUTLINES[language]

        found = structure(language, text)

        assert [(one.name, one.line, one.end_line) for one in found.definitions] == expected

    def test_can_be_given_of_every_grammar(self) -> None:
        assert set(OUTLINE_GRAMMARS) == set(USES) | set(OUTLINES)


class TestPooledParser:
    def test_finds_the_same_as_in_this_process(self) -> None:
        tasks = [Task(language, text.encode(), ("foo",)) for language, (text, _) in USES.items()]
        parser = PooledParser(children=1)
        try:
            assert parser.structures(tasks) == TreeSitterParser().structures(tasks)
        finally:
            parser.close()

    def test_says_where_it_knows_nothing(self) -> None:
        assert TreeSitterParser().structures([Task("perl", b"sub foo {}\n")]) == [None]

    def test_gives_up_a_file_that_takes_too_long_and_no_other(self) -> None:
        parser = PooledParser(children=1, file_seconds_max=0.5)
        try:
            slow, fine = parser.structures([Task("cpp", b"a(" * 300_000), Task("python", b"def f(): ...\n")])
        finally:
            parser.close()

        assert slow is None
        assert fine is not None
        assert fine.definitions == (Definition(name="f", kind="function", line=1, end_line=1),)

    @pytest.mark.parametrize(
        "answer",
        [
            None,
            ([],),
            ([], [("foo", 0, 0, "call", -1)]),
            ([], [("foo", 1, 0, "anything", -1)]),
            ([], [("foo", 1, 0, "call", 0)]),
            ([], [("foo", 1, -1, "call", -1)]),
            ([("name", "anything", 1, 1, "")], []),
        ],
    )
    def test_believes_no_answer_that_is_no_structure(self, answer: object) -> None:
        assert _structure(Task("python", b""), answer) is None
        assert _structure(Task("python", b""), ([], [("foo", 1, 0, "call", -1)])) is not None
