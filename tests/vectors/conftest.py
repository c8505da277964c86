"""A model server for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.support.embedding_server import EmbeddingServer, embedding_server


@pytest.fixture(scope="module")
def model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddingServer]:
    with embedding_server(tmp_path_factory.mktemp("models")) as server:
        yield server
