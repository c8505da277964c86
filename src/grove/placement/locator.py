"""From opaque ids to paths below the data folder."""

import os
import uuid
from pathlib import Path

from grove.kit.errors import GroveError, Kind

FOLDER_MODE = 0o700


class DataFolderUnusable(GroveError):
    """The data folder cannot be made or is not ours; name another one by `--data` or GROVE_DATA_DIR."""

    kind = Kind.UNAVAILABLE
    code = "data_folder_unusable"


class Locator:
    """Makes every path of one data folder, from ids that are UUIDs; what a user typed never becomes a name on disk."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def prepare(self) -> None:
        """Make the data folder, readable by its owner alone.

        :raises DataFolderUnusable: if it cannot be made, or is not ours.
        """
        try:
            for folder in (self.data, self.jobs(), self.git_home()):
                folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            self.data.chmod(FOLDER_MODE)
        except OSError as error:
            raise DataFolderUnusable(data=str(self.data), reason=error.strerror) from error

    def database(self) -> Path:
        """The embedded database."""
        return self.data / "grove.db"

    def master_key(self) -> Path:
        """The key that seals credentials."""
        return self.data / "master.key"

    @property
    def lock(self) -> Path:
        """What a server locks, so that it is the only one on this data folder."""
        return self.data / "server.lock"

    @property
    def setup_link(self) -> Path:
        """The set-up link, for those who cannot see the terminal."""
        return self.data / "setup-link"

    def jobs(self) -> Path:
        """Where jobs keep what must not outlive them."""
        return self.data / "jobs"

    def git_home(self) -> Path:
        """The empty folder that git takes for its home."""
        return self.data / "home"

    @property
    def tenants(self) -> Path:
        """The folders of all tenants."""
        return self.data / "t"

    def repository(self, *, tenant_id: str, repository_id: str) -> Path:
        """Everything of one repository but its index."""
        return self.tenants / checked(tenant_id) / "r" / checked(repository_id)

    def mirror(self, *, tenant_id: str, repository_id: str) -> Path:
        """The bare copy of a repository."""
        return self.repository(tenant_id=tenant_id, repository_id=repository_id) / "mirror.git"

    def incoming(self, *, tenant_id: str, repository_id: str, job_id: str) -> Path:
        """Where a job fetches to, before anything of it counts."""
        return self.repository(tenant_id=tenant_id, repository_id=repository_id) / "incoming" / checked(job_id)

    def index(self, *, tenant_id: str) -> Path:
        """The tenant's index."""
        return self.tenants / checked(tenant_id) / "index"

    def workspace(self, *, tenant_id: str, workspace_id: str) -> Path:
        """The git directory of a workspace."""
        return self.tenants / checked(tenant_id) / "w" / checked(workspace_id)

    def export(self, *, tenant_id: str, export_id: str) -> Path:
        """Where the file of an export is."""
        return self.tenants / checked(tenant_id) / "exports" / checked(export_id)

    def bytes_free(self) -> int:
        """How much room the data folder has."""
        stat = os.statvfs(self.data)
        return stat.f_bavail * stat.f_frsize


def checked(identifier: str) -> str:
    """An id, if it is one.

    :raises ValueError: if it is not.
    """
    if str(uuid.UUID(identifier)) != identifier:
        raise ValueError("not an id")
    return identifier
