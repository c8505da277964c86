"""Finds prose and code that belong together: comments and what they stand at, messages and what they changed."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from training.history import Change, SourceFile

WORDS_MIN = 3
PROSE_WORDS_MAX = 48
BODY_LINES_MAX = 30

_HASH = frozenset({"python", "ruby", "bash", "elixir", "php"})
_DASHES = frozenset({"lua", "haskell"})
_DOCSTRING = {"python": ('"""', "'''"), "elixir": ('"""',)}
_BLOCK = {"haskell": ("{-", "-}"), "lua": ("--[[", "]]")}
_WORD = re.compile(r"[A-Za-z]{2,}")
_LICENCE = re.compile(
    r"copyright|licen[sc]e|spdx|all rights reserved|eslint-|noqa|pylint|rubocop:|nolint|clang-format", re.IGNORECASE
)
_TRAILER = re.compile(
    r"^(?:[A-Z][\w-]+-by|Change-Id|Reviewed|Summary|Test Plan|Differential|Closes?|Fix(?:es)?:?|Refs?)\b.*$",
    re.MULTILINE,
)
_MARKUP = re.compile(
    r"https?://\S+|[*#/`<>=\-_~|]{2,}|\{@\w+|</?\w+>|[#!]\d+|@(?:param|returns?|throws|see|since|author)\b.*", re.DOTALL
)
_PREFIX = re.compile(
    r"^\s*(?:///?!?|/\*+!?|\*+/?|#+!?|--+(?:\[\[|\s\|)?|\{-\s?\|?|-\}|\"\"\"|'''|@\w*doc\s+(?:~S)?\"\"\"|;+)\s?"
)


class Pair(NamedTuple):
    """Prose and the code that it speaks of; `path` is where the code stands."""

    prose: str
    code: str
    path: str
    kind: str


def comment_pairs(source: SourceFile) -> Iterator[Pair]:
    """Each comment or docstring of a file with the lines under it."""
    lines = source.text.split("\n")
    blocks = list(_comment_blocks(lines, source.language))
    commented = {at for first, last, _ in blocks for at in range(first, last)}
    for first, last, is_docstring in blocks:
        prose = _prose_of(lines[first:last])
        if not prose:
            continue
        before = lines[max(0, first - 4) : first] if is_docstring else []
        code = [line for at, line in enumerate(lines[last : last + BODY_LINES_MAX], last) if at not in commented]
        body = "\n".join([*before, *code])
        if len(_WORD.findall(body)) >= 2 * WORDS_MIN:
            yield Pair(prose, body, source.path, "header" if first < 4 else "comment")


def change_pairs(change: Change) -> Iterator[Pair]:
    """A commit's message with the lines that it changed."""
    prose = _MARKUP.sub(" ", _TRAILER.sub("", change.message))
    words = prose.split()[:PROSE_WORDS_MAX]
    if sum(1 for word in words if _WORD.search(word)) >= WORDS_MIN and not _LICENCE.search(prose):
        yield Pair(" ".join(words), change.lines, change.path, "change")


def _prose_of(lines: list[str]) -> str:
    stripped = [_PREFIX.sub("", line).strip() for line in lines]
    text = "\n".join(stripped).strip()
    if _LICENCE.search(text):
        return ""
    paragraph = _MARKUP.sub(" ", text.partition("\n\n")[0])
    words = paragraph.split()[:PROSE_WORDS_MAX]
    return " ".join(words) if sum(1 for word in words if _WORD.search(word)) >= WORDS_MIN else ""


def _comment_blocks(lines: list[str], language: str) -> Iterator[tuple[int, int, bool]]:
    at = 0
    while at < len(lines):
        text = lines[at].strip()
        end = _block_end(lines, at, text, language)
        if end is None:
            at += 1
            continue
        yield at, end, any(mark in text for mark in _DOCSTRING.get(language, ()))
        at = end


def _block_end(lines: list[str], at: int, text: str, language: str) -> int | None:
    """Where the comment that begins at a line ends, `None` if none begins there."""
    for quote in _DOCSTRING.get(language, ()):
        if text.startswith((quote, "r" + quote, "@doc " + quote, "@moduledoc " + quote)):
            if text.count(quote) > 1:
                return at + 1
            return _line_with(lines, at + 1, quote)
    opening, closing = _BLOCK.get(language, ("/*", "*/"))
    if text.startswith(opening) and language not in {"python", "ruby", "bash", "elixir"}:
        return at + 1 if closing in text else _line_with(lines, at + 1, closing)
    marks = ("#",) if language in _HASH - {"php"} else ("--",) if language in _DASHES else ("//",)
    if language == "php":
        marks = ("//", "# ")
    if not text.startswith(marks) or text.startswith(("#!", "#include", "#[")):
        return None
    end = at
    while end < len(lines) and lines[end].strip().startswith(marks):
        end += 1
    return end


def _line_with(lines: list[str], first: int, mark: str) -> int:
    return next((at + 1 for at in range(first, min(len(lines), first + 200)) if mark in lines[at]), first)
