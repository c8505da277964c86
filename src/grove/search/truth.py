"""The one sentence that every entry point shows under an answer."""

from typing import Final

from grove.search.answer import SearchedCommit, Truth
from grove.search.question import Method

SKIPPED_NAMED_MAX: Final = 5
COMMIT_DIGITS: Final = 12
COMMITS_NAMED_MAX: Final = 3

LIMITS: Final = {
    "seconds_max": "the time was up",
    "files_found_max": "the limit of files was reached",
    "symbols_max": "the limit of symbols was reached",
    "pattern_work_max": "some files were too large for this pattern",
    "files_per_answer_max": "one answer holds no more files; a stream or an export does",
    "matches_per_file_max": "not every match of a file was counted",
    "chunks_read_max": "the limit of places to look at was reached",
    "indexes_max": "not every uploaded index was looked into",
    "files_parsed_max": "the limit of files to look into was reached",
}


def truth_line(truth: Truth) -> str:
    """What was found, how fast, where, what was not searched and why, and whether that is all."""
    parts = [
        _found(truth),
        f"{truth.elapsed_ms:,} ms",
        _searched(truth.searched),
        _skipped(truth),
        *(LIMITS.get(limit, limit) for limit in truth.limits_hit),
        _shown(truth),
        *truth.notes,
    ]
    return " · ".join(part for part in parts if part)


def _found(truth: Truth) -> str:
    if not truth.files_found:
        return "nothing found"
    if truth.repositories_shown is not None:
        mark = "+" if truth.limits_hit else ""
        return _counted(truth.repositories_found, "repository", "repositories", mark=mark)
    mark = "+" if truth.more and truth.method is not Method.RANKED else ""
    one = "commit" if truth.method is Method.HISTORY else "file"
    files = _counted(truth.files_found, one, mark=mark)
    return f"{files} in {_counted(truth.repositories_found, 'repository', 'repositories')}"


def _searched(searched: tuple[SearchedCommit, ...]) -> str:
    if not searched:
        return "searched nothing"
    names = {commit.repository for commit in searched}
    if all(commit.is_default_revision for commit in searched):
        where = "its default branch" if len(names) == 1 else "their default branch"
    else:
        revisions = list(dict.fromkeys(commit.revision for commit in searched))
        where = revisions[0] if len(revisions) == 1 else f"{len(revisions)} revisions"
    stale = sum(commit.stale for commit in searched)
    behind = f", {stale} behind the remote" if stale else ""
    read = sum(commit.files_read for commit in searched)
    unindexed = f", {_counted(read, 'file')} read that {'is' if read == 1 else 'are'} not indexed" if read else ""
    return f"searched {len(names):,} at {where}{_commits(searched)}{behind}{unindexed}"


def _commits(searched: tuple[SearchedCommit, ...]) -> str:
    """The commits, if they are few; one alone without its names, and not at all if its revision says it."""
    first = searched[0]
    if len(searched) == 1:
        return "" if first.commit.startswith(first.revision) else f" ({first.commit[:COMMIT_DIGITS]})"
    if len(searched) > COMMITS_NAMED_MAX:
        return ""
    return f" ({', '.join(map(_named, searched))})"


def _named(searched: SearchedCommit) -> str:
    names = [searched.repository.rpartition("/")[2], "" if searched.is_default_revision else searched.revision]
    return " ".join(filter(None, [*names, searched.commit[:COMMIT_DIGITS]]))


def _skipped(truth: Truth) -> str:
    if not truth.skipped:
        return ""
    named = [f"{skipped.title} ({skipped.message})" for skipped in truth.skipped[:SKIPPED_NAMED_MAX]]
    left = len(truth.skipped) - len(named)
    rest = [f"{left:,} more"] if left else []
    return f"{len(truth.skipped):,} not searched: {', '.join([*named, *rest])}"


def _shown(truth: Truth) -> str:
    if not truth.files_found:
        return ""
    if truth.repositories_shown is not None:
        return f"the first {truth.repositories_shown:,} shown" if truth.more else "all results shown"
    if truth.offset:
        what = "commits" if truth.method is Method.HISTORY else "files"
        return f"{what} {truth.offset + 1:,} to {truth.offset + truth.files_shown:,} shown"
    if truth.files_shown < truth.files_found or truth.more:
        which = "best" if truth.method is Method.RANKED else "first"
        return f"the {which} {truth.files_shown:,} shown"
    return "all results shown"


def _counted(count: int, one: str, many: str = "", *, mark: str = "") -> str:
    return f"{count:,}{mark} {one if count == 1 and not mark else many or one + 's'}"
