"""What a crash has left in a tenant's index: whatever no row names."""

from pathlib import Path

from grove.kit.files import remove_tree
from grove.snapshots import Generation


def sweep_index(root: Path, *, generation: Generation) -> list[Path]:
    """Remove half-built folders, and what a generation does not name; gives what was removed.

    Only while nobody else writes to this index.
    """
    doomed = [
        *(path for path in root.glob("segments/*") if path.name not in generation.segments),
        *(path for path in root.glob("snapshots/*") if path.name not in generation.snapshots),
        *(path for path in root.glob("histories/*") if path.name not in generation.histories),
        *root.glob("building/*"),
    ]
    for path in doomed:
        remove_tree(path)
    return doomed
