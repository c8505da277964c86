"""Where forges show lines of a file on the web."""

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from grove.git import PathMissing
from grove.repositories import Repository
from grove.search import LinkRequest, NotOnTheWeb
from tests.support import git_repositories as made_of
from tests.support.git_server import GitServer, serving
from tests.support.grove import House, house
from tests.support.sources import connect


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    (tmp_path / "upstream").mkdir()
    with serving(tmp_path / "upstream") as running:
        running.behaviour.api = lambda *_asked: (200, {"full_name": "acme/pay", "private": False, "size": 3})
        yield running


@pytest.fixture
def made(tmp_path: Path, server: GitServer) -> Iterator[House]:
    with house(
        tmp_path / "data",
        git_ca_file=server.ca_file,
        allowed_networks=(ip_network("127.0.0.0/8"),),
        forges={f"localhost:{server.port}": "github"},
        local_roots=(tmp_path / "upstream",),
    ) as grove_house:
        yield grove_house


def mirrored(made: House, address: str) -> Repository:
    repository = connect(made, address)
    made.work()
    return repository


class TestALink:
    def test_is_to_the_commit_that_the_revision_is_now(self, made: House, server: GitServer) -> None:
        upstream = made_of.Repository.new(server.root / "acme" / "pay.git")
        commit = upstream.commit({"src/a b.py": "pay = 1\nowe = 2\n"})
        repository = mirrored(made, server.url("acme/pay.git"))

        request = LinkRequest(path="src/a b.py", revision="main", first_line=1, last_line=2)
        link = made.grove.search.link(made.admin, repository=repository.id, request=request)

        assert link.commit == commit
        assert link.url == f"https://localhost:{server.port}/acme/pay/blob/{commit}/src/a%20b.py#L1-L2"

    def test_to_what_is_no_file_there_is_none(self, made: House, server: GitServer) -> None:
        made_of.Repository.new(server.root / "acme" / "pay.git").commit({"src/pay.py": "pay = 1\n"})
        repository = mirrored(made, server.url("acme/pay.git"))

        for path in ("src", "src/nothing.py"):
            with pytest.raises(PathMissing):
                made.grove.search.link(made.admin, repository=repository.id, request=LinkRequest(path=path))

    def test_of_a_folder_on_this_machine_there_is_none(self, made: House, tmp_path: Path) -> None:
        upstream = made_of.Repository.new(tmp_path / "upstream" / "local.git")
        upstream.commit({"pay.py": "pay = 1\n"})
        repository = mirrored(made, str(upstream.path))

        with pytest.raises(NotOnTheWeb):
            made.grove.search.link(made.admin, repository=repository.id, request=LinkRequest(path="pay.py"))
