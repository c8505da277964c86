"""`file_history`: the commits of a file, the commit of each line, and how two revisions differ."""

from collections.abc import Iterator

from grove.mcp.arguments import FileHistory
from grove.mcp.budget import Level, fit
from grove.mcp.calls import Caller, Reply, joined
from grove.mcp.places import COMMIT_DIGITS
from grove.mcp.registry import repository_named
from grove.mcp.visible import visible, visible_line
from grove.search import Blame, BlameRequest, Difference, DiffRequest, FileLog


def file_history(caller: Caller, arguments: FileHistory) -> Reply:
    """The commits that changed a file, the commit of each line, or how two revisions differ.

    :raises GroveError: if there is no such file or revision, or the difference is too large.
    """
    repository = repository_named(caller, arguments.repo).name
    path = arguments.path.removeprefix("/")
    if arguments.view == "diff":
        return _diff(caller, arguments, repository)
    if arguments.view == "blame":
        request = BlameRequest(
            path=path, revision=arguments.ref, first_line=arguments.start_line, last_line=arguments.end_line
        )
        blamed = caller.grove.search.blame_file(caller.actor, repository=repository, request=request)
        truth = f"{blamed.repository}@{blamed.commit[:COMMIT_DIGITS]}:{blamed.path}"
        fitted = fit(_blame_levels(blamed), tokens_max=arguments.max_tokens, truth=truth)
        return Reply(lines=fitted.lines, truth=joined(truth, fitted.note))
    log = caller.grove.search.log_file(
        caller.actor, repository=repository, path=path, revision=arguments.ref, limit=arguments.limit
    )
    more = "there are older ones; give a larger limit" if log.more else "all shown"
    truth = joined(f"{len(log.commits):,} commits of {log.repository}@{log.commit[:COMMIT_DIGITS]}:{log.path}", more)
    fitted = fit([Level("everything", lambda: list(_log_lines(log)))], tokens_max=arguments.max_tokens, truth=truth)
    return Reply(lines=fitted.lines, truth=joined(truth, fitted.note))


def _diff(caller: Caller, arguments: FileHistory, repository: str) -> Reply:
    request = DiffRequest(
        before=arguments.base, after=arguments.ref, path=arguments.path.strip("/"), limit=arguments.limit
    )
    found = caller.grove.search.diff(caller.actor, repository=repository, request=request)
    pair = f"{found.before[:COMMIT_DIGITS]}..{found.after[:COMMIT_DIGITS]}"
    more = f"the first {len(found.files):,} shown; give path" if found.more else "all shown"
    truth = joined(f"{found.file_count:,} files differ in {found.repository} {pair}", more)
    fitted = fit(_diff_levels(found), tokens_max=arguments.max_tokens, truth=truth)
    return Reply(lines=fitted.lines, truth=joined(truth, fitted.note))


def _log_lines(log: FileLog) -> Iterator[str]:
    for each in log.commits:
        moved = f"  (was {each.renamed_from})" if each.renamed_from else ""
        when = each.committed_at.date().isoformat()
        yield visible(f"{each.commit[:COMMIT_DIGITS]}  {when}  {each.author}  {each.subject}{moved}")


def _blame_levels(blamed: Blame) -> Iterator[Level]:
    def in_full() -> list[str]:
        lines = []
        for each in blamed.ranges:
            lines.append(_head(each.first_line, each.last_line, each.commit, f"{each.author}  {each.subject}"))
            numbered = enumerate(each.lines, start=each.first_line)
            lines += [f"{number:>5}  {visible_line(line)}" for number, line in numbered]
        return lines

    yield Level("everything", in_full)
    yield Level(
        "ranges without lines",
        lambda: [
            _head(each.first_line, each.last_line, each.commit, f"{each.author}  {each.subject}")
            for each in blamed.ranges
        ],
    )


def _head(first: int, last: int, commit: str, rest: str) -> str:
    return visible(f"{first}-{last}  {commit[:COMMIT_DIGITS]}  {rest}")


def _diff_levels(found: Difference) -> Iterator[Level]:
    def in_full() -> list[str]:
        lines = []
        for file in found.files:
            lines.append(visible(f"{file.kind} {file.old_path} -> {file.path}  +{file.added} -{file.removed}"))
            lines += [visible_line(line) for line in file.patch]
            lines += ["(cut)"] if file.cut else []
        return lines

    yield Level("everything", in_full)
    yield Level(
        "files without their lines",
        lambda: [visible(f"{file.kind} {file.path}  +{file.added} -{file.removed}") for file in found.files],
    )
