"""The grammars of tree-sitter, and for each a query (`queries/GRAMMAR.scm`) for the definitions in it.

A query captures the defined name as `@name`, the whole definition as `@KIND`, and where it is not an enclosing
definition the container as `@container`. `@holder` contains definitions without being one. Of several patterns that
match at the same name the first counts.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Final

from tree_sitter import Language, Parser, Query

_MODULES: Final[dict[str, tuple[str, str]]] = {
    "bash": ("tree_sitter_bash", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "css": ("tree_sitter_css", "language"),
    "elixir": ("tree_sitter_elixir", "language"),
    "go": ("tree_sitter_go", "language"),
    "haskell": ("tree_sitter_haskell", "language"),
    "hcl": ("tree_sitter_hcl", "language"),
    "html": ("tree_sitter_html", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "kotlin": ("tree_sitter_kotlin", "language"),
    "lua": ("tree_sitter_lua", "language"),
    "markdown": ("tree_sitter_markdown", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "python": ("tree_sitter_python", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "scala": ("tree_sitter_scala", "language"),
    "sql": ("tree_sitter_sql", "language"),
    "swift": ("tree_sitter_swift", "language"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "zig": ("tree_sitter_zig", "language"),
}
GRAMMAR_NAMES: Final = tuple(_MODULES)
_SHARED_QUERIES: Final = {"tsx": "typescript"}


@cache
def grammar(name: str) -> tuple[Parser, Query]:
    """The parser and the query of a grammar; loaded when first used, for some are large."""
    module, function = _MODULES[name]
    pointer: Callable[[], object] = getattr(import_module(module), function)
    language = Language(pointer())
    file = f"{_SHARED_QUERIES.get(name, name)}.scm"
    query = files("grove.languages").joinpath("queries", file).read_text(encoding="utf-8")
    return Parser(language), Query(language, query)
