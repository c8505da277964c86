"""Laying a tree out by git itself, in a folder that nobody has written to: slow, and always there."""

from pathlib import Path
from typing import Final

from grove.git.model import GitConfig
from grove.git.refs import check_oid
from grove.git.runner import Call, Runner

_SECONDS_MAX: Final = 900.0


def lay_out(config: GitConfig, git_dir: Path, *, tree: str, target: Path, index: Path) -> None:
    """Write the files of a tree to an empty folder, and git's index of it to a file.

    :raises ObjectMissing: if something of it is not there.
    """
    runner = Runner(config)
    variables = {"GIT_WORK_TREE": str(target), "GIT_INDEX_FILE": str(index)}
    limits = runner.limits(seconds_max=_SECONDS_MAX)
    for command, options, arguments in (
        ("read-tree", (), (check_oid(tree),)),
        ("checkout-index", ("--all", "--index", "--quiet"), ()),
    ):
        call = Call(
            command=command,
            options=options,
            arguments=arguments,
            git_dir=git_dir,
            limits=limits,
            variables=variables,
            settings=(("core.symlinks", "true"), ("checkout.workers", "0")),  # as many as there are cores
        )
        runner.run(call)
