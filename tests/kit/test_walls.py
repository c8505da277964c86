"""The walls between tenants in the queries themselves, the same on both kinds of database."""

from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass

import pytest
from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.orm import aliased

from grove import accounts
from grove.accounts.tables import PrincipalRow, ProjectRow
from grove.kit.tenancy import TenantCrossed, TenantUnnamed, serving, serving_all
from grove.kit.transactions import Database, Transaction
from tests.support.people import NOON


@dataclass(frozen=True, slots=True)
class Two:
    """A database with two tenants."""

    database: Database
    mine: str
    theirs: str


@pytest.fixture
def two(database: Database) -> Two:
    tenants = []
    for name in ("one", "two"):
        with serving_all(), database.transaction() as tx:
            wanted = accounts.NewAdministrator(name=name, email=None, tenant_name=name)
            tenants.append(accounts.set_up(tx, administrator=wanted, now=NOON).token.tenant_id)
    return Two(database, *tenants)


def project(tenant_id: str) -> ProjectRow:
    return ProjectRow(id="new", tenant_id=tenant_id, name="new", is_default=False, created_at=NOON)


OTHER = aliased(PrincipalRow)
QUERIES = {
    "of rows": select(PrincipalRow.tenant_id),
    "of whole rows": select(PrincipalRow).with_only_columns(PrincipalRow.tenant_id),
    "of an alias": select(OTHER.tenant_id),
    "of a join": select(ProjectRow.tenant_id).join(PrincipalRow, PrincipalRow.tenant_id == ProjectRow.tenant_id),
    "with a subquery": select(ProjectRow.tenant_id).where(ProjectRow.tenant_id.in_(select(PrincipalRow.tenant_id))),
    "with an exists": select(ProjectRow.tenant_id).where(
        exists().where(PrincipalRow.tenant_id == ProjectRow.tenant_id)
    ),
    "of groups": select(PrincipalRow.tenant_id).group_by(PrincipalRow.tenant_id).having(func.count() > 0),
}


class TestATransactionOfOneTenant:
    @pytest.mark.parametrize("shape", QUERIES)
    def test_finds_its_own_alone_by_a_query_that_forgets_the_tenant(self, two: Two, shape: str) -> None:
        with serving(two.mine), two.database.reading() as tx:
            assert set(tx.session.scalars(QUERIES[shape])) == {two.mine}
        with serving_all(), two.database.reading() as tx:
            assert set(tx.session.scalars(QUERIES[shape])) == {two.mine, two.theirs}

    def test_counts_its_own_alone_in_a_subquery(self, two: Two) -> None:
        with serving(two.mine), two.database.reading() as tx:
            assert tx.session.scalar(select(select(func.count(PrincipalRow.id)).scalar_subquery())) == 1

    def test_gets_no_row_of_another_by_its_key(self, two: Two) -> None:
        with serving(two.theirs), two.database.reading() as tx:
            theirs = tx.session.scalars(select(PrincipalRow.id)).one()
        with serving(two.mine), two.database.transaction() as tx:
            assert tx.session.get(PrincipalRow, theirs) is None
            assert tx.session.get(PrincipalRow, theirs, with_for_update=True, populate_existing=True) is None

    def test_changes_and_removes_none_of_another_in_bulk(self, two: Two) -> None:
        with serving(two.mine), two.database.transaction() as tx:
            tx.session.execute(update(PrincipalRow).values(name="changed"))
            tx.session.execute(delete(ProjectRow))
        with serving_all(), two.database.reading() as tx:
            assert sorted(tx.session.scalars(select(PrincipalRow.name))) == ["changed", "two"]
            assert list(tx.session.scalars(select(ProjectRow.tenant_id))) == [two.theirs]

    @pytest.mark.parametrize(
        "write",
        [
            lambda tx, two: tx.session.add(project(two.theirs)),
            lambda tx, two: tx.session.execute(
                insert(ProjectRow),
                [{"id": "x", "tenant_id": two.theirs, "name": "x", "is_default": False, "created_at": NOON}],
            ),
            lambda tx, two: setattr(tx.session.scalars(select(ProjectRow)).one(), "tenant_id", two.theirs),
            lambda tx, two: tx.serve(two.theirs),
        ],
        ids=["a new row", "new rows in bulk", "a row that changes hands", "going on for another"],
    )
    def test_is_refused_what_would_cross_to_another(self, two: Two, write: Callable[[Transaction, Two], None]) -> None:
        def cross() -> None:
            with serving(two.mine), two.database.transaction() as tx:
                write(tx, two)

        with pytest.raises(TenantCrossed):
            cross()

    def test_sees_all_while_it_looks_beyond_and_its_own_again_after_it(self, two: Two) -> None:
        with serving(two.mine), two.database.reading() as tx:
            with tx.beyond():
                assert len(tx.session.scalars(select(PrincipalRow.id)).all()) == 2
            assert len(tx.session.scalars(select(PrincipalRow.id)).all()) == 1


class TestATransactionForAll:
    def test_goes_on_for_the_tenant_that_it_found(self, two: Two) -> None:
        with serving_all(), two.database.transaction() as tx:
            tx.serve(two.mine)
            assert set(tx.session.scalars(select(PrincipalRow.tenant_id))) == {two.mine}


class TestATransactionForNobody:
    def test_is_refused(self, database: Database) -> None:

        def open_one() -> None:
            with database.reading():
                pass

        with pytest.raises(TenantUnnamed):
            Context().run(open_one)
