"""Where comments stand in a chunk, told line by line without parsing: good enough to weigh words by."""

import re
from typing import Final

# Every alternative begins with a character: so text is scanned for a few characters, not tried at every place.
_HASH = rb"#(?<!\S#)(?!!).*"
_SLASHES = rb"//(?<!:\/\/).*|/\*[\s\S]*?(?:\*/|\Z)|\n[ \t]*\*[ \t].*"
_DASHES = rb"--(?<!\S--)(?![\w-]).*"
_SEMICOLON = rb"\n[ \t]*;.*"
_PERCENT = rb"\n[ \t]*%.*"
_TAGS = rb"<!--[\s\S]*?(?:-->|\Z)"
_DOCSTRINGS = rb'"""[\s\S]*?(?:"""|\Z)' + rb"|'''[\s\S]*?(?:'''|\Z)|" + _HASH

_STYLES: Final = {
    _DOCSTRINGS: "python cython starlark",
    _HASH: "awk bash cmake crystal dockerfile elixir gherkin graphql hcl julia just make meson nim nix perl powershell "
    "r robot ruby tcl toml yaml",
    _SLASHES: "bicep c cpp csharp css d dart fsharp glsl go groovy java javascript kotlin less objective-c php "
    "protobuf rust sass scala solidity stylus swift thrift tsx typescript verilog zig",
    _DASHES: "ada elm haskell lua sql vhdl",
    _SEMICOLON: "assembly clojure ini lisp racket scheme",
    _PERCENT: "erlang latex matlab prolog",
    _TAGS: "html svelte vue xml",
}
_PATTERNS: Final = {
    language: re.compile(rb"(" + pattern + rb")")
    for pattern, languages in _STYLES.items()
    for language in languages.split()
}


def parted(text: bytes, language: str) -> tuple[bytes, bytes]:
    """The code and the comments of a chunk."""
    pattern = _PATTERNS.get(language)
    if pattern is None:
        return text, b""
    pieces = pattern.split(b"\n" + text)
    if len(pieces) == 1:
        return text, b""
    return b"\n".join(pieces[::2]), b"\n".join(pieces[1::2])
