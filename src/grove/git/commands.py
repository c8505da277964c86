"""Every git command that may be run, with the only options that it may be given.

What comes from users, hosts or repositories is never an option: it stands after `--end-of-options`, it does not begin
with a dash, or it is given on standard input.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

END_OF_OPTIONS: Final = "--end-of-options"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a command may look like; an allowed option that ends in `=` takes any value."""

    options: frozenset[str]
    arguments_max: int = 0
    writes: bool = False


def _shape(*options: str, arguments_max: int = 0, writes: bool = False) -> Shape:
    return Shape(options=frozenset(options), arguments_max=arguments_max, writes=writes)


COMMANDS: Final[dict[str, Shape]] = {
    "cat-file": _shape("--batch", "--batch-check"),
    "diff-tree": _shape("--stdin", "-r", "-c", "--root", "--raw", "-z", "--no-renames", "--no-ext-diff", "--always"),
    "fetch": _shape(
        "--no-tags",
        "--prune",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
        "--no-auto-maintenance",
        "--progress",
        arguments_max=100,
        writes=True,
    ),
    "for-each-ref": _shape("--format=", "--count=", arguments_max=3),
    "init": _shape("--bare", "--quiet", "--template=", "--initial-branch=", writes=True),
    "ls-remote": _shape("--symref", "--quiet", arguments_max=1),
    "ls-tree": _shape("-r", "-t", "-z", "--long", "--full-tree", arguments_max=1),
    "rev-list": _shape(
        "--objects",
        "--quiet",
        "--stdin",
        "--not",
        "--all",
        "--max-count=",
        "--skip=",
        "--first-parent",
        "--before=",
        "--since=",
        "--date-order",
        arguments_max=1,
    ),
    "symbolic-ref": _shape(arguments_max=2, writes=True),
    "update-ref": _shape("--stdin", "-z", writes=True),
}


def words(command: str, options: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """The words of a git command.

    :raises ValueError: if the command, an option or an argument is not in the table: that is a defect of ours.
    """
    shape = COMMANDS.get(command)
    if shape is None:
        raise ValueError(f"git {command} is not in the table")
    for option in options:
        if not _is_allowed(option, shape):
            raise ValueError(f"git {command} may not be given {option}")
    if len(arguments) > shape.arguments_max or any(not argument or argument[0] == "-" for argument in arguments):
        raise ValueError(f"git {command} may not be given these arguments")
    return [command, *options, *([END_OF_OPTIONS, *arguments] if arguments else [])]


def _is_allowed(option: str, shape: Shape) -> bool:
    name, equals, _ = option.partition("=")
    return name + equals in shape.options
