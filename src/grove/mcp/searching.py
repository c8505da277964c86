"""`search_code` and `find_symbol`."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from grove.mcp.arguments import FindSymbol, SearchCode
from grove.mcp.budget import fit
from grove.mcp.calls import Caller, Reply, joined
from grove.mcp.errors import CursorInvalid, NothingSearched
from grove.mcp.past import levels_of
from grove.mcp.places import Places
from grove.mcp.registry import repository_named
from grove.search import Answer, FileMatch, Mode, Question, RepositoryMatch, truth_line

BODY_LINES: Final = 20
SYMBOLS_SEEN_MAX: Final = 200
SKIPPED_TOLD_MAX: Final = 5
_DIGEST_CHARACTERS: Final = 8


def search_code(caller: Caller, arguments: SearchCode) -> Reply:
    """Search, and show what was found in as much detail as fits.

    :raises GroveError: if the question cannot be answered.
    """
    offset = _offset(arguments)
    names = [arguments.repo] if isinstance(arguments.repo, str) else arguments.repo or []
    question = Question(
        text=arguments.query,
        mode=Mode(arguments.mode),
        repositories=tuple(exactly(repository_named(caller, name).name) for name in names),
        revisions=_given(arguments.ref),
        paths=_given(arguments.path),
        languages=_given(arguments.lang),
        workspaces=_given(arguments.workspace),
        limit=arguments.limit,
        offset=offset,
        context_lines=arguments.context,
    )
    answer = _ask(caller, question)
    files = answer.files if arguments.group_by == "file" else _by_repository(answer.files)
    return _reply(files, answer, tokens_max=arguments.max_tokens, further=_cursor(arguments, answer))


def find_symbol(caller: Caller, arguments: FindSymbol) -> Reply:
    """Find definitions by name.

    :raises GroveError: if the question cannot be answered.
    """
    question = Question(
        text=arguments.name,
        mode=Mode.SYMBOL,
        repositories=(exactly(repository_named(caller, arguments.repo).name),) if arguments.repo else (),
        revisions=_given(arguments.ref),
        paths=_given(arguments.path),
        workspaces=_given(arguments.workspace),
        limit=SYMBOLS_SEEN_MAX if arguments.kind else arguments.limit,
        context_lines=BODY_LINES if arguments.include_body else 0,
    )
    answer = _ask(caller, question)
    files: Sequence[FileMatch] = answer.files
    further = ""
    if arguments.kind:
        files = list(_of_kind(files, arguments.kind))
        further = f"kind={arguments.kind} keeps {len(files):,} of {len(answer.files):,} files"
    if len(files) > arguments.limit:
        further += f", the first {arguments.limit:,} of them shown"
    if arguments.include_body:
        files = [_with_bodies(file) for file in files]
    return _reply(files[: arguments.limit], answer, tokens_max=arguments.max_tokens, further=further)


def exactly(name: str) -> str:
    """The filter that admits one name and no other that is like it."""
    escaped = re.escape(name).replace("@", r"\x40")  # in a filter an @ begins a revision
    return f"^{escaped}$"


def _ask(caller: Caller, question: Question) -> Answer:
    """The answer.

    :raises NothingSearched: if nothing that was asked for can be searched: that is no answer.
    """
    answer = caller.grove.search.run(caller.actor, question)
    skipped = answer.truth.skipped
    if skipped and not answer.truth.searched:
        reason = "; ".join(f"{each.title}: {each.message}" for each in skipped[:SKIPPED_TOLD_MAX])
        raise NothingSearched(reason=reason, why=skipped[0].reason, title=skipped[0].title)
    return answer


def _reply(files: Sequence[FileMatch], answer: Answer, *, tokens_max: int, further: str) -> Reply:
    is_default = all(commit.is_default_revision for commit in answer.truth.searched)
    places = Places(files, with_revisions=not is_default)
    suggested = "; ".join(f"{each.title}: {each.query}" for each in answer.suggested)
    tried = f"instead: {suggested}" if suggested else ""
    truth = joined(truth_line(answer.truth), places.commits(), further, tried)
    if answer.commits:
        fitted = fit(levels_of(answer.commits), tokens_max=tokens_max, truth=truth)
        return Reply(lines=fitted.lines, truth=joined(truth, fitted.note))
    if answer.repositories:
        return Reply(lines=[_repository_line(found) for found in answer.repositories], truth=truth)
    fitted = fit(places.levels(), tokens_max=tokens_max, truth=truth)
    return Reply(lines=fitted.lines, truth=joined(truth, fitted.note))


def _repository_line(found: RepositoryMatch) -> str:
    mark = "" if found.is_count_exact else "+"
    return f"{found.repository}@{found.revision} {found.commit[:12]} {found.files_found}{mark} files"


def _given(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _by_repository(files: Sequence[FileMatch]) -> list[FileMatch]:
    """The files of each repository together; repositories in the order of their best file."""
    order = list(dict.fromkeys(file.address.repository_id for file in files))
    return sorted(files, key=lambda file: order.index(file.address.repository_id))


def _of_kind(files: Sequence[FileMatch], kind: str) -> Iterator[FileMatch]:
    for file in files:
        excerpts = tuple(e for e in file.excerpts if e.symbol and e.symbol.kind.casefold() == kind.casefold())
        if excerpts:
            yield replace(file, excerpts=excerpts)


def _with_bodies(file: FileMatch) -> FileMatch:
    """The file with the lines from each definition on, without those before it."""
    excerpts = tuple(
        replace(
            excerpt,
            lines=tuple(replace(line, highlights=()) for line in excerpt.lines if line.number >= excerpt.first_line),
        )
        for excerpt in file.excerpts
    )
    return replace(file, excerpts=excerpts)


def _cursor(arguments: SearchCode, answer: Answer) -> str:
    end = answer.truth.offset + answer.truth.files_shown
    if not (answer.files or answer.commits) or not (answer.truth.more or end < answer.truth.files_found):
        return ""
    return f"next cursor={end}.{_digest(arguments)}"


def _offset(arguments: SearchCode) -> int:
    """Where an earlier answer to the same question ended.

    :raises CursorInvalid: if the cursor is not from an answer to this question.
    """
    if not arguments.cursor:
        return 0
    end, _, digest = arguments.cursor.partition(".")
    if not (end.isascii() and end.isdigit() and digest == _digest(arguments)):
        raise CursorInvalid(cursor=arguments.cursor)
    return int(end)


def _digest(arguments: SearchCode) -> str:
    """What tells this question from another: all that decides which files are found, and in which order."""
    asked = arguments.model_dump_json(exclude={"cursor", "max_tokens", "limit", "context", "group_by"})
    return hashlib.sha256(asked.encode()).hexdigest()[:_DIGEST_CHARACTERS]
