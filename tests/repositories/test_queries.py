"""What is asked about repositories, on both kinds of database."""

from dataclasses import replace

from sqlalchemy import text

from grove.kit.gate import Actor
from grove.kit.transactions import Database
from grove.repositories import NewRepository, Repository, connect_repository, get_repository, list_visible
from tests.support.people import NOON, administrator

WANTED = NewRepository(
    name="acme/pay",
    url="https://git.example.org/acme/pay.git",
    host="git.example.org",
    forge="generic",
    project_id="payments",
    credential_id=None,
)


def connected(database: Database) -> tuple[Actor, list[Repository]]:
    with database.transaction() as tx:
        admin = administrator(tx)
        names = ("acme/pay", "acme/ship")
        return admin, [
            connect_repository(tx, actor=admin, wanted=replace(WANTED, name=name, tracked=("main", "v*")), now=NOON)
            for name in names
        ]


class TestListingAll:
    def test_reads_what_reading_one_by_one_does(self, database: Database) -> None:
        admin, repositories = connected(database)

        with database.reading() as tx:
            listed = list_visible(tx, actor=admin)
            one_by_one = [get_repository(tx, actor=admin, repository_id=each.id) for each in repositories]

        assert list(listed) == one_by_one

    def test_tells_at_once_what_has_changed(self, database: Database) -> None:
        admin, [first, second] = connected(database)
        with database.reading() as tx:
            list_visible(tx, actor=admin)

        with database.transaction() as tx:
            tx.session.execute(text("UPDATE repositories SET owners = '[\"@pay\"]' WHERE id = :id"), {"id": first.id})
            listed = list_visible(tx, actor=admin)

        assert list(listed) == [replace(first, owners=("@pay",)), second]
