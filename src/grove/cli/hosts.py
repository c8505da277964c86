"""The servers that the user has signed in to, and the token for each, in a file that only the user may read."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from grove.cli.failure import Exit, Failure
from grove.kit.files import write_durably

FILE_NAME = "hosts.json"
_NETLOC = re.compile(r"[\w.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A server and the token that it knows the user by."""

    url: str
    token: str = field(repr=False)
    user: str


class Hosts:
    """The servers of one user; the one signed in to last is used when none is named."""

    def __init__(self, config_dir: Path) -> None:
        self.path = config_dir / FILE_NAME

    def all(self) -> list[Host]:
        """Every server, the one in use first.

        :raises Failure: if the file is not what was written.
        """
        try:
            return [Host(**host) for host in json.loads(self.path.read_bytes())["hosts"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError) as broken:
            raise Failure(
                f"The list of servers in {self.path} could not be read.",
                why=f"{type(broken).__name__}: {broken}",
                next_step=f"rm {self.path}",
                exit_code=Exit.FAILED,
            ) from broken

    def find(self, url: str | None) -> Host | None:
        """The server of that address, or the one in use when none is named."""
        return next((host for host in self.all() if url is None or host.url == url), None)

    def remember(self, host: Host) -> None:
        """Keep a server and use it from now on."""
        self._write([host, *(other for other in self.all() if other.url != host.url)])

    def forget(self, url: str) -> None:
        """Drop a server and its token."""
        self._write([host for host in self.all() if host.url != url])

    def _write(self, hosts: list[Host]) -> None:
        content = json.dumps({"hosts": [asdict(host) for host in hosts]}, indent=2)
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_durably(self.path, content.encode(), mode=0o600)
        except OSError as failed:
            raise Failure(
                f"The list of servers in {self.path} could not be written.",
                why=str(failed),
                next_step=f"ls -ld {self.path.parent}",
                exit_code=Exit.FAILED,
            ) from failed


def normal_url(text: str) -> str:
    """The one spelling of a server's address: a scheme, a host, maybe a port and a path.

    :raises Failure: if it is no address of a server.
    """
    scheme_given = text if "://" in text else f"{_scheme_for(text)}://{text}"
    try:
        parts = urlsplit(scheme_given)
        _ = parts.port  # raises when it is no number
    except ValueError as wrong:
        raise _not_an_address(text, str(wrong)) from wrong
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _not_an_address(text, "it may hold no user, query or fragment")
    if parts.scheme not in {"http", "https"} or not _NETLOC.fullmatch(parts.netloc):
        raise _not_an_address(text, "it needs http or https, and the name of a machine")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether the server is on this machine."""
    return urlsplit(url).hostname in LOOPBACK


def _scheme_for(text: str) -> str:
    return "http" if urlsplit(f"//{text}").hostname in LOOPBACK else "https"


def _not_an_address(text: str, reason: str) -> Failure:
    return Failure(
        f"{text} is not the address of a server.",
        why=reason,
        next_step="grove login https://grove.example.org",
        exit_code=Exit.INVALID,
    )
