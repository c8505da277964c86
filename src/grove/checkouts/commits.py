"""Commits that were made in a folder: read there by a confined git, and taken as a pack that is checked.

The folder's git directory is its user's, so that a git that looks at it may run whatever they configured: nothing but
the bytes of a pack comes out of its confinement, and none of them counts before git has checked every object.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grove.checkouts.beneath import folder_beneath, read_file
from grove.git import Git, Importer
from grove.sandbox import Bounds, Confinement, Confiner

_OID: Final = re.compile(rb"[0-9a-f]{40}\n?")
_REF_BYTES_MAX: Final = 4096
_PACK_BYTES_MAX: Final = 128 * 1024 * 1024
_SECONDS_MAX: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitTaker:
    """Takes the commits of one folder into a git directory of ours; `readable` is what the folder borrows from."""

    git: Git
    git_dir: Path
    confiner: Confiner
    files: Path
    readable: tuple[Path, ...]

    def tip(self, branch: str) -> str:
        """The commit at which the branch is in the folder, as a plain file says; nothing if another one is in use."""
        parent, _, name = f".git/refs/heads/{branch}".encode().rpartition(b"/")
        if self._read(b".git", b"HEAD") != f"ref: refs/heads/{branch}\n".encode():
            return ""
        content = self._read(parent, name)
        return content.strip().decode() if _OID.fullmatch(content) else ""

    def take(self, tip: str, *, known: str) -> str:
        """Take the commits that lead to the tip; why that could not be done, or nothing.

        :raises ConfinementUnavailable: if nothing on this machine can confine a command.
        """
        outcome = self.confiner.confine(
            Confinement(
                argv=["/usr/bin/env", "git", "pack-objects", "--revs", "--stdout", "--thin", "-q"],
                cwd=self.files,
                readable=self.readable,
                writable=[self.files],
                stdin=f"{tip}\n^{known}\n".encode(),
                bounds=Bounds(seconds_max=_SECONDS_MAX, stdout_bytes_max=_PACK_BYTES_MAX),
            )
        )
        if outcome.stopped is not None or outcome.exit_code != 0:
            return (
                f"git could not pack them: {outcome.stopped or outcome.stderr.decode(errors='replace').strip()[:200]}"
            )
        Importer(self.git.config, self.git_dir).keep_pack(outcome.stdout)
        self.git.check_connectivity(self.git_dir, [tip])
        if self.git.history(self.git_dir).list_new([known], known=[tip]):
            return "they do not follow from the workspace's last commit"
        return ""

    def _read(self, folder: bytes, name: bytes) -> bytes:
        try:
            with folder_beneath(self.files, folder) as opened:
                found = read_file(opened, name, bytes_max=_REF_BYTES_MAX)
        except FileNotFoundError:
            return b""
        return found[1] if found else b""
