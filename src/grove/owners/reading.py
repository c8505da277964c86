"""Finding and reading CODEOWNERS files: each forge has its own places and rules.

GitHub     `.github/`, the root, `docs/`; patterns like those of .gitignore; the last line that fits decides
GitLab     the root, `docs/`, `.gitlab/`; sections with default owners, of which each decides; `!` excludes
Bitbucket  `.bitbucket/`; in the cloud the last line that fits, on one's own server every line that fits
Gitea      the root, `docs/`, `.gitea/`; regular expressions; every line that fits; `!` means all others
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import re2
from codeowners import path_to_regex

from grove.forges import Forge
from grove.git import ObjectReader, ObjectTooLarge, PathMissing
from grove.owners.model import Owners, Pattern, Rule

FILE_BYTES_MAX: Final = 1024 * 1024
RULES_MAX: Final = 5_000
BITBUCKET_CLOUD: Final = "bitbucket.org"

_GITHUB: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
PLACES: Final = {
    Forge.GITHUB: _GITHUB,
    Forge.GITLAB: ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
    Forge.BITBUCKET: (".bitbucket/CODEOWNERS",),
    Forge.GITEA: ("CODEOWNERS", "docs/CODEOWNERS", ".gitea/CODEOWNERS"),
    Forge.GENERIC: (*_GITHUB, ".gitlab/CODEOWNERS", ".bitbucket/CODEOWNERS", ".gitea/CODEOWNERS"),
}
_OF_PLACES: Final = {".gitlab": Forge.GITLAB, ".bitbucket": Forge.BITBUCKET, ".gitea": Forge.GITEA}
_WORD: Final = re.compile(r"(?:\\.|[^\s\\])+")
_SECTION: Final = re.compile(r"\^?\[([^\]]+)\](?:\[\d+\])?\s*(.*)")
_OWNER: Final = re.compile(r"@{1,3}[\w./-]+|[^\s@]+@[^\s@]+")
_CHOICE: Final = re.compile(r"\w+\(\d*\):")
"""How Bitbucket says whom of a team to ask: `random(2):@team`."""


def read_owners(reader: ObjectReader, commit: str, *, forge: Forge, host: str = "") -> Owners | None:
    """The CODEOWNERS file of a commit, where its forge looks for one; None if there is none, or it is too large."""
    for place in PLACES[forge]:
        try:
            content = reader.blob_at(commit, place.encode(), FILE_BYTES_MAX)
        except (PathMissing, ObjectTooLarge):
            continue
        return parse_owners(content.decode(errors="replace"), place=place, forge=forge, host=host)
    return None


def parse_owners(text: str, *, place: str, forge: Forge, host: str = "") -> Owners:
    """The rules of a file, as the forge understands them; what it does not is told by its lines."""
    if forge is Forge.GENERIC:
        forge = _OF_PLACES.get(place.partition("/")[0], Forge.GITHUB)
    reader = {Forge.GITLAB: _of_gitlab, Forge.GITEA: _of_gitea}.get(forge, _of_github)
    rules: list[Rule] = []
    unusable: list[int] = []
    for line, rule in reader(text.splitlines()):
        if rule is not None and len(rules) < RULES_MAX:
            rules.append(rule)
        else:
            unusable.append(line)
    every_rule = forge is Forge.GITEA or (forge is Forge.BITBUCKET and host != BITBUCKET_CLOUD)
    return Owners(place=place, rules=rules, unusable=tuple(unusable), every_rule=every_rule)


Read = Iterator[tuple[int, Rule | None]]
"""Lines by their numbers, each with its rule, or None if it says nothing."""


def _of_github(lines: Sequence[str]) -> Read:
    for number, words in _words(lines):
        pattern = words[0]
        # What .gitignore has and these files have not: such a line is as good as not written.
        is_foreign = pattern.startswith(("!", "\\#")) or "[" in pattern
        compiled = None if is_foreign else _compiled(_as_regex(pattern))
        yield number, _rule(number, pattern, words[1:], compiled)


def _of_gitlab(lines: Sequence[str]) -> Read:
    section = ""
    defaults: tuple[str, ...] = ()
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        heading = _SECTION.fullmatch(text)
        if heading is not None:
            section, defaults = heading[1].strip().casefold(), _owners(heading[2].split())
            continue
        for _, words in _words([text]):
            excludes = words[0].startswith("!")
            pattern = words[0].removeprefix("!")
            compiled = _compiled(_as_gitlab_regex(pattern)) if pattern else None
            rule = _rule(number, pattern, words[1:], compiled, section=section, defaults=defaults, excludes=excludes)
            yield number, rule


def _of_gitea(lines: Sequence[str]) -> Read:
    for number, words in _words(lines):
        negated = words[0].startswith("!")
        pattern = re.sub(r"\\([\\# ])", r"\1", words[0].removeprefix("!"))
        yield number, _rule(number, pattern, words[1:], _compiled(rf"\A(?:{pattern})\z"), negated=negated)


def _words(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The words of each line that says something, by its number; a comment ends a line, a backslash keeps a space."""
    for number, line in enumerate(lines, start=1):
        words: list[str] = _WORD.findall(line)
        end = next((place for place, word in enumerate(words) if word.startswith("#")), len(words))
        if words[:end]:
            yield number, words[:end]


def _rule(
    line: int,
    pattern: str,
    words: Sequence[str],
    compiled: Pattern | None,
    *,
    section: str = "",
    defaults: tuple[str, ...] = (),
    negated: bool = False,
    excludes: bool = False,
) -> Rule | None:
    if compiled is None:
        return None
    return Rule(
        line=line,
        pattern=pattern,
        owners=_owners(words) or defaults,
        compiled=compiled,
        section=section,
        negated=negated,
        excludes=excludes,
    )


def _owners(words: Sequence[str]) -> tuple[str, ...]:
    named = (_CHOICE.sub("", word) for word in words)
    return tuple(dict.fromkeys(name for name in named if _OWNER.fullmatch(name)))


def _as_regex(pattern: str) -> str:
    plain = pattern.replace("\\ ", " ")
    return "" if not plain.strip("/") else path_to_regex(plain).pattern


def _as_gitlab_regex(pattern: str) -> str:
    """What does not begin with a slash may stand anywhere, what ends with one means all below; else it is one path."""
    rooted = pattern if pattern.startswith("/") else f"/**/{pattern}"
    whole = f"{rooted}**/*" if rooted.endswith("/") else rooted
    try:
        return _as_regex(whole).removesuffix(r"(?:\Z|/)").removesuffix(r"\Z") + r"\Z"
    except ValueError:  # a bracket that is not closed
        return ""


def _compiled(regex: str) -> Pattern | None:
    """The expression, for an engine that takes linear time whatever it says: these files are written by others."""
    try:
        compiled: Pattern | None = re2.compile(regex.replace(r"\Z", r"\z"), _quiet()) if regex else None
    except re2.error:
        return None
    return compiled


def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options
