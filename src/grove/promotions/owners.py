"""Who owns the files of a change, by the repository's CODEOWNERS as it is before the change."""

from collections.abc import Iterable
from typing import Final

from codeowners import CodeOwners

from grove.git import ObjectReader, ObjectTooLarge, PathMissing

PLACES: Final = (b".github/CODEOWNERS", b".gitlab/CODEOWNERS", b"CODEOWNERS", b"docs/CODEOWNERS", b".gitea/CODEOWNERS")
CODEOWNERS_BYTES_MAX: Final = 1024 * 1024
REVIEWERS_MAX: Final = 10


def owners_of(reader: ObjectReader, commit: str, paths: Iterable[str]) -> tuple[list[str], list[str]]:
    """The people and the teams that own the paths, as forges name them, without the `@`; none where nobody is named."""
    people: dict[str, None] = {}
    teams: dict[str, None] = {}
    owners = CodeOwners(_content(reader, commit))
    for path in paths:
        for kind, name in owners.of(path):
            if kind != "EMAIL":
                (teams if kind == "TEAM" else people)[name.removeprefix("@")] = None
    return list(people)[:REVIEWERS_MAX], list(teams)[:REVIEWERS_MAX]


def _content(reader: ObjectReader, commit: str) -> str:
    for place in PLACES:
        try:
            return reader.blob_at(commit, place, CODEOWNERS_BYTES_MAX).decode(errors="replace")
        except (PathMissing, ObjectTooLarge):
            continue
    return ""
