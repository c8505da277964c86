"""A Grove beside a forge on this machine: its git server, and its API as a test tells it to answer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from grove.repositories import Repository
from tests.support.git_repositories import Repository as Upstream
from tests.support.git_server import GitServer, Raw, serving
from tests.support.grove import House, house
from tests.support.sources import connect

TOKEN = "ghp_CANARY0123456789abcdef"
Told = tuple[int, Any] | Raw
DOCUMENTS: dict[str, dict[str, Any]] = {
    "github": {"full_name": "acme/pay", "private": True, "visibility": "private", "size": 3},
    "gitea": {"full_name": "acme/pay", "private": True, "internal": False, "size": 3},
    "gitlab": {"path_with_namespace": "acme/pay", "visibility": "private"},
}


@dataclass
class Forge:
    """A forge that keeps `acme/pay`: `answers` maps paths of its API, without the query, to what it says."""

    server: GitServer
    name: str
    answers: dict[str, Told] = field(default_factory=dict)
    always: Told | None = None
    asked: list[str] = field(default_factory=list)

    def __call__(self, _method: str, target: str, headers: dict[str, str], _body: bytes) -> Told:
        path = target.partition("?")[0]
        self.asked.append(target)
        if self.server.behaviour.token is not None and TOKEN not in headers.get("Authorization", ""):
            return 401, {"message": "Bad credentials"}
        if self.always is not None:
            return self.always
        if path.endswith(("/repos/acme/pay", "/projects/acme%2Fpay")):
            return 200, DOCUMENTS[self.name]
        return self.answers.get(path, (404, {"message": "Not Found"}))


@dataclass
class Kept:
    """A repository that is kept from that forge, mirrored and indexed."""

    made: House
    forge: Forge
    repository: Repository


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    (tmp_path / "upstream").mkdir()
    with serving(tmp_path / "upstream") as running:
        yield running


@pytest.fixture
def keep(tmp_path: Path, server: GitServer) -> Iterator[Callable[..., Kept]]:
    opened: list[Any] = []

    def kept(name: str = "github", *, token: str | None = TOKEN, called: str | None = None, **settings: Any) -> Kept:
        upstream = Upstream.new(tmp_path / "upstream" / "acme" / "pay.git")
        upstream.commit({"main.py": "def settle_invoice():\n    return 1\n"})
        server.behaviour.token = token
        forge = Forge(server=server, name=name)
        server.behaviour.api = forge
        context = house(
            tmp_path / "data",
            git_ca_file=server.ca_file,
            allowed_networks=(ip_network("127.0.0.0/8"),),
            forges={f"localhost:{server.port}": name},
            **settings,
        )
        opened.append(context)
        made = context.__enter__()
        repository = connect(made, server.url("acme/pay.git"), token=token, name=called)
        made.work()
        forge.asked.clear()
        return Kept(made=made, forge=forge, repository=repository)

    yield kept
    for context in opened:
        context.__exit__(None, None, None)
