"""Repositories on this machine's disk, which may be mirrored when the administrator allows their folder."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from grove.git.errors import LocalPathRefused
from grove.git.model import LocalPath

_FOLDERS: Final = ("objects", "refs")
_POINTERS: Final = ("commondir", "objects/info/alternates", "objects/info/http-alternates")


def admit(local: LocalPath, *, roots: Sequence[Path]) -> Path:
    """The real place of a repository.

    :raises LocalPathRefused: if it is not a folder below one of the roots, or its name cannot be handed on safely.
    """
    text = os.fsdecode(local.path)
    if not local.path.is_absolute() or not text.isprintable() or '"' in text or "\\" in text:
        raise LocalPathRefused
    try:
        real = local.path.resolve(strict=True)
        allowed = any(real.is_relative_to(root.resolve(strict=True)) for root in roots)
    except (OSError, RuntimeError):
        raise LocalPathRefused from None
    if not allowed or not str(real).isprintable() or _leads_elsewhere(real):
        raise LocalPathRefused
    return real


def _leads_elsewhere(repository: Path) -> bool:
    """Whether what is there is not the repository itself, but points to another one's parts."""
    git_dir = repository / ".git" if os.path.lexists(repository / ".git") else repository
    whole = (git_dir, *(git_dir / name for name in _FOLDERS))
    return any(folder.is_symlink() or not folder.is_dir() for folder in whole) or any(
        os.path.lexists(git_dir / name) for name in _POINTERS
    )


def write_upload_config(path: Path, repository: Path) -> None:
    """Write the configuration of the process that reads a local repository on git's other side.

    It gets no settings of ours by the environment, since git takes them away when it changes repositories. It must be
    let into a folder that another user owns, and must run nothing that the repository names.
    """
    path.write_text(
        "[safe]\n"
        f'\tdirectory = "{repository}"\n'
        f'\tdirectory = "{repository / ".git"}"\n'
        "[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\talternateRefsCommand = true\n"
        "\tbigFileThreshold = 50m\n\tpackedGitWindowSize = 32m\n\tpackedGitLimit = 256m\n"
        "[pack]\n\tthreads = 1\n\twindowMemory = 100m\n"
        "[transfer]\n\tbundleURI = false\n"
    )
