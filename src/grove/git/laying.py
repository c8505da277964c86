"""Laying a tree out by git itself, in a folder that nobody has written to: slow, and always there."""

from pathlib import Path
from typing import Final

from grove.git import storage
from grove.git.model import GitConfig
from grove.git.refs import check_oid
from grove.git.runner import Call, Runner

_SECONDS_MAX: Final = 900.0
_AS_STORED: Final = "* -text -ident -filter -working-tree-encoding\n"
"""What a repository says of line ends and conversions in its `.gitattributes` does not count beside this."""


def lay_out(config: GitConfig, git_dir: Path, *, tree: str, target: Path, index: Path) -> None:
    """Write the files of a tree to an empty folder, and git's index of it to a file.

    :raises ObjectMissing: if something of it is not there.
    """
    runner = Runner(config)
    with runner.job_dir() as folder:
        beside = folder / "laying.git"
        storage.init(runner, beside, default_branch="laying", borrowing=git_dir)
        (beside / "info").mkdir(exist_ok=True)
        (beside / "info" / "attributes").write_text(_AS_STORED)
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
                git_dir=beside,
                limits=limits,
                variables=variables,
                settings=(("core.symlinks", "true"), ("checkout.workers", "0")),  # as many as there are cores
            )
            runner.run(call)
