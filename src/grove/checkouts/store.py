"""The published trees of a repository: made when they are first wanted, removed when there is no more room."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grove.checkouts.copying import copy_files
from grove.checkouts.locks import locked
from grove.checkouts.model import CheckoutLimits
from grove.checkouts.published import BUILDING, PublishedTree, publish_tree
from grove.checkouts.system import make_subvolume
from grove.git import Git
from grove.kit.files import remove_tree
from grove.kit.ids import new_id

LAID: Final = "laid"
WRITTEN_NS: Final = 1_000_000_000 * 10**9
"""When files were written, as they tell: so long ago that a change in the same second cannot be overlooked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeStore:
    """Published trees in a folder, made from the objects of a git directory of ours."""

    git: Git
    git_dir: Path
    folder: Path
    limits: CheckoutLimits
    pinned: frozenset[str] = frozenset()
    """Trees that somebody's folder stands on."""

    @contextmanager
    def using(self, tree: str) -> Iterator[PublishedTree]:
        """A published tree, which is not removed in the time of the block."""
        with locked(self.folder / "using.lock", shared=True):
            found = PublishedTree.open(self.folder / tree) or self._publish(tree)
            yield found
        self.make_room(keeping=tree)

    def laid(self, published: PublishedTree, *, subvolume: bool) -> Path:
        """A folder with the files of a published tree, which others stand on and nobody may change, and its index."""
        place = published.folder / LAID
        with locked(self.folder / "publishing.lock"):
            if place.is_dir():
                return place
            aside = published.folder / f"{BUILDING}{new_id()}"
            files = aside / "files"
            aside.mkdir(mode=0o700)
            if subvolume:
                make_subvolume(files)
            else:
                files.mkdir(mode=0o755)
            (aside / "index").write_bytes(copy_files(published, files, clones=False))
            aside.rename(place)
        return place

    def make_room(self, *, keeping: str) -> list[str]:
        """Remove the trees that were not used for longest until the others fit, unless some are in use; which."""
        with locked(self.folder / "using.lock", waiting=False) as held:
            if not held:
                return []
            used = sorted(self._published(), key=lambda found: found.folder.stat().st_mtime, reverse=True)
            removed: list[str] = []
            total = 0
            for found in used:
                total += found.facts.size_bytes * (2 if (found.folder / LAID).is_dir() else 1)
                if total > self.limits.trees_bytes_max and found.tree not in {keeping, *self.pinned}:
                    remove_tree(found.folder)
                    removed.append(found.tree)
            return removed

    def _published(self) -> list[PublishedTree]:
        paths = [path for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
        return [found for path in paths if (found := PublishedTree.read(path)) is not None]

    def _publish(self, tree: str) -> PublishedTree:
        """Publish a tree, while all others who want one of this repository wait: most want the same."""
        with locked(self.folder / "publishing.lock"):
            found = PublishedTree.open(self.folder / tree)
            if found is not None:
                return found
            with self.git.objects(self.git_dir) as reader:
                return publish_tree(reader, self.folder / tree, tree=tree, written_ns=WRITTEN_NS, limits=self.limits)
