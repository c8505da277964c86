"""A Grove that may connect to a git server on this machine."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.support.git_server import GitServer, serving
from tests.support.grove import House, house

TOKEN = "ghp_CANARY0123456789abcdef"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    (tmp_path / "upstream").mkdir()
    with serving(tmp_path / "upstream") as running:
        running.behaviour.token = TOKEN
        yield running


@pytest.fixture
def made(tmp_path: Path, server: GitServer) -> Iterator[House]:
    with house(
        tmp_path / "data",
        git_ca_file=server.ca_file,
        allowed_networks=(ip_network("127.0.0.0/8"),),
        max_repo_size_mb=20,
    ) as grove_house:
        yield grove_house
