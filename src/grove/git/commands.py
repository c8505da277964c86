"""Every git command that may be run, with the only options that it may be given.

What comes from users, hosts or repositories is never an option: it stands after `--end-of-options`, it does not begin
with a dash, or it is given on standard input.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_RANGE: Final = re.compile(r"-L[0-9]+,[0-9]*")
END_OF_OPTIONS: Final = "--end-of-options"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a command may look like; an allowed option that ends in `=` takes any value."""

    options: frozenset[str]
    arguments_max: int = 0
    writes: bool = False
    takes_paths: bool = False
    knows_end_of_options: bool = True
    """One that does not is given ids alone."""


def _shape(*options: str, arguments_max: int = 0, writes: bool = False, takes_paths: bool = False) -> Shape:
    return Shape(options=frozenset(options), arguments_max=arguments_max, writes=writes, takes_paths=takes_paths)


COMMANDS: Final[dict[str, Shape]] = {
    "apply": _shape("--cached", "--whitespace=", "--recount", writes=True),
    "blame": Shape(
        options=frozenset({"--porcelain", "-L"}), arguments_max=1, takes_paths=True, knows_end_of_options=False
    ),
    "cat-file": _shape("--batch", "--batch-check", "--buffer"),
    "checkout-index": _shape("--all", "--index", "--quiet", writes=True),
    "diff-tree": _shape(
        "--stdin",
        "-r",
        "-c",
        "--root",
        "--raw",
        "-z",
        "--no-renames",
        "--no-ext-diff",
        "--always",
        "--patch",
        "--find-renames",
        "--no-textconv",
        "--unified=",
        arguments_max=2,
        takes_paths=True,
    ),
    "fast-import": _shape("--quiet", "--done", "--force", writes=True),
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
    "hash-object": _shape("-w", "--stdin", "-t", "commit", writes=True),
    "index-pack": _shape("--stdin", "--fix-thin", "--strict", writes=True),
    "init": _shape("--bare", "--quiet", "--template=", "--initial-branch=", writes=True),
    "ls-remote": _shape("--symref", "--quiet", arguments_max=1),
    "ls-tree": _shape("-r", "-t", "-z", "--long", "--full-tree", arguments_max=1),
    "merge-base": _shape(arguments_max=2),
    "merge-tree": Shape(
        options=frozenset({"--write-tree", "-z", "--no-messages"}),
        arguments_max=2,
        writes=True,
        knows_end_of_options=False,
    ),
    "mktree": _shape("-z", writes=True),
    "push": _shape("--porcelain", "--no-verify", "--no-progress", "--force-with-lease=", arguments_max=2),
    "read-tree": Shape(options=frozenset(), arguments_max=1, writes=True, knows_end_of_options=False),
    "receive-pack": _shape("--stateless-rpc", "--http-backend-info-refs", arguments_max=1, writes=True),
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
        takes_paths=True,
    ),
    "symbolic-ref": _shape(arguments_max=2, writes=True),
    "update-ref": _shape("--stdin", "-z", writes=True),
    "upload-pack": _shape("--stateless-rpc", "--http-backend-info-refs", "--strict", arguments_max=1, writes=True),
    "write-tree": _shape(writes=True),
}


def words(command: str, options: Sequence[str], arguments: Sequence[str], paths: Sequence[str] = ()) -> list[str]:
    """The words of a git command; `paths` are meant literally, whatever is in them.

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
    if paths and not shape.takes_paths:
        raise ValueError(f"git {command} may not be given paths")
    end = [END_OF_OPTIONS] if arguments and shape.knows_end_of_options else []
    return [command, *options, *end, *arguments, *(["--", *paths] if paths else [])]


def _is_allowed(option: str, shape: Shape) -> bool:
    if _RANGE.fullmatch(option):
        return option[:2] in shape.options
    name, equals, _ = option.partition("=")
    return name + equals in shape.options
