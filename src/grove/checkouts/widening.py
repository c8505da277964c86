"""Adding folders to a sparse checkout: by git itself, confined, since the folder's git directory is its user's."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from grove.checkouts.errors import SparseRefused
from grove.sandbox import Bounds, Confinement, Confiner

_SECONDS_MAX: Final = 300.0
_REASON_CHARACTERS_MAX: Final = 500


def widen(confiner: Confiner, files: Path, *, readable: Sequence[Path], folders: Sequence[str]) -> None:
    """Have more folders of a sparse checkout laid out.

    :raises ConfinementUnavailable: if nothing on this machine can confine git.
    :raises SparseRefused: if git does not do it.
    """
    outcome = confiner.confine(
        Confinement(
            argv=["/usr/bin/env", "git", "sparse-checkout", "add", "--stdin"],
            cwd=files,
            readable=readable,
            writable=[files],
            stdin="".join(f"{folder}\n" for folder in folders).encode(errors="surrogateescape"),
            bounds=Bounds(seconds_max=_SECONDS_MAX),
        )
    )
    if outcome.stopped is not None or outcome.exit_code != 0:
        reason = outcome.stopped or outcome.stderr.decode(errors="replace").strip()[:_REASON_CHARACTERS_MAX]
        raise SparseRefused(reason=str(reason))
