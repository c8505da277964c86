"""Repositories that their forge has archived, and forks, in a whole Grove."""

from collections.abc import Iterator

import pytest

from grove.repositories.tables import RepositoryRow
from grove.search import Question
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect

KINDS = {"plain": (False, False), "old": (True, False), "copy": (False, True)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("kinds")
    with house(folder / "data", local_roots=(folder,)) as made:
        for name in KINDS:
            upstream = Repository.new(folder / "up" / f"{name}.git")
            upstream.commit({"main.py": "needle\n"})
            connect(made, str(upstream.path), name=name)
        made.work()
        with made.grove.database.transaction() as tx:
            for row in tx.session.query(RepositoryRow):
                row.archived, row.fork = KINDS[row.name]
        yield made


class TestASearch:
    @pytest.mark.parametrize(
        ("filters", "names"),
        [
            ("", {"plain", "old", "copy"}),
            ("archived:yes fork:yes", {"plain", "old", "copy"}),
            ("archived:no", {"plain", "copy"}),
            ("archived:no fork:no", {"plain"}),
            ("archived:only", {"old"}),
            ("fork:only", {"copy"}),
            ("fork:only archived:only", set()),
        ],
    )
    def test_leaves_out_or_searches_alone_what_is_of_a_kind(self, made: House, filters: str, names: set[str]) -> None:
        answer = made.grove.search.run(made.admin, Question(text=f"'needle' {filters}"))

        assert {file.address.repository for file in answer.files} == names
        assert {commit.repository for commit in answer.truth.searched} == names
