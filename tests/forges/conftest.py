from collections.abc import Iterator

import pytest

from tests.support.forge_server import ForgeServer, forge_server


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForgeServer]:
    with forge_server(tmp_path_factory.mktemp("forge")) as server:
        yield server


@pytest.fixture
def server(running_server: ForgeServer) -> ForgeServer:
    running_server.answers.clear()
    running_server.asked.clear()
    return running_server
