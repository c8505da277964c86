from datetime import timedelta

import pytest

from grove import accounts
from grove.accounts import (
    KnownPassword,
    PasswordUnfit,
    PrincipalKind,
    Role,
    SessionLife,
    SignInRefused,
    TokenInvalid,
    Visit,
    close_session,
    hash_password,
    known_password,
    set_password,
    sign_in,
    verify_password,
)
from grove.kit.gate import Actor, Denied, Source
from grove.kit.transactions import Database, Transaction
from tests.support.people import NOON, administrator, colleague

PASSWORD = "seventeen green bottles"
LIFE = SessionLife(idle_seconds=4 * 3600, seconds_max=12 * 3600)
VISIT = Visit(source=Source.API)


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_password(PASSWORD)


def signed_in(tx: Transaction, name: str) -> accounts.Opened:
    known = known_password(tx, name=name)
    assert known is not None
    return sign_in(tx, known=known, visit=VISIT, life=LIFE, now=NOON)


def show(tx: Transaction, secret: str, *, hours: int = 0) -> Actor:
    return accounts.authenticate(tx, secret=secret, source=Source.API, now=NOON + timedelta(hours=hours))


class TestHashPassword:
    def test_is_argon2id_and_never_the_same(self, hashed: str) -> None:
        assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
        assert hash_password(PASSWORD) != hashed

    @pytest.mark.parametrize("unfit", ["short", "x" * 1_025, "aaaaaaaaaaaaaa", "Ada of London"])
    def test_refuses_what_anybody_would_try(self, unfit: str) -> None:
        with pytest.raises(PasswordUnfit) as refused:
            hash_password(unfit, name="ada of london")
        assert unfit not in str(refused.value)


class TestVerifyPassword:
    def test_does_not_tell_an_unknown_name_from_a_wrong_password(self, hashed: str) -> None:
        known = KnownPassword(principal_id="ada", hashed=hashed)
        verify_password(known, PASSWORD)
        with pytest.raises(SignInRefused):
            verify_password(known, PASSWORD + "!")
        for guess in (PASSWORD, "a password that nobody has"):
            with pytest.raises(SignInRefused):
                verify_password(None, guess)


class TestASession:
    def test_ends_when_nobody_uses_it_and_in_any_case_after_half_a_day(self, database: Database, hashed: str) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            set_password(tx, actor=admin, principal_id=admin.id, hashed=hashed, now=NOON)

            for name in ("admin", "admin@example.org"):
                secret = signed_in(tx, name).secret
                with pytest.raises(TokenInvalid):
                    show(tx, secret, hours=4)
                for hour in range(0, 12, 3):
                    assert show(tx, secret, hours=hour).id == admin.id
                    accounts.mark_token_used(tx, secret=secret, now=NOON + timedelta(hours=hour))
                    tx.session.expire_all()
                with pytest.raises(TokenInvalid):
                    show(tx, secret, hours=12)

    def test_ends_when_its_holder_or_a_new_password_ends_it(self, database: Database, hashed: str) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            token = accounts.issue_token(
                tx, actor=admin, principal_id=admin.id, name="ci", scopes=frozenset({accounts.Scope.READ}), now=NOON
            )
            set_password(tx, actor=admin, principal_id=admin.id, hashed=hashed, now=NOON)
            first, second = (signed_in(tx, "admin").secret for _ in range(2))

            assert close_session(tx, actor=admin, secret=first, now=NOON)
            assert not close_session(tx, actor=admin, secret=token.secret, now=NOON)
            set_password(tx, actor=admin, principal_id=admin.id, hashed=hash_password(PASSWORD), now=NOON)

            for ended in (first, second):
                with pytest.raises(TokenInvalid):
                    show(tx, ended)
            assert show(tx, token.secret).id == admin.id

    def test_is_not_opened_with_what_is_no_longer_so(self, database: Database, hashed: str) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            ada = colleague(tx, of=admin, role=Role.VIEWER, name="ada")
            set_password(tx, actor=ada, principal_id=ada.id, hashed=hashed, now=NOON)
            known = known_password(tx, name="ada")
            assert known is not None
            set_password(tx, actor=admin, principal_id=ada.id, hashed=hash_password(PASSWORD), now=NOON)
            with pytest.raises(SignInRefused):
                sign_in(tx, known=known, visit=VISIT, life=LIFE, now=NOON)
            accounts.set_principal_active(tx, actor=admin, principal_id=ada.id, active=False, now=NOON)
            tx.session.flush()
            assert known_password(tx, name="ada") is None

    def test_is_of_nobody_when_two_tenants_know_the_name(self, database: Database, hashed: str) -> None:
        with database.transaction() as tx:
            for tenant in ("one", "two"):
                admin = administrator(tx, name=tenant)
                ada = colleague(tx, of=admin, role=Role.VIEWER, name="ada")
                set_password(tx, actor=ada, principal_id=ada.id, hashed=hashed, now=NOON)
            tx.session.flush()

            assert known_password(tx, name="ada") is None


class TestSetPassword:
    def test_is_for_oneself_and_for_administrators(self, database: Database, hashed: str) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            ada, bob = (colleague(tx, of=admin, role=Role.MAINTAINER, name=name) for name in ("ada", "bob"))
            with pytest.raises(Denied):
                set_password(tx, actor=bob, principal_id=ada.id, hashed=hashed, now=NOON)

    def test_is_for_people_alone(self, database: Database, hashed: str) -> None:
        with database.transaction() as tx:
            admin = administrator(tx)
            service = accounts.create_principal(
                tx, actor=admin, kind=PrincipalKind.SERVICE, name="ci", role=Role.VIEWER, email=None, now=NOON
            )
            tx.session.flush()
            with pytest.raises(PasswordUnfit):
                set_password(tx, actor=admin, principal_id=service.id, hashed=hashed, now=NOON)
