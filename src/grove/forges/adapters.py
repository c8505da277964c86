"""How each forge differs: the username that goes with a token, links to lines, and where it tells a size."""

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from grove.credentials import Secret
from grove.forges.model import Forge, repository_path

_RENDERED = (".md", ".markdown", ".rst", ".adoc", ".org")
"""Files that forges show as pages, where a line has no anchor unless the source is asked for."""


class ForgeAdapter(Protocol):
    """What one kind of forge has to say; none of it touches the network."""

    def username_for(self, token: str) -> str:
        """The username that git gives together with the token."""
        ...

    def link(self, repository_url: str, *, commit: str, path: str, first_line: int, last_line: int) -> str:
        """The web address of lines of a file in one commit; `path` is quoted already."""
        ...

    def api_root(self, host: str) -> str | None:
        """Where the API of a host begins, or None when this host has none that we speak."""
        ...

    def repository_resource(self, path: str) -> str:
        """The resource that describes a repository, below the API's root."""
        ...

    def authorization(self, secret: Secret) -> str | None:
        """The header's value for a secret, or None when the secret opens git but not the API."""
        ...

    def size_bytes(self, document: Mapping[str, Any]) -> int | None:
        """The size that the description tells, or None when it tells none."""
        ...


class GitHub:
    """github.com and GitHub Enterprise Server."""

    def username_for(self, token: str) -> str:  # noqa: ARG002 - the same for every token
        """One name for personal, application and workflow tokens."""
        return "x-access-token"

    def link(self, repository_url: str, *, commit: str, path: str, first_line: int, last_line: int) -> str:
        """Such as ``/blob/COMMIT/PATH#L1-L5``."""
        query = "?plain=1" if path.endswith(_RENDERED) else ""
        return f"{repository_url}/blob/{commit}/{path}{query}#{_lines('L{}', '-L{}', first_line, last_line)}"

    def api_root(self, host: str) -> str | None:
        """A host of its own for github.com and the companies' clouds at ghe.com, a folder elsewhere."""
        has_own_host = host == "github.com" or host.endswith(".ghe.com")
        return f"https://api.{host}" if has_own_host else f"https://{host}/api/v3"

    def repository_resource(self, path: str) -> str:
        """By owner and name."""
        return f"repos/{quote(path)}"

    def authorization(self, secret: Secret) -> str | None:
        """Every token is a bearer."""
        return f"Bearer {secret.password}"

    def size_bytes(self, document: Mapping[str, Any]) -> int | None:
        """Told in KiB."""
        return _count(document.get("size"), unit_bytes=1024)


class GitLab:
    """gitlab.com and any GitLab. Sizes are told to those who may report on a project."""

    _GIT_ONLY = ("gldt-", "glcbt-")

    def username_for(self, token: str) -> str:
        """One name for access tokens, another for those of CI jobs; a deploy token comes with its own."""
        return "gitlab-ci-token" if token.startswith("glcbt-") else "oauth2"

    def link(self, repository_url: str, *, commit: str, path: str, first_line: int, last_line: int) -> str:
        """Such as ``/-/blob/COMMIT/PATH#L1-5``."""
        query = "?plain=1" if path.endswith(_RENDERED) else ""
        return f"{repository_url}/-/blob/{commit}/{path}{query}#{_lines('L{}', '-{}', first_line, last_line)}"

    def api_root(self, host: str) -> str | None:
        """The same everywhere."""
        return f"https://{host}/api/v4"

    def repository_resource(self, path: str) -> str:
        """By the whole path, as one segment."""
        return f"projects/{quote(path, safe='')}?statistics=true"

    def authorization(self, secret: Secret) -> str | None:
        """Access tokens are bearers; deploy and job tokens are for git."""
        return None if secret.password.startswith(self._GIT_ONLY) else f"Bearer {secret.password}"

    def size_bytes(self, document: Mapping[str, Any]) -> int | None:
        """Told in bytes, among the statistics."""
        statistics = document.get("statistics")
        return _count(statistics.get("repository_size"), unit_bytes=1) if isinstance(statistics, Mapping) else None


class Bitbucket:
    """bitbucket.org; the Data Center edition has another API, which is not asked."""

    _ACCESS_TOKEN, _API_TOKEN = "x-token-auth", "x-bitbucket-api-token-auth"

    def username_for(self, token: str) -> str:
        """One name for a user's API tokens, another for repository and workspace access tokens."""
        return self._API_TOKEN if token.startswith("ATATT") else self._ACCESS_TOKEN

    def link(self, repository_url: str, *, commit: str, path: str, first_line: int, last_line: int) -> str:
        """Such as ``/src/COMMIT/PATH#lines-1:5``."""
        return f"{repository_url}/src/{commit}/{path}#{_lines('lines-{}', ':{}', first_line, last_line)}"

    def api_root(self, host: str) -> str | None:
        """On a host of its own."""
        return "https://api.bitbucket.org/2.0" if host == "bitbucket.org" else None

    def repository_resource(self, path: str) -> str:
        """By workspace and name."""
        return f"repositories/{quote(path)}"

    def authorization(self, secret: Secret) -> str | None:
        """Access tokens are bearers. An API token needs its owner's address, which the username for git hides."""
        if secret.username == self._API_TOKEN:
            return None
        if secret.username == self._ACCESS_TOKEN:
            return f"Bearer {secret.password}"
        return basic(secret)

    def size_bytes(self, document: Mapping[str, Any]) -> int | None:
        """Told in bytes."""
        return _count(document.get("size"), unit_bytes=1)


class Gitea:
    """Gitea and Forgejo."""

    _TOKEN = "oauth2"  # noqa: S105 - a username

    def username_for(self, token: str) -> str:  # noqa: ARG002 - the same for every token
        """Any name goes with a token in the password's place."""
        return self._TOKEN

    def link(self, repository_url: str, *, commit: str, path: str, first_line: int, last_line: int) -> str:
        """Such as ``/src/commit/COMMIT/PATH#L1-L5``."""
        query = "?display=source" if path.endswith(_RENDERED) else ""
        return f"{repository_url}/src/commit/{commit}/{path}{query}#{_lines('L{}', '-L{}', first_line, last_line)}"

    def api_root(self, host: str) -> str | None:
        """The same everywhere."""
        return f"https://{host}/api/v1"

    def repository_resource(self, path: str) -> str:
        """By owner and name."""
        return f"repos/{quote(path)}"

    def authorization(self, secret: Secret) -> str | None:
        """A token, or a user's own name and password."""
        return f"token {secret.password}" if secret.username == self._TOKEN else basic(secret)

    def size_bytes(self, document: Mapping[str, Any]) -> int | None:
        """Told in KiB."""
        return _count(document.get("size"), unit_bytes=1024)


ADAPTERS: Mapping[Forge, ForgeAdapter] = MappingProxyType(
    {Forge.GITHUB: GitHub(), Forge.GITLAB: GitLab(), Forge.BITBUCKET: Bitbucket(), Forge.GITEA: Gitea()}
)


def username_for(forge: Forge, token: str) -> str:
    """The username that git gives together with a token; ``git`` at a generic host, where most take any."""
    adapter = ADAPTERS.get(forge)
    return adapter.username_for(token) if adapter else "git"


def permalink(forge: Forge, url: str, *, commit: str, path: str, first_line: int, last_line: int) -> str | None:
    """The web address of lines of a file as they are in one commit, or None at a generic host.

    `url` is the repository's address by HTTPS or SSH, with or without ``.git``.
    """
    adapter = ADAPTERS.get(forge)
    if adapter is None:
        return None
    parts = urlsplit(url)
    # A port of SSH is none of the web.
    host = parts.netloc if parts.scheme == "https" else parts.hostname
    repository_url = f"https://{host}/{repository_path(parts.path)}"
    return adapter.link(repository_url, commit=commit, path=quote(path), first_line=first_line, last_line=last_line)


def _lines(first: str, last: str, first_line: int, last_line: int) -> str:
    return first.format(first_line) + (last.format(last_line) if last_line > first_line else "")


def basic(secret: Secret) -> str:
    """The header's value for a username and its password."""
    return "Basic " + base64.b64encode(f"{secret.username}:{secret.password}".encode()).decode()


def _count(told: object, *, unit_bytes: int) -> int | None:
    if isinstance(told, bool) or not isinstance(told, int) or told < 0:
        return None
    return told * unit_bytes
