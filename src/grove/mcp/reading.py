"""`read_file` and `list_tree`."""

import difflib
from collections import Counter
from collections.abc import Sequence
from typing import Final

from grove.git import EntryKind
from grove.mcp.arguments import ListTree, ReadFile
from grove.mcp.budget import TOKENS_MAX, Level, count_fitting, fit, tokens_of
from grove.mcp.calls import Caller, Reply, joined
from grove.mcp.errors import ArgumentsInvalid, FileNotText, PageEmpty, SymbolUnknown
from grove.mcp.places import COMMIT_DIGITS
from grove.mcp.registry import repository_named
from grove.mcp.visible import LINE_CHARACTERS_MAX, visible, visible_line
from grove.mcp.workspaces import content_in_workspace, tree_in_workspace
from grove.mirrors import path_owners
from grove.navigation import Outline, Outlined
from grove.search import FileContent, Tree, TreeItem, TreeRequest

PAGE_LINES: Final = 500


def read_file(caller: Caller, arguments: ReadFile) -> Reply:
    """A page of a file with line numbers, or its definitions.

    :raises GroveError: if there is no such file, or it cannot be shown.
    """
    if arguments.workspace:
        return _in_workspace(caller, arguments)
    repository = repository_named(caller, arguments.repo).name
    if arguments.view == "owners":
        return _owned(caller, arguments, repository=repository)
    content = caller.grove.search.read_file(
        caller.actor,
        repository=repository,
        path=arguments.path.removeprefix("/"),
        revision=arguments.ref,
    )
    if content.binary:
        raise FileNotText(path=arguments.path, size_bytes=content.size_bytes)
    if arguments.view == "outline":
        return _outline(_outlined(caller, content), content, tokens_max=arguments.max_tokens)
    first = arguments.start_line
    if arguments.symbol:
        first = _line_of(arguments.symbol, _outlined(caller, content))
    return _page(content, arguments, first=first)


def _in_workspace(caller: Caller, arguments: ReadFile) -> Reply:
    if arguments.ref:
        raise ArgumentsInvalid(tool="read_file", reason="a workspace is read as it is now: leave ref out")
    if arguments.view == "owners":
        raise ArgumentsInvalid(tool="read_file", reason="owners are a repository's: give repo, not workspace")
    content, oid = content_in_workspace(caller, arguments)
    if content.binary:
        raise FileNotText(path=arguments.path, size_bytes=content.size_bytes)
    first = arguments.start_line
    if arguments.symbol or arguments.view == "outline":
        outline = caller.grove.navigation.outline_in_workspace(
            caller.actor, workspace=arguments.workspace, path=content.path
        )
        if arguments.view == "outline":
            return _outline(outline, content, tokens_max=arguments.max_tokens)
        first = _line_of(arguments.symbol, outline)
    reply = _page(content, arguments, first=first)
    return Reply(lines=reply.lines, truth=joined(reply.truth, f"oid={oid}"))


def list_tree(caller: Caller, arguments: ListTree) -> Reply:
    """The entries of a folder, in as much detail as fits.

    :raises GroveError: if there is no such folder.
    """
    if arguments.workspace:
        return _shown_tree(tree_in_workspace(caller, arguments), arguments)
    tree = caller.grove.search.list_tree(
        caller.actor,
        repository=repository_named(caller, arguments.repo).name,
        request=TreeRequest(
            path=arguments.path.strip("/"), revision=arguments.ref, depth=arguments.depth, limit=arguments.limit
        ),
    )
    return _shown_tree(tree, arguments)


def _shown_tree(tree: Tree, arguments: ListTree) -> Reply:
    where = f"{tree.repository}@{tree.commit[:COMMIT_DIGITS]}:{tree.path or '/'}"
    more = f"the first {len(tree.items):,} shown; give path or a larger limit for others" if tree.more else "all shown"
    truth = joined(f"{_entries(len(tree.items))} of {where}", more)
    levels = _levels(tree, is_markdown=arguments.format == "markdown")
    fitted = fit(levels, tokens_max=arguments.max_tokens, truth=truth)
    return Reply(lines=fitted.lines, truth=joined(truth, fitted.note))


def _page(content: FileContent, arguments: ReadFile, *, first: int) -> Reply:
    """As many whole lines as the page, the range asked for and the budget allow; at least one.

    :raises PageEmpty: if the file ends before its first line.
    """
    lines = _lines_of(content)
    if first > max(len(lines), 1):
        raise PageEmpty(path=content.path, start_line=first, lines=len(lines))
    last = min(arguments.end_line or len(lines), first + PAGE_LINES - 1, len(lines))
    numbered = _numbered(lines, first=first, last=last)
    count = count_fitting(numbered, tokens_max=arguments.max_tokens - tokens_of(_address(content)))
    if not count and numbered:
        # One line that is too long for the budget: as much of it as surely fits.
        characters = LINE_CHARACTERS_MAX * arguments.max_tokens // (2 * TOKENS_MAX)
        numbered, count = _numbered(lines, first=first, last=first, characters_max=characters), 1
    shown = numbered[:count]
    end = first + len(shown) - 1
    parts = [
        f"Showing {first}-{end} of {len(lines):,}." if lines else "The file is empty.",
        f"Next: start_line={end + 1}" if end < len(lines) else "",
        "(fewer lines than asked for: no more fit into max_tokens)" if end < last else "",
        f"· {_address(content)}",
    ]
    return Reply(lines=shown, truth=" ".join(part for part in parts if part))


def _lines_of(content: FileContent) -> list[str]:
    text = content.content.decode("utf-8", "backslashreplace")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if not lines[-1] else lines


def _numbered(lines: Sequence[str], *, first: int, last: int, characters_max: int = LINE_CHARACTERS_MAX) -> list[str]:
    width = len(str(last))
    return [
        f"{number:>{width}}: {visible_line(lines[number - 1], characters_max=characters_max)}"
        for number in range(first, last + 1)
    ]


def _address(content: FileContent) -> str:
    where = f"{content.repository}@{content.commit[:COMMIT_DIGITS]}:{content.path}"
    return f"{where} · {content.language or 'text'} · {content.size_bytes:,} bytes"


def _outline(outline: Outline, content: FileContent, *, tokens_max: int) -> Reply:
    width = len(str(outline.line_count))
    lines = [
        f"{item.line:>{width}}-{item.end_line:<{width}} {'  ' * item.depth}{visible_line(_signature(item))}"
        for item in outline.items
    ]
    truth = joined(
        f"{len(lines):,} definition{'s' if len(lines) != 1 else ''}",
        _address(content),
        "" if outline.is_known else "its language has no grammar, or it could not be parsed",
    )
    fitted = fit([Level("definitions", lambda: lines)], tokens_max=tokens_max, truth=truth)
    return Reply(lines=fitted.lines, truth=joined(truth, fitted.note))


def _owned(caller: Caller, arguments: ReadFile, *, repository: str) -> Reply:
    """Who owns a file, and the lines that say so."""
    found = path_owners(
        caller.grove.database,
        caller.grove.mirrors,
        actor=caller.actor,
        repository=repository,
        path=arguments.path.removeprefix("/"),
        revision=arguments.ref,
    )
    lines = [
        visible_line(f"{owner}  {found.place}:{rule.line}  {rule.pattern}  {rule.section}".rstrip())
        for rule in found.ownership.rules
        for owner in rule.owners
    ]
    truth = joined(
        f"{len(lines):,} owner{'s' if len(lines) != 1 else ''}",
        f"{found.repository}@{found.commit[:COMMIT_DIGITS]}:{found.path}",
        "" if found.place else "it has no CODEOWNERS file",
    )
    fitted = fit([Level("owners", lambda: lines)], tokens_max=arguments.max_tokens, truth=truth)
    return Reply(lines=fitted.lines, truth=joined(truth, fitted.note))


def _signature(item: Outlined) -> str:
    return item.signature if item.name in item.signature else f"{item.kind} {item.name}"


def _outlined(caller: Caller, content: FileContent) -> Outline:
    return caller.grove.navigation.outline(
        caller.actor, repository=content.repository, path=content.path, revision=content.commit
    )


def _line_of(name: str, outline: Outline) -> int:
    """Where the symbol of that name, or of that full name (`Class.method`), is defined.

    :raises SymbolUnknown: if there is none in this file.
    """
    for item in outline.items:
        if name in {item.name, f"{item.container}.{item.name}"}:
            return item.line
    known = ", ".join(dict.fromkeys(difflib.get_close_matches(name, [item.name for item in outline.items])))
    reason = "" if outline.is_known else "its language has no grammar, or it could not be parsed"
    raise SymbolUnknown(symbol=name, path=outline.path, nearest=known, reason=reason)


def _levels(tree: Tree, *, is_markdown: bool) -> tuple[Level, ...]:
    """The ways to show a tree, from everything down to counts per folder."""
    return (
        Level("everything", lambda: [_entry(tree, item, is_markdown=is_markdown) for item in tree.items]),
        Level("names without sizes", lambda: [_indented(tree, item) for item in tree.items]),
        Level("counts per folder", lambda: _folder_counts(tree)),
    )


def _entry(tree: Tree, item: TreeItem, *, is_markdown: bool) -> str:
    size = f"  {item.size_bytes:,}" if item.kind is EntryKind.FILE else ""
    kind = f"  ({item.kind})" if item.kind in {EntryKind.SYMLINK, EntryKind.SUBMODULE} else ""
    if not is_markdown:
        return f"{_indented(tree, item)}{size}{kind}"
    name = _indented(tree, item)
    return f"{name[: len(name) - len(name.lstrip())]}- `{name.strip()}`{size}{kind}"


def _indented(tree: Tree, item: TreeItem) -> str:
    below = item.path.removeprefix(f"{tree.path}/") if tree.path else item.path
    name = below.rpartition("/")[2]
    return f"{'  ' * below.count('/')}{visible(name)}{'/' if item.kind is EntryKind.FOLDER else ''}"


def _folder_counts(tree: Tree) -> list[str]:
    counts = Counter(item.path.rpartition("/")[0] for item in tree.items)
    return [f"{visible(folder) or '.'}/  {_entries(count)}" for folder, count in sorted(counts.items())]


def _entries(count: int) -> str:
    return f"{count:,} entr{'ies' if count != 1 else 'y'}"
