"""What a crash has left in a tenant's index: whatever no row names."""

from collections.abc import Collection
from pathlib import Path

from grove.kit.files import remove_tree


def sweep_index(root: Path, *, segments: Collection[str], snapshots: Collection[str]) -> list[Path]:
    """Remove half-built folders, and segments and snapshots that are not among those named; what was removed.

    Only while nobody else writes to this index.
    """
    doomed = [
        *(path for path in root.glob("segments/*") if path.name not in segments),
        *(path for path in root.glob("snapshots/*") if path.name not in snapshots),
        *root.glob("building/*"),
    ]
    for path in doomed:
        remove_tree(path)
    return doomed
