"""Laying the files of a workspace out in a folder, by the fastest method that works, aside and then into place."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from grove.checkouts import system
from grove.checkouts.bringing import bring_files, tree_changes
from grove.checkouts.errors import CheckoutConflict
from grove.checkouts.git_folder import GitFolder, write_git_folder
from grove.checkouts.index_file import IndexParts, write_index
from grove.checkouts.lasting import boot_id, look_after
from grove.checkouts.listing import list_files
from grove.checkouts.methods import working_methods
from grove.checkouts.model import CheckoutLimits, CheckoutMethod
from grove.checkouts.preparation import SetUp, SetUpState
from grove.checkouts.preparing import Preparer
from grove.checkouts.published import PublishedTree, admitted
from grove.checkouts.scanning import state_in
from grove.checkouts.sparse import Cone, lay_entries
from grove.checkouts.store import WRITTEN_NS, TreeStore
from grove.checkouts.trash import throw_away
from grove.git import Git, lay_out
from grove.kit import faults
from grove.kit.errors import is_full
from grove.kit.ids import new_id
from grove.sandbox import ChildFailure

FILES: Final = "files"
INDEX: Final = "index"
FACTS: Final = "facts.json"
BUILDING: Final = ".building-"
WARM_CHANGES_MAX: Final = 1_000
"""With more changes than this a folder that is ready is no gain."""
LAID: Final = faults.declare("checkout.laid")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidFacts:
    """What is in a folder: it stands on `tree`, and was made by `method` with so many files."""

    tree: str
    method: CheckoutMethod
    files: int
    size_bytes: int
    left_out: dict[str, str]
    is_warm: bool = False
    """Whether it lay ready before it was wanted."""
    set_up: SetUp = field(default_factory=SetUp)
    sparse: tuple[str, ...] = ()
    boot: str = ""
    """The run of the machine in which it was made."""

    @classmethod
    def read(cls, folder: Path) -> "LaidFacts":
        """What is told of a folder.

        :raises FileNotFoundError: if nothing was laid there.
        """
        told = json.loads((folder / FACTS).read_bytes())
        given = {"method": CheckoutMethod(told["method"]), "set_up": SetUp.of(told["set_up"])}
        return cls(**{**told, **given, "sparse": tuple(told["sparse"])})

    def write(self, folder: Path) -> None:
        """Tell it of a folder."""
        aside = folder / f"{FACTS}-new"
        aside.write_text(json.dumps(asdict(self)))
        aside.replace(folder / FACTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placer:
    """Lays out folders from the published trees of one repository; `pool` is where some lie ready.

    `root` is where methods are tried.
    """

    git: Git
    git_dir: Path
    trees: TreeStore
    pool: Path
    trash: Path
    root: Path
    limits: CheckoutLimits
    preparer: Preparer

    def place(
        self, folder: Path, *, commit: str, tree: str, wanted: GitFolder, sparse: Sequence[str] = ()
    ) -> tuple[LaidFacts, float]:
        """Lay a tree out, which is that of a commit but for some files; how, and in how many seconds.

        :raises CheckoutTooLarge: if its files take more than they may.
        :raises TreeRefused: if a name in it leads elsewhere.
        """
        began = time.monotonic()
        aside = folder.parent / f"{BUILDING}{new_id()}"
        try:
            with self.git.objects(self.git_dir) as reader:
                base, _ = reader.read_root(commit)
            facts = self._laid(aside, base=base, tree=tree, sparse=sparse)
            if not (facts.set_up.digest or self.preparer.preparation.is_nothing):
                facts = replace(facts, set_up=SetUp(state=SetUpState.WAITING))
            excluded = tuple(self.preparer.preparation.files)
            write_git_folder(
                aside / FILES, wanted=wanted, index=(aside / INDEX).read_bytes(), excluded=excluded, cone=_cone(sparse)
            )
            facts = replace(facts, boot=boot_id())
            facts.write(aside)
            faults.reach(LAID)
            aside.rename(folder)
        except BaseException:
            throw_away(aside, self.trash)
            raise
        seconds = time.monotonic() - began
        look_after(folder, folder / FILES, names=facts.method is CheckoutMethod.OVERLAY)
        return facts, seconds

    def _laid(self, aside: Path, *, base: str, tree: str, sparse: Sequence[str]) -> LaidFacts:
        """Have the files of a tree in a folder: one that lies ready is brought to it, else that of the commit is."""
        facts = None if sparse else self._take_warm(aside, tree)
        if facts is not None:
            try:
                self._change(aside, before=facts.tree, after=tree)
            except CheckoutConflict:  # what set it up left something in the way
                throw_away(aside, self.trash)
            else:
                return facts
        facts = self._lay_sparse(aside, base, sparse) if sparse else self._lay(aside, base)
        self._change(aside, before=facts.tree, after=tree)
        return facts

    def _lay_sparse(self, aside: Path, tree: str, paths: Sequence[str]) -> LaidFacts:
        cone = Cone.of(paths)
        files = aside / FILES
        aside.mkdir(parents=True, mode=0o700)
        files.mkdir(mode=0o755)
        with self.git.objects(self.git_dir) as reader:
            listing = list_files(reader, tree, limits=self.limits.tree)
            cone.check(listing)
            cone.leave_out_others(listing)
            admitted(reader, listing, self.limits)
            laid = [entry for entry in listing.entries if not entry.is_left_out]
            size_bytes = lay_entries(
                reader, files, laid, file_bytes_max=self.limits.file_bytes_max, written_ns=WRITTEN_NS
            )
        (aside / INDEX).write_bytes(write_index(listing)[0])
        return LaidFacts(
            tree=tree,
            method=CheckoutMethod.SPARSE,
            files=len(laid),
            size_bytes=size_bytes,
            left_out={path.decode(errors="backslashreplace"): why for path, why in listing.left_out.items()},
            sparse=tuple(folder.decode(errors="surrogateescape") for folder in cone.folders),
        )

    def warm(self, *, tree: str) -> None:
        """Have as many folders of a tree ready as there may be, and none of other trees."""
        ready = self._ready()
        for folder, facts in ready:
            if not self._is_wanted(facts, tree):
                throw_away(folder, self.trash)
        missing = self.limits.warm_max - sum(self._is_wanted(facts, tree) for _, facts in ready)
        for _ in range(missing):
            aside = self.pool / f"{BUILDING}{new_id()}"
            try:
                facts = replace(self._lay(aside, tree, warm=True), is_warm=True)
                if self.preparer.preparation.movable:
                    facts = replace(facts, set_up=self.preparer.prepare(aside / FILES))
                facts.write(aside)
                aside.rename(self.pool / new_id())
            except BaseException:
                throw_away(aside, self.trash)
                raise

    def _is_wanted(self, facts: LaidFacts, tree: str) -> bool:
        return facts.tree == tree and facts.set_up.digest == self._digest

    @property
    def _digest(self) -> str:
        """What tells how a folder that lies ready has to be prepared."""
        return self.preparer.preparation.digest if self.preparer.preparation.movable else ""

    def _ready(self) -> list[tuple[Path, LaidFacts]]:
        if not self.pool.is_dir():
            return []
        folders = [path for path in self.pool.iterdir() if not path.name.startswith(".")]
        found = []
        for folder in folders:
            try:
                found.append((folder, LaidFacts.read(folder)))
            except FileNotFoundError:
                continue  # somebody has just taken it
        return found

    def _take_warm(self, aside: Path, tree: str) -> LaidFacts | None:
        """Take a folder that lies ready and is nearly what is wanted; only one can have it."""
        ready = [(folder, facts) for folder, facts in self._ready() if facts.set_up.digest == self._digest]
        for folder, facts in sorted(ready, key=lambda found: found[1].tree != tree):
            with self.git.objects(self.git_dir) as reader:
                if len(tree_changes(reader, facts.tree, tree)) > WARM_CHANGES_MAX:
                    continue
            try:
                folder.rename(aside)
            except FileNotFoundError:
                continue
            return facts
        return None

    def _lay(self, aside: Path, tree: str, *, warm: bool = False) -> LaidFacts:
        methods = working_methods(self.root, self.limits.methods)
        chosen = [
            method
            for method in methods
            if not warm or method in {CheckoutMethod.CLONE, CheckoutMethod.COPY, CheckoutMethod.GIT}
        ]
        for method in chosen[:-1]:
            try:
                return self._lay_by(method, aside, tree)
            except (OSError, ChildFailure) as failed:
                throw_away(aside, self.trash)
                if is_full(failed):  # the next one needs as much room
                    raise
        return self._lay_by(chosen[-1], aside, tree)

    def _lay_by(self, method: CheckoutMethod, aside: Path, tree: str) -> LaidFacts:
        files = aside / FILES
        aside.mkdir(parents=True, mode=0o700)
        if method is CheckoutMethod.GIT:
            return self._lay_by_git(aside, tree)
        if method in {CheckoutMethod.BTRFS, CheckoutMethod.OVERLAY}:
            is_btrfs = method is CheckoutMethod.BTRFS
            with self.trees.standing(tree, subvolume=is_btrfs) as (published, laid):
                if is_btrfs:
                    system.snapshot_subvolume(laid / FILES, files)
                else:
                    mount(aside, lower=laid / FILES)
                index = (laid / INDEX).read_bytes()
        else:
            files.mkdir(mode=0o755)
            published, index = self.trees.lay(tree, files, clones=method is CheckoutMethod.CLONE)
        (aside / INDEX).write_bytes(index)
        return _facts(published, method)

    def _lay_by_git(self, aside: Path, tree: str) -> LaidFacts:
        files = aside / FILES
        files.mkdir(mode=0o755)
        lay_out(self.git.config, self.git_dir, tree=tree, target=files, index=aside / "git-index")
        with self.git.objects(self.git_dir) as reader:
            listing = list_files(reader, tree, limits=self.limits.tree)
        size_bytes = 0
        for entry in listing.entries:
            found = (files / entry.path.decode(errors="surrogateescape")).lstat()
            entry.state = state_in(found, entry.mode)
            size_bytes += found.st_size
        (aside / INDEX).write_bytes(write_index(listing)[0])
        return LaidFacts(
            tree=tree, method=CheckoutMethod.GIT, files=len(listing.entries), size_bytes=size_bytes, left_out={}
        )

    def _change(self, aside: Path, *, before: str, after: str) -> None:
        if before == after:
            return
        index = IndexParts.of((aside / INDEX).read_bytes())
        with self.git.objects(self.git_dir) as reader:
            changes = tree_changes(reader, before, after)
            entries = {path: entry for path in changes if (entry := index.entry(path)) is not None}
            bring_files(reader, aside / FILES, entries, changes, file_bytes_max=self.limits.file_bytes_max)
        for path in changes:
            index.put(path, entries.get(path))
        (aside / INDEX).write_bytes(index.written(tree=after))


def _cone(sparse: Sequence[str]) -> bytes:
    return Cone.of(sparse).patterns() if sparse else b""


def mount(place: Path, *, lower: Path) -> None:
    """Show a folder's files in a place, with changes kept in that place.

    :raises OSError: if it is not allowed.
    """
    for name in (FILES, "upper", "work"):
        (place / name).mkdir(exist_ok=True, mode=0o755)
    system.mount_overlay(place / FILES, lower=lower, upper=place / "upper", work=place / "work")


def _facts(published: PublishedTree, method: CheckoutMethod) -> LaidFacts:
    facts = published.facts
    return LaidFacts(
        tree=published.tree,
        method=method,
        files=facts.files + facts.links,
        size_bytes=facts.size_bytes,
        left_out=facts.left_out,
    )
