"""A real server with two repositories, and the command line that talks to it."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from grove.accounts import Role
from grove.api import create_app
from grove.cli import app
from grove.repositories import Index, list_repositories
from grove.worker import Worker
from tests.support.git_repositories import Repository
from tests.support.git_server import GitServer, serving
from tests.support.grove import ADMIN_TOKEN, House, house
from tests.support.sources import connect

RETRY = """import time


def retry_call(call, *, tries=5, base=0.2):
    \"\"\"Exponential backoff with jitter.\"\"\"
    for attempt in range(tries):
        try:
            return call()
        except OSError:
            time.sleep(base * 2**attempt)
    return call()
"""
HOSTILE_NAME = "evil\x1b[31m\u202egpj.txt"
HOSTILE_TEXT = "needle \x1b]8;;https://evil.example\x07click\x1b]8;;\x07 \u202etxt\x9b2J\rover\n"


SOURCE = Path(__file__).parents[2] / "src"
COMMAND = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from grove.cli import app
app(prog_name="grove")
"""


class CommandLine:
    """Runs commands as a user with a configuration folder of their own."""

    def __init__(self, config: Path, *, host: str | None, token: str | None) -> None:
        self.config = config
        self.environment = {"GROVE_CONFIG_DIR": str(config), "GROVE_HOST": host, "GROVE_TOKEN": token}

    def argv(self, *words: str) -> list[str]:
        """How a process of its own is started; whatever started the tests, Ctrl-C reaches it."""
        return [sys.executable, "-c", COMMAND, *words]

    def variables(self) -> dict[str, str]:
        """The environment of a process of its own."""
        given = {name: value for name, value in self.environment.items() if value}
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "TERM": "xterm-256color", **given}

    def __call__(self, *words: str, stdin: str | None = None, **environment: str | None) -> Result:
        variables = {**self.environment, **environment}
        return CliRunner().invoke(app, words, input=stdin, env=variables, prog_name="grove")


class Site:
    """A server that runs."""

    def __init__(self, made: House, *, url: str, git: GitServer) -> None:
        self.house = made
        self.url = url
        self.git = git

    def user(self, role: Role) -> str:
        """The token of a new user of that role."""
        return self.house.actor(role)[1]

    def source(self, name: str, files: dict[str, Any]) -> Path:
        """A repository that the server may connect."""
        repository = Repository.new(self.git.root / name)
        repository.commit(files)
        return repository.path

    def remote(self, name: str, files: dict[str, Any]) -> str:
        """The address of a repository on a git host."""
        return self.git.url(self.source(f"{name}.git", files).name)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root = tmp_path_factory.mktemp("site")
    sources = root / "sources"
    sources.mkdir()
    networks = (ip_network("127.0.0.0/8"),)
    with (
        serving(sources) as git,
        house(root / "data", local_roots=(sources,), git_ca_file=git.ca_file, allowed_networks=networks) as made,
    ):
        worker = Worker(made.grove, name=f"{made.grove.node}/cli-tests")
        working = threading.Thread(target=worker.run_until_stopped)
        server = uvicorn.Server(uvicorn.Config(create_app(made.grove), port=0, log_config=None))
        listening = threading.Thread(target=server.run)
        working.start()
        listening.start()
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        site = Site(made, url=f"http://127.0.0.1:{port}", git=git)
        _fill(site)
        yield site
        server.should_exit = True
        worker.stop()
        listening.join()
        working.join()


def _fill(site: Site) -> None:
    payments = {
        "src/net/retry.py": RETRY,
        "README.md": "# Payments\n\nRetries are in src/net.\n",
        "windows.txt": "a\r\nb\r\n",
    }
    hostile = {HOSTILE_NAME: HOSTILE_TEXT, "binary.bin": b"\0\1\2needle"}
    for name, files in (("payments-api", payments), ("hostile", hostile)):
        connect(site.house, str(site.source(name, files)))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with site.house.grove.database.reading() as tx:
            if all(each.index is Index.READY for each in list_repositories(tx, actor=site.house.admin)):
                return
        time.sleep(0.05)
    raise AssertionError("the repositories were not indexed in time")


@pytest.fixture
def grove(site: Site, tmp_path: Path) -> CommandLine:
    """The command line of the administrator."""
    return CommandLine(tmp_path / "config", host=site.url, token=ADMIN_TOKEN)


@pytest.fixture
def stranger(tmp_path: Path) -> CommandLine:
    """The command line of somebody who has not signed in anywhere."""
    return CommandLine(tmp_path / "config", host=None, token=None)
