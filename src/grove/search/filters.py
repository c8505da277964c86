"""What the values of filters mean."""

import re
from typing import Final

import re2

from grove.languages import LANGUAGES
from grove.search.errors import FilterValueInvalid
from grove.search.parsing import nearest
from grove.search.patterns import Pattern, literal_pattern, regex_pattern
from grove.search.syntax import Filter, Form

SECONDS_MAX: Final = 60.0
EXACTLY: Final = "="
"""What a value of `repo:` or `file:` begins with that is a name, and not a part of one."""

_DURATION: Final = re.compile(r"(?P<count>\d{1,6}(?:\.\d{1,3})?)(?P<unit>ms|s|m)?")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}
_WORD: Final = re.compile(r"\w")
_GLOB: Final = re.compile(r"[*?]")
_REGEX_ONLY: Final = re.compile(r"[\^$()|\[\]\\+{}]|\.[*?]")
_PREDICATE: Final = re.compile(r"(?:has|contains)(?:\.\w+)*\(")
_CHOICE: Final = re.compile(r"\{[^{},*?]*(?:,[^{},*?]*)+\}")
"""Such as `{py,ts}` in a glob; a repetition such as `{2,3}` stands behind what is repeated, and not in a glob."""
_GLOB_PARTS: Final = {"**/": "(?:.*/)?", "**": ".*", "*": r"[^/\n]*", "?": r"[^/\n]"}
_LANGUAGE_NAMES: Final = {
    "c#": "csharp",
    "c++": "cpp",
    "cs": "csharp",
    "cxx": "cpp",
    "docker": "dockerfile",
    "ex": "elixir",
    "golang": "go",
    "hs": "haskell",
    "js": "javascript",
    "kt": "kotlin",
    "makefile": "make",
    "md": "markdown",
    "objc": "objective-c",
    "proto": "protobuf",
    "ps1": "powershell",
    "py": "python",
    "rb": "ruby",
    "robotframework": "robot",
    "rs": "rust",
    "rst": "restructuredtext",
    "scss": "sass",
    "sh": "bash",
    "shell": "bash",
    "terraform": "hcl",
    "tf": "hcl",
    "ts": "typescript",
    "yml": "yaml",
    "zsh": "bash",
}


def name_pattern(filter_: Filter, *, fold_case: bool) -> Pattern:
    """What a repository's name or a file's path must match.

    A quoted value is a part of it as it stands. A bare one after `=` is its last parts or all of it. One with `*` or
    `?`, and nothing that only a regular expression has, is a glob for its last parts; any other is a regular expression
    that may match anywhere.

    :raises PatternInvalid: if it is none of these.
    :raises FilterValueInvalid: if it is a predicate of another search engine.
    """
    value, form = filter_.value, filter_.form
    if form is Form.QUOTED:
        return literal_pattern(value, fold_case=fold_case)
    if form is Form.BARE and _PREDICATE.match(value):
        reason = "predicates are not supported"
        raise FilterValueInvalid(filter=filter_.name, value=value, reason=reason, position=filter_.position)
    if form is Form.BARE and value.startswith(EXACTLY) and len(value) > 1:
        return regex_pattern(f"(?:^|/){re2.escape(value[1:])}$", fold_case=fold_case, position=filter_.value_position)
    if form is Form.BARE and _GLOB.search(value) and not _REGEX_ONLY.search(_CHOICE.sub("", value)):
        value = _regex_of_glob(value)
    return regex_pattern(value, fold_case=fold_case, position=filter_.value_position)


def text_pattern(text: str, form: Form, *, fold_case: bool, position: int, whole_words: bool = False) -> Pattern:
    """What a text must contain: a regular expression if it was written as one, and the words themselves if not.

    With `whole_words` no letter, digit or underscore may stand beside a match that begins or ends with one.

    :raises PatternInvalid: if it is not a regular expression.
    """
    if form is Form.REGEX:
        source = rf"\b(?:{text})\b" if whole_words else text
        return regex_pattern(source, fold_case=fold_case, position=position)
    if whole_words:
        begin, end = (r"\b" if _WORD.match(letter) else "" for letter in (text[:1], text[-1:]))
        return regex_pattern(f"{begin}{re2.escape(text)}{end}", fold_case=fold_case, position=position)
    return literal_pattern(text, fold_case=fold_case)


def seconds_of(filter_: Filter) -> float:
    """How long the search may take: `500ms`, `10s`, `1m`, or seconds.

    :raises FilterValueInvalid: if it is no duration, or longer than a minute.
    """
    found = _DURATION.fullmatch(filter_.value.lower())
    seconds = float(found["count"]) * _UNITS[found["unit"] or "s"] if found else 0.0
    if not 0 < seconds <= SECONDS_MAX:
        reason = f"it is a duration up to {SECONDS_MAX:g} s, such as 500ms, 10s or 1m"
        raise FilterValueInvalid(filter=filter_.name, value=filter_.value, reason=reason, position=filter_.position)
    return seconds


def language_named(filter_: Filter) -> str:
    """The index's name of a language.

    :raises FilterValueInvalid: if there is no such language.
    """
    asked = filter_.value.lower()
    name = _LANGUAGE_NAMES.get(asked, asked)
    if name in LANGUAGES:
        return name
    near = nearest(asked, [*LANGUAGES, *_LANGUAGE_NAMES])
    reason = "there is no such language"
    facts = {"filter": filter_.name, "value": filter_.value, "reason": reason, "position": filter_.position}
    raise FilterValueInvalid(**facts, nearest=near)


def one_of(filter_: Filter, allowed: dict[str, str]) -> str:
    """What an enumerated value stands for.

    :raises FilterValueInvalid: if the value is not one of them.
    """
    chosen = allowed.get(filter_.value.lower())
    if chosen is None:
        near = nearest(filter_.value, list(allowed))
        facts = {"filter": filter_.name, "value": filter_.value, "position": filter_.position}
        raise FilterValueInvalid(**facts, reason=f"it is one of {', '.join(sorted(allowed))}", nearest=near)
    return chosen


def count_of(filter_: Filter) -> int | None:
    """How many files are wanted; `None` is all.

    :raises FilterValueInvalid: if it is no number above zero.
    """
    if filter_.value.lower() == "all":
        return None
    if not (filter_.value.isascii() and filter_.value.isdigit() and int(filter_.value[:9])):
        reason = "it is a number above 0, or all"
        raise FilterValueInvalid(filter=filter_.name, value=filter_.value, reason=reason, position=filter_.position)
    return int(filter_.value[:9])


def _regex_of_glob(glob: str) -> str:
    parts = re.split(rf"(\*\*/|\*\*|\*|\?|{_CHOICE.pattern})", glob)
    return "(?:^|/)" + "".join(map(_regex_of_part, parts)).lstrip() + "$"


def _regex_of_part(part: str) -> str:
    if _CHOICE.fullmatch(part):
        return f"(?:{'|'.join(map(re.escape, part[1:-1].split(',')))})"
    return _GLOB_PARTS.get(part, re.escape(part))
