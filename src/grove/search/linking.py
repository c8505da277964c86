"""Where the forge of a repository shows lines of a file on the web."""

from dataclasses import dataclass

from grove.forges import Forge, permalink
from grove.git import EntryKind, PathMissing
from grove.indexing import stored
from grove.mirrors import MirrorReader
from grove.repositories import Repository
from grove.search.errors import NotOnTheWeb


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """Lines of a file at a revision, both ends counted from 1 and belonging to them."""

    path: str
    revision: str = ""
    first_line: int = 1
    last_line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The address of lines of a file of a commit: it shows the same for ever."""

    repository: str
    repository_id: str
    commit: str
    path: str
    url: str


def link_lines(mirrors: MirrorReader, repository: Repository, request: LinkRequest) -> Link:
    """The address of lines at the commit that a revision is now.

    :raises PathMissing: if there is no such file.
    :raises NotOnTheWeb: if no forge is known to show the repository.
    """
    commit = mirrors.resolve(repository, request.revision)
    with mirrors.objects(repository) as objects:
        if objects.entry_at(commit, stored(request.path)).kind not in {EntryKind.FILE, EntryKind.SYMLINK}:
            raise PathMissing(path=request.path)
    url = permalink(
        Forge(repository.forge),
        repository.url,
        commit=commit,
        path=request.path,
        first_line=request.first_line,
        last_line=request.last_line,
    )
    if url is None:
        raise NotOnTheWeb(repository=repository.name)
    return Link(repository=repository.name, repository_id=repository.id, commit=commit, path=request.path, url=url)
