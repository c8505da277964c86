import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from grove import activity
from grove.credentials import (
    CredentialDraft,
    CredentialHostMismatch,
    CredentialInvalid,
    CredentialNameTaken,
    CredentialNotFound,
    CredentialUnreadable,
    Keyring,
    MasterKeyMissing,
    Purpose,
    Secret,
    SecretStores,
    add_credential,
    check_keyring,
    get_credential,
    lease_secret,
    list_credentials,
    parse_keyring,
    remove_credential,
    reseal_credentials,
    rotate_credential,
)
from grove.kit.gate import Actor, Denied
from grove.kit.transactions import Database, Transaction
from tests.credentials.conftest import NOON, TOKEN, actor_of, draft_of, new_key

LATER = NOON + timedelta(hours=1)
PURPOSE = Purpose(act="mirror.sync", repository_id="pay", job_id="j1")


def lease(
    tx: Transaction, keyring: Keyring, credential_id: str, *, tenant: str = "acme", host: str = "github.com"
) -> Secret:
    asked: Any = {"actor": actor_of(tenant), "purpose": PURPOSE, "now": LATER}
    return SecretStores({}).open(lease_secret(tx, keyring=keyring, credential_id=credential_id, host=host, **asked))


@pytest.fixture
def ci(tx: Transaction, ada: Actor, keyring: Keyring) -> str:
    return add_credential(tx, actor=ada, keyring=keyring, draft=draft_of(), now=NOON).id


class TestAddCredential:
    def test_shows_whose_secret_it_is_and_not_the_secret(self, tx: Transaction, ada: Actor, keyring: Keyring) -> None:
        added = add_credential(tx, actor=ada, keyring=keyring, draft=draft_of(), now=NOON)

        assert (added.host, added.version, added.created_by) == ("github.com", 1, ada.id)
        assert added.fingerprint.startswith("github-")
        assert list_credentials(tx, actor=ada) == [added]
        assert get_credential(tx, tenant_id="acme", credential_id=added.id) == added
        assert TOKEN not in repr(added) + repr(draft_of()) + repr(Secret(username="u", password=TOKEN))

    def test_refuses_a_second_of_the_same_name_and_keeps_the_transaction(
        self, tx: Transaction, ada: Actor, keyring: Keyring, ci: str
    ) -> None:
        with pytest.raises(CredentialNameTaken) as refused:
            add_credential(tx, actor=ada, keyring=keyring, draft=draft_of(), now=NOON)

        assert refused.value.__cause__ is None
        add_credential(tx, actor=actor_of("other"), keyring=keyring, draft=draft_of(), now=NOON)
        assert [credential.id for credential in list_credentials(tx, actor=ada)] == [ci]

    @pytest.mark.parametrize(
        "change",
        [
            {"name": ""},
            {"name": "two\nlines"},
            {"name": "x" * 101},
            {"host": "https://github.com"},
            {"host": "git hub.com"},
            {"host": "github.com:0"},
            {"host": "github.com/acme"},
            {"host": "gith\u00fcb.com"},
            {"username": "a:b"},
            {"username": ""},
            {"password": ""},
            {"password": f"{TOKEN}\nhost=evil.example"},
            {"password": f"{TOKEN} "},
            {"password": "\0"},
            {"password": "x" * 4097},
        ],
    )
    def test_refuses_what_is_not_well_formed_without_repeating_it(self, change: dict[str, Any]) -> None:
        with pytest.raises(CredentialInvalid) as refused:
            replace(draft_of(), **change)

        assert TOKEN not in str(refused.value)

    @pytest.mark.parametrize("host", ["git.example.com:8443", "10.0.0.7", "[fd00::7]:8443", "localhost"])
    def test_takes_any_host_with_or_without_a_port(self, host: str) -> None:
        assert draft_of(host=host).host == host

    def test_keeps_the_projects_apart_when_asked(self, tx: Transaction, ada: Actor, keyring: Keyring, ci: str) -> None:
        draft = CredentialDraft(name="web", host="a.example", username="git", password="secret", project_id="web")
        web = add_credential(tx, actor=ada, keyring=keyring, draft=draft, now=NOON)

        assert list_credentials(tx, actor=ada, project_id="web") == [web]


class TestLeaseSecret:
    def test_unseals_for_the_host_and_notes_the_use(
        self, tx: Transaction, ada: Actor, keyring: Keyring, ci: str
    ) -> None:
        assert lease(tx, keyring, ci, host="GITHUB.com") == Secret(username="x-access-token", password=TOKEN)
        assert list_credentials(tx, actor=ada)[0].last_used_at == LATER

    @pytest.mark.parametrize("host", ["gitlab.com", "github.com:8443", "github.com.evil.example", "api.github.com", ""])
    def test_refuses_another_host(self, tx: Transaction, keyring: Keyring, ci: str, host: str) -> None:
        with pytest.raises(CredentialHostMismatch):
            lease(tx, keyring, ci, host=host)

    def test_refuses_another_tenant(self, tx: Transaction, keyring: Keyring, ci: str) -> None:
        with pytest.raises(CredentialNotFound):
            lease(tx, keyring, ci, tenant="other")

    @pytest.mark.parametrize(
        "change",
        [
            "host = 'evil.example'",
            "tenant_id = 'evil'",
            "version = version + 1",
            "kid = '0123456789abcdef'",
            "ciphertext = substr(ciphertext, 1, 20)",
            "wrapped_key = x''",
        ],
    )
    def test_fails_when_the_row_was_changed(self, tx: Transaction, keyring: Keyring, ci: str, change: str) -> None:
        tx.session.flush()
        tx.session.execute(text(f"UPDATE credentials SET {change}"))
        tx.session.expire_all()

        tenant, host = tx.session.execute(text("SELECT tenant_id, host FROM credentials")).one()
        with pytest.raises(CredentialUnreadable):
            lease(tx, keyring, ci, tenant=tenant, host=host)

    def test_fails_when_two_rows_swapped_their_secrets(
        self, tx: Transaction, ada: Actor, keyring: Keyring, ci: str
    ) -> None:
        other = add_credential(tx, actor=ada, keyring=keyring, draft=draft_of("other"), now=NOON).id
        stored = tx.session.execute(text("SELECT id, wrapped_key, ciphertext FROM credentials")).all()
        partner = {ci: other, other: ci}
        for row, wrapped_key, ciphertext in stored:
            values = {"id": partner[row], "wrapped_key": wrapped_key, "ciphertext": ciphertext}
            tx.session.execute(
                text("UPDATE credentials SET wrapped_key = :wrapped_key, ciphertext = :ciphertext WHERE id = :id"),
                values,
            )
        tx.session.expire_all()

        for credential_id in (ci, other):
            with pytest.raises(CredentialUnreadable):
                lease(tx, keyring, credential_id)


class TestRotateCredential:
    def test_gives_the_new_secret_from_then_on(self, tx: Transaction, ada: Actor, keyring: Keyring, ci: str) -> None:
        rotated = rotate_credential(
            tx, actor=ada, keyring=keyring, credential_id=ci, password="glpat-new-secret", now=LATER
        )

        assert rotated.version == 2
        assert rotated.fingerprint.startswith("gitlab-")
        assert lease(tx, keyring, ci).password == "glpat-new-secret"

    def test_refuses_an_unknown_one_and_a_bad_secret(
        self, tx: Transaction, ada: Actor, keyring: Keyring, ci: str
    ) -> None:
        with pytest.raises(CredentialNotFound):
            rotate_credential(tx, actor=ada, keyring=keyring, credential_id="none", password="new", now=LATER)
        with pytest.raises(CredentialInvalid):
            rotate_credential(tx, actor=ada, keyring=keyring, credential_id=ci, password="two\nlines", now=LATER)


class TestRemoveCredential:
    def test_destroys_the_secret_and_frees_the_name(
        self, tx: Transaction, ada: Actor, keyring: Keyring, ci: str
    ) -> None:
        remove_credential(tx, actor=ada, credential_id=ci, now=LATER)

        with pytest.raises(CredentialNotFound):
            lease(tx, keyring, ci)
        with pytest.raises(CredentialNotFound):
            remove_credential(tx, actor=ada, credential_id=ci, now=LATER)
        assert list_credentials(tx, actor=ada) == []
        tx.session.flush()
        assert tx.session.execute(text("SELECT wrapped_key, ciphertext FROM credentials")).one() == (b"", b"")
        again = add_credential(tx, actor=ada, keyring=keyring, draft=draft_of(), now=LATER)
        assert list_credentials(tx, actor=ada) == [again]


class TestResealCredentials:
    def test_moves_every_secret_under_the_new_key_in_small_steps(self, database: Database, ada: Actor) -> None:
        old, new = new_key(), new_key()
        with database.transaction() as tx:
            ids = [
                add_credential(tx, actor=ada, keyring=parse_keyring(old), draft=draft_of(f"c{number}"), now=NOON).id
                for number in range(5)
            ]
        both = parse_keyring(f"{new}\n{old}")

        moved: list[int] = []
        while not moved or moved[-1]:
            with database.transaction() as tx:
                moved.append(reseal_credentials(tx, keyring=both, count_max=2, now=LATER))
                assert {lease(tx, both, credential_id).password for credential_id in ids} == {TOKEN}

        assert moved == [2, 2, 1, 0]
        with database.transaction() as tx:
            check_keyring(tx, keyring=parse_keyring(new))
            assert lease(tx, parse_keyring(new), ids[0]).password == TOKEN

    def test_refuses_a_ring_that_lacks_a_key_still_in_use(self, tx: Transaction, keyring: Keyring, ci: str) -> None:
        check_keyring(tx, keyring=keyring)

        with pytest.raises(MasterKeyMissing) as refused:
            check_keyring(tx, keyring=parse_keyring(new_key()))

        assert refused.value.facts["kids"] == keyring.current_kid


class TestPermission:
    @pytest.mark.parametrize(
        "act",
        [
            lambda tx, guest, ring, ci: add_credential(tx, actor=guest, keyring=ring, draft=draft_of("new"), now=NOON),
            lambda tx, guest, ring, ci: list_credentials(tx, actor=guest),
            lambda tx, guest, ring, ci: remove_credential(tx, actor=guest, credential_id=ci, now=NOON),
            lambda tx, guest, ring, ci: rotate_credential(
                tx, actor=guest, keyring=ring, credential_id=ci, password="new", now=NOON
            ),
        ],
    )
    def test_is_asked_by_every_operation(
        self, tx: Transaction, keyring: Keyring, ci: str, act: Callable[..., object]
    ) -> None:
        with pytest.raises(Denied):
            act(tx, actor_of("acme", role="guest"), keyring, ci)

    def test_of_one_tenant_reaches_no_other(self, tx: Transaction, keyring: Keyring, ci: str) -> None:
        stranger = actor_of("other")

        with pytest.raises(CredentialNotFound):
            remove_credential(tx, actor=stranger, credential_id=ci, now=NOON)
        with pytest.raises(CredentialNotFound):
            rotate_credential(tx, actor=stranger, keyring=keyring, credential_id=ci, password="new", now=NOON)
        assert list_credentials(tx, actor=stranger) == []


class TestSecrecy:
    def test_leaves_the_secret_in_no_file_no_log_and_no_audit_entry(
        self, database: Database, ada: Actor, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        keyring = parse_keyring(new_key())
        with database.transaction() as tx:
            ci = add_credential(tx, actor=ada, keyring=keyring, draft=draft_of(), now=NOON).id
        with database.transaction() as tx:
            lease(tx, keyring, ci)
            rotate_credential(tx, actor=ada, keyring=keyring, credential_id=ci, password=f"{TOKEN}2", now=LATER)
        with pytest.raises(CredentialNameTaken), database.transaction() as tx:
            add_credential(tx, actor=ada, keyring=keyring, draft=draft_of(), now=NOON)

        with database.transaction() as tx:
            entries = activity.list_entries(tx, actor=ada)
            assert [entry.action for entry in entries] == ["credential.rotate", "credential.use", "credential.add"]
            assert "CANARY" not in repr(entries)
        assert "CANARY" not in caplog.text
        for file in tmp_path.iterdir():
            assert b"CANARY" not in file.read_bytes()
