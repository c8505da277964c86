"""Git, as the rest of Grove sees it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from grove.git import history, refs, storage, transfer, trees
from grove.git.errors import PathMissing
from grove.git.history import HistoryReader
from grove.git.model import (
    EntryKind,
    FetchLimits,
    FetchProgress,
    GitConfig,
    ListingLimits,
    Remote,
    RemoteListing,
    TreeEntry,
    TreeLimits,
)
from grove.git.objects import ObjectReader
from grove.git.runner import Runner, never


def _unheard(_progress: FetchProgress) -> None:
    """Nobody wants to know."""


class Git:
    """Everything that is done with git. Errors are those of `grove.git.errors`; any number of threads may use it."""

    def __init__(self, config: GitConfig) -> None:
        self.config = config
        self._runner = Runner(config)

    def listing(
        self, remote: Remote, *, limits: ListingLimits | None = None, cancelled: Callable[[], bool] = never
    ) -> RemoteListing:
        """What branches and tags a remote has, and which is the default one.

        :raises TooManyRefs: if it has more than the limit.
        """
        return transfer.list_remote(self._runner, remote, limits=limits or ListingLimits(), cancelled=cancelled)

    def init(
        self,
        git_dir: Path,
        *,
        default_branch: str = "main",
        borrowing: Path | None = None,
        had: Mapping[str, str] | None = None,
    ) -> None:
        """Make a bare repository.

        With `borrowing` it begins with the refs and the objects of another: a quarantine for what is fetched next.
        `had` are the refs of that one, if they are known already.
        """
        refs.check_ref(f"refs/heads/{default_branch}")
        storage.init(self._runner, git_dir, default_branch=default_branch, borrowing=borrowing, had=had)

    def fetch(
        self,
        git_dir: Path,
        remote: Remote,
        *,
        refspecs: Sequence[str],
        limits: FetchLimits,
        on_progress: Callable[[FetchProgress], None] = _unheard,
        cancelled: Callable[[], bool] = never,
    ) -> dict[str, str]:
        """Fetch what the refspecs name, and remove the refs that the remote has no longer; the refs there are then.

        :raises RepositoryTooLarge: as soon as more than `limits.bytes_max` bytes were written.
        """
        watch = transfer.Watch(on_progress=on_progress, cancelled=cancelled)
        return transfer.fetch(self._runner, git_dir, remote, refspecs=refspecs, limits=limits, watch=watch)

    def check_connectivity(self, git_dir: Path, commits: Iterable[str]) -> None:
        """Return when everything that the commits need is there; what the refs lead to is taken for granted.

        :raises RepositoryCorrupt: if something is missing or broken.
        """
        storage.check_connectivity(self._runner, git_dir, commits)

    def refs(self, git_dir: Path) -> dict[str, str]:
        """Every ref of a repository by its full name, with its object's id."""
        return refs.list_refs(self._runner, git_dir)

    def update_refs(self, git_dir: Path, *, deletes: Iterable[str] = (), updates: Mapping[str, str]) -> None:
        """Delete refs, then set refs, each of the two whole or not at all.

        :raises RefLocked: if another process changes them, or a crash left a lock.
        """
        refs.update_refs(self._runner, git_dir, deletes=deletes, updates=updates)

    def set_head(self, git_dir: Path, branch: str) -> None:
        """Make a branch, by its short name, the default one."""
        refs.set_head(self._runner, git_dir, branch)

    def move_packs(self, quarantine_dir: Path, git_dir: Path) -> int:
        """Move what was fetched from a quarantine to a repository on the same disk, durably; give its bytes."""
        return storage.move_packs(quarantine_dir, git_dir)

    def resolve(self, git_dir: Path, revision: str) -> str:
        """The id of the commit that a user means by a branch, a tag, `HEAD` or at least 7 digits of an id.

        :raises RefRefused: if it cannot be any of these.
        :raises RevisionUnknown: if there is none.
        :raises RevisionAmbiguous: if the digits begin several ids.
        """
        return history.resolve(self._runner, git_dir, revision)

    def history(self, git_dir: Path) -> HistoryReader:
        """A reader of the repository's commits and of what each changed."""
        return HistoryReader(self._runner, git_dir)

    def list_tree(
        self,
        git_dir: Path,
        commit: str,
        *,
        limits: TreeLimits | None = None,
        prefix: bytes = b"",
        recursive: bool = True,
    ) -> Iterator[TreeEntry]:
        """Yield the files, links and submodules of a commit, or of one folder of it; folders too if not recursive.

        :raises PathMissing: if there is no such folder.
        :raises TreeTooLarge: at the limit of entries or time.
        :raises TreeTooDeep: at the limit of depth.
        """
        folder = prefix.strip(b"/")
        with self.objects(git_dir) as reader:
            entry = reader.entry_at(commit, folder)
        if entry.kind is not EntryKind.FOLDER:
            raise PathMissing(path=folder.decode(errors="backslashreplace"), reason="it is no folder")
        yield from trees.list_tree(
            self._runner,
            git_dir,
            entry.oid,
            prefix=folder + b"/" if folder else b"",
            limits=limits or TreeLimits(),
            recursive=recursive,
        )

    def objects(self, git_dir: Path) -> ObjectReader:
        """A reader of the repository's objects; use it as a context manager."""
        return ObjectReader(self._runner, git_dir)
