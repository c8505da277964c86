"""OAuth applications: a refresh token is good for one use, and no race, fault or silence loses the next one."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from grove import credentials
from grove.credentials import Credential, CredentialDraft, CredentialInvalid, CredentialKind, OAuthGrant, Secret
from grove.forges import ForgeCredentialRejected, ForgeUnavailable
from grove.forges.oauth import OAuthTokens
from grove.kit.errors import GroveError
from tests.support.git_server import GitServer, Raw, serving
from tests.support.grove import House, house
from tests.support.threads import at_once

GRANT = {"client_id": "app", "client_secret": "s-CANARY", "refresh_token": "r-CANARY-0"}


@dataclass
class OAuthForge:
    """A forge that gives each refresh token out once, and ends everything when an old one is used again."""

    refresh: str = "r-CANARY-0"
    count: int = 0
    seconds: int = 7_200
    pause_seconds: float = 0.0
    always: Raw | None = None
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any] | Raw:
        form = parse_qs(body.decode())
        self.forms.append(form)
        time.sleep(self.pause_seconds)
        if self.always is not None:
            return self.always
        with self.lock:
            if target != "/login/oauth/access_token" or form["refresh_token"] != [self.refresh]:
                return 400, {"error": "invalid_grant", "error_description": f"{form['refresh_token']} is spent"}
            self.count += 1
            self.refresh = f"r-CANARY-{self.count}"
            return 200, {
                "access_token": f"gho_CANARY{self.count}",
                "refresh_token": self.refresh,
                "expires_in": self.seconds,
                "token_type": "bearer",
            }


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def forge(server: GitServer) -> OAuthForge:
    server.behaviour.api = made = OAuthForge()
    return made


@pytest.fixture
def made(tmp_path: Path, server: GitServer) -> Iterator[House]:
    with house(
        tmp_path / "data",
        git_ca_file=server.ca_file,
        allowed_networks=(ip_network("127.0.0.0/8"),),
        forges={f"localhost:{server.port}": "gitea"},
    ) as grove_house:
        yield grove_house


@pytest.fixture
def kept(made: House, server: GitServer) -> Credential:
    draft = CredentialDraft(
        name="app",
        host=f"localhost:{server.port}",
        username="oauth2",
        password=json.dumps(GRANT),
        kind=CredentialKind.OAUTH,
    )
    with made.grove.database.transaction() as tx:
        return credentials.add_credential(tx, actor=made.admin, keyring=made.grove.keyring, draft=draft, now=made.now)


def lease(made: House, kept: Credential) -> credentials.Lease:
    with made.grove.database.transaction() as tx:
        return lease_of(made, kept, tx)


def opened(made: House, kept: Credential) -> Secret:
    return made.grove.stores.open(lease(made, kept), path="/acme/pay.git")


class TestAnAccessToken:
    def test_is_had_and_kept_with_the_refresh_token_that_comes_with_it(
        self, made: House, forge: OAuthForge, kept: Credential
    ) -> None:
        assert opened(made, kept) == opened(made, kept) == Secret(username="oauth2", password="gho_CANARY1")
        assert forge.count == 1
        assert OAuthGrant.parse(lease(made, kept).password or "").refresh_token == "r-CANARY-1"

    def test_is_refreshed_shortly_before_it_ends(self, made: House, forge: OAuthForge, kept: Credential) -> None:
        forge.seconds = 60

        assert [opened(made, kept).password for _ in range(3)] == ["gho_CANARY1", "gho_CANARY2", "gho_CANARY3"]

    def test_is_refreshed_once_when_workers_race(self, made: House, forge: OAuthForge, kept: Credential) -> None:
        forge.pause_seconds = 0.5
        leases = [lease(made, kept) for _ in range(6)]

        found = at_once(lambda each: made.grove.stores.open(each, path="/acme/pay.git"), leases, threads=6)

        assert {secret.password for secret in found} == {"gho_CANARY1"}
        assert forge.count == len(forge.forms) == 1
        assert OAuthGrant.parse(lease(made, kept).password or "").refresh_token == forge.refresh

    def test_is_had_by_another_worker_when_the_first_has_died(
        self, made: House, forge: OAuthForge, kept: Credential
    ) -> None:
        died = made.now - timedelta(minutes=2)
        with made.grove.database.transaction() as tx:
            assert credentials.claim_refresh(tx, lease=lease_of(made, kept, tx), now=died)

        assert opened(made, kept).password == "gho_CANARY1"

    def test_is_never_written_down_in_the_clear(self, made: House, forge: OAuthForge, kept: Credential) -> None:
        opened(made, kept)
        whole = b"".join(path.read_bytes() for path in made.grove.settings.data_dir.rglob("*") if path.is_file())
        assert b"CANARY" not in whole


def lease_of(made: House, kept: Credential, tx: Any) -> credentials.Lease:
    return credentials.lease_secret(
        tx,
        actor=made.admin,
        keyring=made.grove.keyring,
        credential_id=kept.id,
        host=kept.host,
        purpose=credentials.Purpose(act="mirror.sync"),
        now=made.now,
    )


class TestARefresh:
    @pytest.mark.parametrize(
        "silence",
        [Raw(500), Raw(503), Raw(200, {}, b"<html>", "text/html"), Raw(302, {"Location": "https://127.0.0.1:1/x"})],
    )
    def test_that_is_not_answered_keeps_the_grant(
        self, made: House, forge: OAuthForge, kept: Credential, silence: Raw
    ) -> None:
        forge.always = silence
        with pytest.raises(ForgeUnavailable):
            opened(made, kept)
        forge.always = None

        assert opened(made, kept).password == "gho_CANARY1"

    @pytest.mark.parametrize(
        "refusal",
        [
            Raw(400, {}, b'{"error": "invalid_grant", "error_description": "r-CANARY-0 is spent"}'),
            Raw(401, {}, b'{"error": "invalid_client"}'),
            Raw(200, {}, b'{"error": "bad_refresh_token"}'),
        ],
    )
    def test_that_is_refused_says_so_without_the_secret(
        self, made: House, forge: OAuthForge, kept: Credential, refusal: Raw
    ) -> None:
        forge.always = refusal

        with pytest.raises(ForgeCredentialRejected) as refused:
            opened(made, kept)

        told = refused.value
        assert "CANARY" not in f"{told!s} {told!r} {told.facts} {told.__cause__!r}"
        assert told.__suppress_context__ or told.__context__ is None

    def test_does_not_undo_a_rotation_by_a_person(self, made: House, forge: OAuthForge, kept: Credential) -> None:
        turn = lease(made, kept)
        fresh = json.dumps(GRANT | {"refresh_token": "r-CANARY-new", "access_token": "gho_new"})
        with made.grove.database.transaction() as tx:
            credentials.rotate_credential(
                tx,
                actor=made.admin,
                keyring=made.grove.keyring,
                credential_id=kept.id,
                password=fresh,
                now=made.now,
            )
            grant = OAuthGrant.parse(json.dumps(GRANT | {"access_token": "gho_old"}))
            credentials.keep_grant(tx, keyring=made.grove.keyring, lease=turn, grant=grant)

        assert opened(made, kept).password == "gho_new"
        assert made.grove.stores.open(turn, path="/acme/pay.git").password == "gho_new"

    def test_goes_to_no_host_that_is_no_forge(self, made: House, server: GitServer, kept: Credential) -> None:
        grove = made.grove
        tokens = OAuthTokens(
            database=grove.database, keyring=grove.keyring, access=grove.sources.forge_access, hosts={}
        )
        turn = lease(made, kept)
        with pytest.raises(ForgeUnavailable):
            tokens.mint(turn, turn.password or "", path="/acme/pay.git", writing=False)
        assert server.requests == []


class TestAGrant:
    @pytest.mark.parametrize(
        "text",
        [
            "gho_token",
            "[]",
            "{}",
            '{"client_id": "a"}',
            '{"client_id": "a", "refresh_token": 7}',
            '{"client_id": "a", "refresh_token": "r", "token_url": "https://evil.example"}',
            '{"client_id": "a", "refresh_token": "r", "expires_at": "soon"}',
            "[" * 5_000,
        ],
    )
    def test_is_an_object_of_known_parts(self, text: str) -> None:
        with pytest.raises(CredentialInvalid):
            OAuthGrant.parse(text)

    def test_is_not_kept_in_a_store(self) -> None:
        with pytest.raises(GroveError):
            CredentialDraft(
                name="a",
                host="x.org",
                username="u",
                password="",
                reference="vault:a#b",
                kind=CredentialKind.OAUTH,
            )
