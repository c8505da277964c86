"""Secrets on the server's own machine: variables of its environment, and files such as an orchestrator mounts."""

from collections.abc import Mapping
from pathlib import Path

from grove.credentials.errors import SecretMissing, StoreRefused

SECRET_BYTES_MAX = 65_536


class EnvironmentStore:
    """Variables of the server's environment, of which only those are given here that were meant for it."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def read(self, name: str, *, field: str | None, tenant_id: str) -> str:  # noqa: ARG002 - it knows no tenants
        """The variable's value."""
        if field is not None or name not in self._variables:
            raise SecretMissing(name=name, store="env")
        return self._variables[name]


class FileStore:
    """Files in one folder; links in it may lead to other places in it, as those of orchestrators do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str, *, field: str | None, tenant_id: str) -> str:  # noqa: ARG002 - it knows no tenants
        """The file's content."""
        root = self._folder.resolve()
        path = (root / name).resolve()
        if field is not None or not path.is_relative_to(root):
            raise SecretMissing(name=name, store="file")
        try:
            with path.open("rb") as file:
                return file.read(SECRET_BYTES_MAX).decode()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, UnicodeDecodeError) as error:
            raise SecretMissing(name=name, store="file") from error
        except PermissionError as error:
            raise StoreRefused(name=name, store="file") from error
