"""Patches, taken into a workspace whole or not at all."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grove.git import Misfit, TreeComposer
from grove.kit.gate import Actor
from grove.workspaces.editing import path_bytes
from grove.workspaces.errors import ChangedMeanwhile, PatchRefused
from grove.workspaces.ground import Ground
from grove.workspaces.model import Workspace

HUNK_LINES_MAX: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchDesk(Ground):
    """Takes patches in; any number of threads may use it."""

    def apply(self, actor: Actor, name: str, *, patch: bytes, expected: str | None = None, now: datetime) -> Workspace:
        """Apply a unified patch in git's format, with all of its files or not at all.

        `expected` is the tree that the workspace must have now.

        :raises Denied: if `actor` may not.
        :raises PatchRefused: if it does not fit; the hunks that did not are in the facts.
        :raises ChangedMeanwhile: if the workspace is not as expected, or was changed meanwhile.
        :raises WorkspacePathRefused: if it would make a file of a path that cannot be one.
        :raises WorkspaceFull: if the owner has written as much as may be.
        """
        seen = self._begun(actor, name)
        if expected is not None and expected != seen.tree:
            raise ChangedMeanwhile(workspace=seen.name, found=seen.tree, expected=expected)
        folder = self._folder(seen)
        tree = TreeComposer(self.mirrors.git.config, folder).patched(seen.tree, patch)
        if isinstance(tree, tuple):
            raise PatchRefused(hunks=[_told(misfit, patch) for misfit in tree])
        changed = self.mirrors.git.history(folder).differing_files(seen.tree, tree)
        paths = [path_bytes(file.path.decode(errors="surrogateescape")) for file in changed if file.kind != "removed"]
        with self._objects(seen) as reader:
            size_bytes = sum(reader.info(reader.entry_at(tree, path).oid).size_bytes for path in paths)
        return self._moved(actor, seen, action="workspace.apply", tree=tree, size_bytes=size_bytes, now=now)


def _told(misfit: Misfit, patch: bytes) -> dict[str, object]:
    return {
        "path": misfit.path,
        "line": misfit.line,
        "reason": misfit.reason,
        "hunk": _hunk(misfit, patch.decode(errors="replace").splitlines()),
    }


def _hunk(misfit: Misfit, lines: list[str]) -> str:
    """The hunk as the patch has it, its first lines when it is long."""
    is_in_file = False
    for number, line in enumerate(lines):
        if line.startswith(("--- ", "+++ ")):
            is_in_file = line.partition("\t")[0].endswith(misfit.path)
        elif is_in_file and misfit.path and line.startswith((f"@@ -{misfit.line},", f"@@ -{misfit.line} ")):
            rest = lines[number + 1 : number + HUNK_LINES_MAX]
            end = next((at for at, text in enumerate(rest) if text.startswith(("@@", "diff ", "--- "))), len(rest))
            return "\n".join([line, *rest[:end]])
    return ""
