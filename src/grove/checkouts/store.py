"""The published trees of a repository: made when they are first wanted, removed when there is no more room."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from grove.checkouts.copying import copy_files, publish_files
from grove.checkouts.lasting import boot_id, is_lasting, look_after
from grove.checkouts.listing import list_files
from grove.checkouts.locks import locked
from grove.checkouts.model import CheckoutLimits
from grove.checkouts.published import PublishedTree, admitted, describe_tree
from grove.checkouts.system import make_subvolume
from grove.git import Git
from grove.kit import faults
from grove.kit.files import remove_tree
from grove.kit.ids import new_id

LAID: Final = "laid"
BUILDING: Final = ".building-"
BUILT: Final = faults.declare("checkout.tree_built")
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

    def lay(self, tree: str, files: Path, *, clones: bool) -> tuple[PublishedTree, bytes]:
        """Lay a tree out in an empty folder; as it is published, and git's index of the folder.

        Who is the first to want it publishes it by the same stroke.

        :raises CheckoutTooLarge: if its files take more than a checkout may.
        :raises TreeRefused: if a name in it leads elsewhere.
        :raises StorageFull: if the disk is full.
        :raises ChildFailure: if a process could not write its share.
        """
        with locked(self.folder / "using.lock", shared=True):
            published = PublishedTree.open(self.folder / tree)
            if published is None:
                with locked(self.folder / "publishing.lock"):  # most who wait want the same
                    published = PublishedTree.open(self.folder / tree)
                    if published is None:
                        laid = self._publish(tree, files, clones=clones)
            if published is not None:
                laid = published, copy_files(published, files, clones=clones)
        self.make_room(keeping=tree)
        return laid

    @contextmanager
    def standing(self, tree: str, *, subvolume: bool) -> Iterator[tuple[PublishedTree, Path]]:
        """A published tree, and a folder of its files and git's index, on which others stand and which stays as it is.

        Neither is removed in the time of the block.

        :raises OSError: if no subvolume can be made.
        """
        with locked(self.folder / "using.lock", shared=True):
            with locked(self.folder / "publishing.lock"):
                published = PublishedTree.open(self.folder / tree)
                if published is None or not (published.folder / LAID).is_dir():
                    published = self._stand(tree, published, subvolume=subvolume)
            yield published, published.folder / LAID
        self.make_room(keeping=tree)

    def _stand(self, tree: str, published: PublishedTree | None, *, subvolume: bool) -> PublishedTree:
        aside = self.folder / f"{BUILDING}{new_id()}"
        files = aside / "files"
        aside.mkdir(mode=0o700)
        try:
            if subvolume:
                make_subvolume(files)
            else:
                files.mkdir(mode=0o755)
            if published is None:
                published, index = self._publish(tree, files, clones=False)
            else:
                index = copy_files(published, files, clones=False)
            (aside / "index").write_bytes(index)
            (aside / "boot").write_text(boot_id())
            aside.rename(published.folder / LAID)
        finally:
            remove_tree(aside)
        look_after(published.folder / LAID, files, names=False)
        return published

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

    def _publish(self, tree: str, files: Path, *, clones: bool) -> tuple[PublishedTree, bytes]:
        """Publish a tree, and lay it out in a folder; its files are written to the disk afterwards."""
        folder = self.folder / tree
        aside = self.folder / f"{BUILDING}{new_id()}"
        aside.mkdir(mode=0o700)
        try:
            with self.git.objects(self.git_dir) as reader:
                listing = list_files(reader, tree, limits=self.limits.tree)
                sizes = admitted(reader, listing, self.limits)
                described, order = describe_tree(aside, listing, sizes=sizes, written_ns=WRITTEN_NS)
                index = publish_files(reader, described, files, listing=listing, order=order, clones=clones)
            faults.reach(BUILT)
            aside.rename(folder)
        finally:
            remove_tree(aside)
        look_after(folder, files, names=False)
        return replace(described, folder=folder), index


def torn_trees(folder: Path, *, standing: Collection[str]) -> list[Path]:
    """What a power cut may have torn of the published trees in a folder, while nobody uses them.

    What somebody's folder is `standing` on was written to the disk together with that.
    """
    torn: list[Path] = []
    for place in folder.iterdir():
        if not place.is_dir() or place.name.startswith(".") or place.name in standing:
            continue
        try:
            published = PublishedTree.read(place)
            laid = place / LAID
            if published is None or not is_lasting(place, boot=published.facts.boot):
                torn.append(place)
            elif laid.is_dir() and not is_lasting(laid, boot=(laid / "boot").read_text()):
                torn.append(laid)
        except (OSError, ValueError, TypeError):  # not even what is told of it was written
            torn.append(place)
    return torn
