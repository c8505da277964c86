"""Reading a mirror: files, trees and commits at any commit that it has."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grove.git import Git, ObjectReader, RevisionUnknown
from grove.mirrors.errors import MirrorAbsent
from grove.mirrors.fetch import MARKER
from grove.mirrors.queries import require_served
from grove.placement import Locator
from grove.repositories import Repository


class MirrorReader:
    """Opens the mirrors of one data folder for reading."""

    def __init__(self, *, git: Git, locator: Locator) -> None:
        self.git = git
        self._locator = locator

    def path(self, repository: Repository) -> Path:
        """The bare repository.

        :raises MirrorAbsent: if nothing has been mirrored yet.
        :raises MirrorWithheld: if the repository is not approved, or not any more.
        """
        require_served(repository)
        mirror = self._locator.mirror(tenant_id=repository.tenant_id, repository_id=repository.id)
        if not (mirror / MARKER).is_file():
            raise MirrorAbsent(repository=repository.name)
        return mirror

    def resolve(self, repository: Repository, revision: str) -> str:
        """The commit that a branch, tag, full or short commit id means; empty text means the default branch.

        :raises MirrorAbsent: if nothing has been mirrored yet.
        :raises RevisionUnknown: if there is no such revision.
        """
        wanted = revision or repository.default_branch or "HEAD"
        try:
            return self.git.resolve(self.path(repository), wanted)
        except RevisionUnknown as unknown:
            raise RevisionUnknown(revision=wanted, repository=repository.name) from unknown

    @contextmanager
    def objects(self, repository: Repository) -> Iterator[ObjectReader]:
        """A reader of the mirror's objects.

        :raises MirrorAbsent: if nothing has been mirrored yet.
        """
        with self.git.objects(self.path(repository)) as reader:
            yield reader
