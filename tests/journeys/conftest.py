"""One real Gitea for all journeys that need one; each has an organisation of its own there."""

from collections.abc import Iterator

import pytest

from tests.support.gitea import Gitea, running_gitea


@pytest.fixture(scope="session")
def gitea(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gitea]:
    with running_gitea(tmp_path_factory.mktemp("gitea")) as server:
        yield server
