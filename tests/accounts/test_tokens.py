from datetime import timedelta

import pytest

from grove import accounts, activity
from grove.accounts import (
    PrincipalKind,
    PrincipalNotFound,
    Role,
    Scope,
    TokenInvalid,
    TokenNotFound,
    TokenSpent,
    issue_token,
    report_leak,
    revoke_token,
    rotate_token,
)
from grove.kit.gate import Actor, Source
from grove.kit.ids import checksum, new_secret
from grove.kit.transactions import Database, Transaction
from tests.support.people import NOON, administrator, colleague

HOUR = timedelta(hours=1)
BOTH = frozenset({Scope.READ, Scope.WRITE})


def issued_to(tx: Transaction, actor: Actor, *, days: int | None = 10) -> accounts.Issued:
    return issue_token(tx, actor=actor, principal_id=actor.id, name="ci", scopes=BOTH, now=NOON, days=days)


def works(tx: Transaction, secret: str, *, after: timedelta = timedelta()) -> bool:
    try:
        accounts.authenticate(tx, secret=secret, source=Source.API, now=NOON + after)
    except TokenInvalid:
        return False
    return True


class TestASecret:
    def test_ends_with_a_checksum_that_scanners_can_verify(self) -> None:
        secret = new_secret("grove_")

        assert secret[-8:] == checksum(secret[:-8])
        assert checksum(secret[:-9]) != secret[-8:]


class TestRotateToken:
    def test_lets_the_old_one_work_for_the_overlap_and_no_longer(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            old = issued_to(tx, admin)
            new = rotate_token(tx, actor=admin, token_id=old.token.id, overlap_hours=2, now=NOON + HOUR)

            assert new.secret != old.secret
            assert (new.token.name, new.token.scopes) == ("ci", BOTH)
            assert new.token.expires_at == NOON + HOUR + timedelta(days=10)
            assert works(tx, old.secret, after=2 * HOUR)
            assert not works(tx, old.secret, after=3 * HOUR)
            assert works(tx, new.secret, after=3 * HOUR)

    def test_never_lengthens_the_life_of_the_old_one(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            old = issued_to(tx, admin, days=1)
            rotate_token(tx, actor=admin, token_id=old.token.id, overlap_hours=100, now=NOON)

            assert not works(tx, old.secret, after=timedelta(days=1))

    def test_happens_once(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            old = issued_to(tx, admin, days=None)
            rotate_token(tx, actor=admin, token_id=old.token.id, overlap_hours=0, now=NOON)

            assert not works(tx, old.secret)
            with pytest.raises(TokenSpent):
                rotate_token(tx, actor=admin, token_id=old.token.id, overlap_hours=1, now=NOON)

    def test_is_for_the_owner_and_for_administrators_of_the_tenant(self, database: Database) -> None:
        with database.transaction() as tx:
            admin, elsewhere = administrator(tx), administrator(tx, name="other")
            ada, bob = (colleague(tx, of=admin, role=Role.DEVELOPER, name=name) for name in ("ada", "bob"))
            token_id = issued_to(tx, ada).token.id

            for other in (bob, elsewhere):
                with pytest.raises(TokenNotFound):
                    rotate_token(tx, actor=other, token_id=token_id, overlap_hours=1, now=NOON)
                with pytest.raises(TokenNotFound):
                    revoke_token(tx, actor=other, token_id=token_id, now=NOON)
            assert (
                rotate_token(tx, actor=ada, token_id=token_id, overlap_hours=1, now=NOON).token.principal_id == ada.id
            )


class TestReportLeak:
    def test_ends_a_token_and_says_so_in_the_trail(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            lost = issued_to(tx, admin)

            assert report_leak(tx, secret=lost.secret, source=Source.API, now=NOON)
            assert not works(tx, lost.secret)
            assert not report_leak(tx, secret=lost.secret, source=Source.API, now=NOON)
        with database.reading() as tx:
            entries = activity.list_entries(tx, actor=admin, question=activity.AuditQuestion(action="token.leak"))
        assert [entry.target_id for entry in entries] == [lost.token.id]
        assert lost.secret not in str(entries)

    def test_of_what_is_no_token_leaves_no_trace(self, database: Database) -> None:
        with database.transaction() as tx:
            administrator(tx)

            assert not report_leak(tx, secret="grove_nothing", source=Source.API, now=NOON)


class TestTheSteward:
    def test_is_nobody_that_can_be_given_a_token_or_shut_out(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            steward = accounts.steward(tx, tenant_id=admin.tenant_id, source=Source.WORKER, now=NOON)

            with pytest.raises(PrincipalNotFound):
                issued_to_other(tx, admin, steward.id)
            with pytest.raises(PrincipalNotFound):
                accounts.set_principal_active(tx, actor=admin, principal_id=steward.id, active=False, now=NOON)

    def test_is_not_a_service_that_somebody_made(self, database: Database) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            service = accounts.create_principal(
                tx, actor=admin, kind=PrincipalKind.SERVICE, name="ci", role=Role.VIEWER, email=None, now=NOON
            )
            tx.session.flush()

            steward = accounts.steward(tx, tenant_id=admin.tenant_id, source=Source.WORKER, now=NOON)

            assert steward.id != service.id


def issued_to_other(tx: Transaction, actor: Actor, principal_id: str) -> accounts.Issued:
    return issue_token(tx, actor=actor, principal_id=principal_id, name="x", scopes=BOTH, now=NOON)
