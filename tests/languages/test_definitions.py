import pytest

from grove.languages import Definition, PooledParser, TreeSitterParser
from grove.languages.definitions import definitions_in
from grove.languages.parsers import _believed
from grove.languages.table import GRAMMARS

Expected = list[tuple[str, str, int, str]]

SAMPLES: dict[str, tuple[str, Expected]] = {
    "python": (
        """\
MAX_SIZE = 10
lower = 1
class Outer(Base):
    LIMIT = 3
    class Inner:
        async def method(self): ...
    @property
    def size(self):
        def local(): ...
        return local
def function(): ...
type Alias = int
""",
        [
            ("MAX_SIZE", "constant", 1, ""),
            ("Outer", "class", 3, ""),
            ("LIMIT", "constant", 4, "Outer"),
            ("Inner", "class", 5, "Outer"),
            ("method", "method", 6, "Inner"),
            ("size", "method", 8, "Outer"),
            ("local", "function", 9, "size"),
            ("function", "function", 11, ""),
            ("Alias", "type", 12, ""),
        ],
    ),
    "javascript": (
        """\
const LIMIT = 1;
export const other = 2;
class A extends B {
  #hidden() {}
  static make() {}
  handler = () => {};
}
function f() { const inner = 1; }
const arrow = async (x) => x;
module.exports.named = function () {};
const api = { get: () => 1, post() {} };
""",
        [
            ("LIMIT", "constant", 1, ""),
            ("other", "constant", 2, ""),
            ("A", "class", 3, ""),
            ("#hidden", "method", 4, "A"),
            ("make", "method", 5, "A"),
            ("handler", "method", 6, "A"),
            ("f", "function", 8, ""),
            ("arrow", "function", 9, ""),
            ("named", "function", 10, ""),
            ("api", "constant", 11, ""),
            ("get", "method", 11, "api"),
            ("post", "method", 11, "api"),
        ],
    ),
    "typescript": (
        """\
export interface Shape { area(): number; name: string }
type Id = string;
enum Color { Red }
namespace Geo { export function f(): void {} }
export abstract class Base<T> {
  constructor(private x: T) {}
  abstract go(): void;
  run = (): void => {};
}
declare function g(x: number): string;
export const LIMIT: number = 1;
""",
        [
            ("Shape", "interface", 1, ""),
            ("area", "method", 1, "Shape"),
            ("Id", "type", 2, ""),
            ("Color", "enum", 3, ""),
            ("Geo", "module", 4, ""),
            ("f", "function", 4, "Geo"),
            ("Base", "class", 5, ""),
            ("constructor", "method", 6, "Base"),
            ("go", "method", 7, "Base"),
            ("run", "method", 8, "Base"),
            ("g", "function", 10, ""),
            ("LIMIT", "constant", 11, ""),
        ],
    ),
    "tsx": (
        "export const Button = (p: Props) => <button>{p.text}</button>;\nfunction App() { return <Button/>; }\n",
        [("Button", "function", 1, ""), ("App", "function", 2, "")],
    ),
    "go": (
        """\
package main
const Limit = 1
const (
	A = iota
	B
)
var ErrX = errors.New("x")
type Server struct{ x int }
type Handler interface { Serve(w Writer) error }
type Id = string
type Count int
func New() *Server { return nil }
func (s *Server) Start() {}
func (l List[T]) Len() int { return 0 }
""",
        [
            ("Limit", "constant", 2, ""),
            ("A", "constant", 4, ""),
            ("B", "constant", 5, ""),
            ("ErrX", "variable", 7, ""),
            ("Server", "struct", 8, ""),
            ("Handler", "interface", 9, ""),
            ("Serve", "method", 9, "Handler"),
            ("Id", "type", 10, ""),
            ("Count", "type", 11, ""),
            ("New", "function", 12, ""),
            ("Start", "method", 13, "Server"),
            ("Len", "method", 14, "List"),
        ],
    ),
    "rust": (
        """\
pub const LIMIT: u32 = 1;
static NAME: &str = "x";
mod inner { pub fn deep() {} }
pub struct Point<T> { x: T }
enum Kind { A, B }
trait Draw { fn draw(&self); type Out; }
impl<T> Draw for Point<T> { fn draw(&self) {} }
impl Kind { pub async fn make() -> Self { Kind::A } }
type Alias = u8;
macro_rules! twice { () => {} }
fn main() {}
""",
        [
            ("LIMIT", "constant", 1, ""),
            ("NAME", "constant", 2, ""),
            ("inner", "module", 3, ""),
            ("deep", "function", 3, "inner"),
            ("Point", "struct", 4, ""),
            ("Kind", "enum", 5, ""),
            ("Draw", "trait", 6, ""),
            ("draw", "method", 6, "Draw"),
            ("Out", "type", 6, "Draw"),
            ("draw", "method", 7, "Point"),
            ("make", "method", 8, "Kind"),
            ("Alias", "type", 9, ""),
            ("twice", "macro", 10, ""),
            ("main", "function", 11, ""),
        ],
    ),
    "java": (
        """\
package a.b;
public class Foo<T> extends Bar {
  static final int MAX = 1;
  private int count;
  Foo() {}
  public <R> R run(int x) { return null; }
  enum Kind { A }
  record Pair(int a, int b) {}
  @interface Note {}
}
interface Shape { double area(); }
""",
        [
            ("Foo", "class", 2, ""),
            ("MAX", "constant", 3, "Foo"),
            ("Foo", "method", 5, "Foo"),
            ("run", "method", 6, "Foo"),
            ("Kind", "enum", 7, "Foo"),
            ("Pair", "class", 8, "Foo"),
            ("Note", "interface", 9, "Foo"),
            ("Shape", "interface", 11, ""),
            ("area", "method", 11, "Shape"),
        ],
    ),
    "c": (
        """\
#define LIMIT 10
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define GUARD
typedef struct node { int x; } node_t;
typedef int (*callback)(void);
enum color { RED };
union u { int a; };
struct forward;
static int add(int a, int b) { return a + b; }
char *name(void) { return 0; }
""",
        [
            ("LIMIT", "macro", 1, ""),
            ("MAX", "macro", 2, ""),
            ("node", "struct", 4, ""),
            ("node_t", "type", 4, ""),
            ("callback", "type", 5, ""),
            ("color", "enum", 6, ""),
            ("RED", "constant", 6, "color"),
            ("u", "struct", 7, ""),
            ("add", "function", 9, ""),
            ("name", "function", 10, ""),
        ],
    ),
    "cpp": (
        """\
namespace net {
class Socket : public Base {
 public:
  Socket();
  void open(int port);
  int *data() { return p; }
};
template <typename T> struct Box { T value; };
using Id = int;
enum class Kind { A };
void Socket::open(int port) {}
Socket::~Socket() {}
int &ref() { return x; }
}
template <> void hash<int>::apply() {}
""",
        [
            ("net", "module", 1, ""),
            ("Socket", "class", 2, "net"),
            ("open", "method", 5, "Socket"),
            ("data", "method", 6, "Socket"),
            ("Box", "struct", 8, "net"),
            ("Id", "type", 9, "net"),
            ("Kind", "enum", 10, "net"),
            ("A", "constant", 10, "Kind"),
            ("open", "method", 11, "Socket"),
            ("~Socket", "method", 12, "Socket"),
            ("ref", "function", 13, "net"),
            ("apply", "method", 15, "hash<int>"),
        ],
    ),
    "csharp": (
        """\
namespace A.B {
  public class Foo {
    const int Max = 1;
    public Foo() {}
    public string Name { get; set; }
    public async Task<int> RunAsync() { int Local() => 1; return 1; }
  }
  interface IShape { double Area(); }
  struct P {}
  enum E { X }
  record R(int A);
  delegate void D(int x);
}
""",
        [
            ("A.B", "module", 1, ""),
            ("Foo", "class", 2, "A.B"),
            ("Max", "constant", 3, "Foo"),
            ("Foo", "method", 4, "Foo"),
            ("Name", "property", 5, "Foo"),
            ("RunAsync", "method", 6, "Foo"),
            ("Local", "function", 6, "RunAsync"),
            ("IShape", "interface", 8, "A.B"),
            ("Area", "method", 8, "IShape"),
            ("P", "struct", 9, "A.B"),
            ("E", "enum", 10, "A.B"),
            ("R", "class", 11, "A.B"),
            ("D", "type", 12, "A.B"),
        ],
    ),
    "ruby": (
        """\
module Shop
  LIMIT = 3
  class Cart < Base
    attr_reader :items
    def add!(x); end
    def self.build; end
    def ==(other); end
  end
  class Shop::Order; end
end
""",
        [
            ("Shop", "module", 1, ""),
            ("LIMIT", "constant", 2, "Shop"),
            ("Cart", "class", 3, "Shop"),
            ("items", "property", 4, "Cart"),
            ("add!", "method", 5, "Cart"),
            ("build", "method", 6, "Cart"),
            ("==", "method", 7, "Cart"),
            ("Order", "class", 9, "Shop"),
        ],
    ),
    "php": (
        """\
<?php
namespace A\\B;
class Foo { const K = 1; public function bar() {} }
interface I { function q(); }
trait T {}
enum E: string { case A = "a"; }
function top() {}
const X = 1;
""",
        [
            ("Foo", "class", 3, ""),
            ("K", "constant", 3, "Foo"),
            ("bar", "method", 3, "Foo"),
            ("I", "interface", 4, ""),
            ("q", "method", 4, "I"),
            ("T", "trait", 5, ""),
            ("E", "enum", 6, ""),
            ("top", "function", 7, ""),
            ("X", "constant", 8, ""),
        ],
    ),
    "bash": (
        "deploy() {\n  echo\n}\nfunction roll_back { :; }\nlog::info() { :; }\n",
        [("deploy", "function", 1, ""), ("roll_back", "function", 4, ""), ("log::info", "function", 5, "")],
    ),
    "lua": (
        """\
local function a() end
function M.b() end
function M:c() end
local d = function() end
M.e = function() end
local t = { f = function() end }
""",
        [
            ("a", "function", 1, ""),
            ("b", "function", 2, "M"),
            ("c", "method", 3, "M"),
            ("d", "function", 4, ""),
            ("e", "function", 5, "M"),
            ("f", "function", 6, ""),
        ],
    ),
    "scala": (
        """\
class Foo(x: Int) { def bar(y: Int): Int = { val local = 1; local }; val field = 1 }
object Obj { def m = 1 }
trait T { def abs: Int }
enum Color { case Red }
type X = Int
def top() = 1
""",
        [
            ("Foo", "class", 1, ""),
            ("bar", "method", 1, "Foo"),
            ("field", "constant", 1, "Foo"),
            ("Obj", "module", 2, ""),
            ("m", "function", 2, "Obj"),
            ("T", "trait", 3, ""),
            ("abs", "method", 3, "T"),
            ("Color", "enum", 4, ""),
            ("X", "type", 5, ""),
            ("top", "function", 6, ""),
        ],
    ),
    "kotlin": (
        """\
class Foo<T>(val a: Int) : Bar() {
  fun baz(x: Int): Int { return 1 }
  companion object {
    const val K = 1
  }
}
interface Shape { fun area(): Double }
object Single
enum class E { A }
typealias Name = String
fun String.ext() = 1
val top = 3
class Named {
  companion object Factory {
    fun make() = 1
  }
}
""",
        [
            ("Foo", "class", 1, ""),
            ("baz", "method", 2, "Foo"),
            ("K", "constant", 4, "Foo"),
            ("Shape", "interface", 7, ""),
            ("area", "method", 7, "Shape"),
            ("Single", "module", 8, ""),
            ("E", "enum", 9, ""),
            ("Name", "type", 10, ""),
            ("ext", "function", 11, ""),
            ("top", "constant", 12, ""),
            ("Named", "class", 13, ""),
            ("Factory", "module", 14, "Named"),
            ("make", "function", 15, "Factory"),
        ],
    ),
    "swift": (
        """\
class Foo: Bar {
  func baz() {}
  init(x: Int) {}
  static let shared = Foo()
}
struct S {}
protocol P { func q() }
enum E { case a }
extension Foo { func ext() {} }
public typealias T = Int
func top() {}
actor A {}
let limit = 3
""",
        [
            ("Foo", "class", 1, ""),
            ("baz", "method", 2, "Foo"),
            ("init", "method", 3, "Foo"),
            ("shared", "constant", 4, "Foo"),
            ("S", "struct", 6, ""),
            ("P", "interface", 7, ""),
            ("q", "method", 7, "P"),
            ("E", "enum", 8, ""),
            ("ext", "method", 9, "Foo"),
            ("T", "type", 10, ""),
            ("top", "function", 11, ""),
            ("A", "class", 12, ""),
            ("limit", "constant", 13, ""),
        ],
    ),
    "zig": (
        """\
const std = @import("std");
pub const Foo = struct {
    a: u32,
    pub fn bar(self: Foo) void {}
};
const E = enum { a };
fn main() !void {}
const U = union(enum) { x: u8 };
const Err = error{Bad};
const limit = 3;
""",
        [
            ("Foo", "struct", 2, ""),
            ("bar", "method", 4, "Foo"),
            ("E", "enum", 6, ""),
            ("main", "function", 7, ""),
            ("U", "struct", 8, ""),
            ("Err", "enum", 9, ""),
            ("limit", "constant", 10, ""),
        ],
    ),
    "protobuf": (
        """\
syntax = "proto3"; // message No {
message Outer {
  message Inner { string name = 1; }
  oneof choice { string a = 2; }
  enum Kind { A = 0; }
  string message = 3;
}
/* service None { } */
service Shop {
  rpc Buy (Request)
      returns (stream Answer);
  rpc Sell(Request) returns (Answer) { option x = "}"; }
}
extend Outer { int32 y = 4; }
""",
        [
            ("Outer", "struct", 2, ""),
            ("Inner", "struct", 3, "Outer"),
            ("Kind", "enum", 5, "Outer"),
            ("Shop", "interface", 9, ""),
            ("Buy", "method", 10, "Shop"),
            ("Sell", "method", 12, "Shop"),
        ],
    ),
    "sql": (
        """\
CREATE TABLE IF NOT EXISTS shop.users (
  id int
);
CREATE VIEW adults AS SELECT 1;
CREATE OR REPLACE FUNCTION total(x int) RETURNS int AS $$ select 1 $$ LANGUAGE sql;
CREATE TYPE mood AS ENUM ('a');
CREATE TRIGGER touched AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION total();
CREATE SCHEMA shop;
""",
        [
            ("users", "table", 1, ""),
            ("adults", "table", 4, ""),
            ("total", "function", 5, ""),
            ("mood", "type", 6, ""),
            ("touched", "function", 7, ""),
            ("shop", "module", 8, ""),
        ],
    ),
    "hcl": (
        """\
resource "aws_s3_bucket" "logs" {
  acl = "private"
}
data "aws_ami" "base" {}
variable "region" { default = "eu" }
module "vpc" { source = "./vpc" }
locals { zone = 1 }
output "bucket" { value = 1 }
""",
        [
            ("logs", "resource", 1, "aws_s3_bucket"),
            ("base", "resource", 4, "aws_ami"),
            ("region", "variable", 5, ""),
            ("vpc", "module", 6, ""),
            ("zone", "variable", 7, ""),
            ("bucket", "variable", 8, ""),
        ],
    ),
    "haskell": (
        """\
module Foo.Bar where
data T a = C a | D { f :: Int }
newtype N = N Int
type S = String
class K a where
  op :: a -> a
foo :: Int -> Int
foo 0 = 1
foo x = local where local = x
bar = 3
instance K T where
  op = id
""",
        [
            ("Foo.Bar", "module", 1, ""),
            ("T", "type", 2, ""),
            ("C", "constant", 2, "T"),
            ("D", "constant", 2, "T"),
            ("N", "type", 3, ""),
            ("S", "type", 4, ""),
            ("K", "trait", 5, ""),
            ("op", "method", 6, "K"),
            ("foo", "function", 7, ""),
            ("bar", "function", 10, ""),
        ],
    ),
    "elixir": (
        """\
defmodule Shop.Cart do
  @type t :: integer
  def add(x), do: x
  def add(x, y) when is_integer(y), do: x + y
  defp total do
    1
  end
  defmacro twice(a) do
    a
  end
  defprotocol P do
  end
end
""",
        [
            ("Shop.Cart", "module", 1, ""),
            ("t", "type", 2, "Shop.Cart"),
            ("add", "function", 3, "Shop.Cart"),
            ("total", "function", 5, "Shop.Cart"),
            ("twice", "macro", 8, "Shop.Cart"),
            ("P", "module", 11, "Shop.Cart"),
        ],
    ),
}


class TestTreeSitterParser:
    @pytest.mark.parametrize("language", sorted(GRAMMARS.values()))
    def test_finds_the_definitions_of_each_language(self, language: str) -> None:
        text, expected = SAMPLES[language]

        (found,) = TreeSitterParser().parse([(language, text.encode())])

        assert [(one.name, one.kind, one.line, one.container) for one in found] == expected

    def test_knows_where_a_definition_ends(self) -> None:
        (found,) = TreeSitterParser().parse([("python", b"def f():\n    a = 1\n    return a\n\n\nx = 1\n")])

        assert found == [Definition(name="f", kind="function", line=1, end_line=3)]

    def test_finds_what_it_can_in_a_broken_file(self) -> None:
        (found,) = TreeSitterParser().parse([("python", b"def whole(): ...\n\nclass Broken(:\n    def f(self\n")])

        assert "whole" in [one.name for one in found]

    def test_finds_nothing_in_languages_without_a_grammar(self) -> None:
        assert TreeSitterParser().parse([("markdown", b"# def f(): ...\n"), ("", b"x")]) == [[], []]

    def test_leaves_out_names_that_are_no_names(self) -> None:
        assert definitions_in(("javascript", b"function " + b"a" * 1_000 + b"() {}\n")) == []


class TestPooledParser:
    def test_finds_the_same_as_in_this_process(self) -> None:
        files = [(language, text.encode()) for language, (text, _) in SAMPLES.items()]
        files.append(("markdown", b"# nothing\n"))
        parser = PooledParser(children=2)
        try:
            assert parser.parse(files) == TreeSitterParser().parse(files)
        finally:
            parser.close()

    @pytest.mark.parametrize(
        "answer",
        [
            None,
            "text",
            [("name", "function", 1, 1)],
            [("name", "function", 0, 1, "")],
            [("name", "function", 2, 1, "")],
            [("name", "anything", 1, 1, "")],
            [("", "function", 1, 1, "")],
            [("a\nb", "function", 1, 1, "")],
            [("\ud800", "function", 1, 1, "")],
            [("x" * 300, "function", 1, 1, "")],
            [("name", "function", 1.5, 2, "")],
            [["name", "function", 1, 1, ""]],
        ],
    )
    def test_believes_no_answer_that_is_not_a_list_of_definitions(self, answer: object) -> None:
        assert _believed(answer) == []
        assert len(_believed([("name", "function", 1, 1, "")])) == 1

    def test_gives_up_a_file_that_takes_too_long_and_no_other(self) -> None:
        slow = ("cpp", b"a(" * 300_000)
        fine = ("python", b"def f(): ...\n")
        parser = PooledParser(children=1, file_seconds_max=0.3)
        try:
            found = parser.parse([slow, fine])
        finally:
            parser.close()

        assert found == [[], [Definition(name="f", kind="function", line=1, end_line=1)]]
