"""What the tests of git stand on: real git, real repositories, a real server."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme

from grove.git import FetchLimits, Git, GitConfig, LocalPath, Remote, Secret, parse_remote_url
from tests.support.git_repositories import Repository
from tests.support.git_server import Behaviour, GitServer, serving

MIB = 1024**2
HEADS = ["+refs/heads/*:refs/heads/*"]
LIMITS = FetchLimits(bytes_max=50 * MIB, seconds_max=30, refs_max=1000)


@pytest.fixture
def config(tmp_path: Path) -> GitConfig:
    for name in ("home", "jobs", "data", "local"):
        (tmp_path / name).mkdir()
    return GitConfig(
        executable=Path("/usr/bin/git"),
        home=tmp_path / "home",
        job_root=tmp_path / "jobs",
        data_root=tmp_path / "data",
        allowed_local_roots=(tmp_path / "local",),
    )


@pytest.fixture
def git(config: GitConfig) -> Git:
    return Git(config)


@pytest.fixture
def upstream(config: GitConfig) -> Repository:
    """An empty repository that may be mirrored by its path."""
    return Repository.new(config.allowed_local_roots[0] / "upstream.git")


@pytest.fixture
def mirror(git: Git, config: GitConfig) -> Path:
    """An empty repository of ours."""
    git_dir = config.data_root / "mirror.git"
    git.init(git_dir)
    return git_dir


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    with serving(tmp_path_factory.mktemp("served"), authority=trustme.CA()) as server:
        repository = Repository.new(server.root / "team" / "app.git")
        repository.commit({"README.md": "# App\n"})
        repository.commit({"src/main.py": "print('hello')\n"})
        yield server


@pytest.fixture
def server(running_server: GitServer) -> GitServer:
    """A server that holds `team/app.git` and behaves."""
    running_server.behaviour = Behaviour()
    running_server.requests.clear()
    return running_server


@pytest.fixture
def online(config: GitConfig, server: GitServer) -> Git:
    """Git that trusts the server and may connect to it."""
    return Git(replace(config, ca_file=server.ca_file, allowed_networks=(ip_network("127.0.0.0/8"),)))


def local(repository: Repository) -> Remote:
    return Remote(url=LocalPath(repository.path))


def served(server: GitServer, name: str = "team/app.git", *, token: str | None = None) -> Remote:
    secret = Secret(username="x-token", password=token) if token else None
    return Remote(url=parse_remote_url(server.url(name)), secret=secret)
