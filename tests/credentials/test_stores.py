"""Every place that a secret may be kept in behaves alike."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import hvac
import pytest
from moto.server import ThreadedMotoServer

from grove.credentials import (
    CredentialDraft,
    CredentialInvalid,
    CredentialKind,
    CredentialReferenced,
    EnvironmentStore,
    FileStore,
    Keyring,
    Lease,
    MasterKeyUnwrapped,
    MasterKeyWeak,
    Purpose,
    Reference,
    ReferenceInvalid,
    SecretMissing,
    SecretStore,
    SecretStores,
    SshKey,
    StoreRefused,
    StoreUnavailable,
    StoreUnknown,
    add_credential,
    create_key_file,
    host_keys_of,
    kids_in_use,
    kms_wrapper,
    lease_secret,
    load_keyring,
    pin_host_keys,
    read_secret,
    reseal_credentials,
    rotate_credential,
    rotate_key_file,
    secrets_manager,
    vault_store,
)
from grove.kit.gate import Actor
from grove.kit.transactions import Transaction
from tests.credentials.conftest import NOON, TOKEN
from tests.support.openbao import PROGRAM, ROOT_TOKEN, running_openbao
from tests.support.ssh_server import new_key

HOST = "git.example.org"
REGION = "eu-central-1"
SECOND = "glpat-another-secret-0123456789"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A store, and how whoever looks after it puts a secret into a tenant's part of it."""

    name: str
    store: SecretStore
    put: Callable[[str, str], None]
    field: str | None = None
    knows_tenants: bool = True


@pytest.fixture(scope="module")
def openbao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hvac.Client]:
    if not PROGRAM.exists():
        pytest.skip("OpenBao is missing: `make test` installs it")
    with running_openbao(tmp_path_factory.mktemp("openbao")) as client:
        yield client


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    before = {name: os.environ.get(name) for name in keys}
    os.environ.update(keys)
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})
    server.stop()


def vault_place(client: hvac.Client) -> Place:
    def put(name: str, value: str) -> None:
        client.secrets.kv.v2.create_or_update_secret(path=f"grove/acme/{name}", secret={"token": value})

    store = vault_store(url=client.url, token=ROOT_TOKEN, mount="secret", path="grove/{tenant}")
    return Place(name="vault", store=store, put=put)


def aws_place(endpoint: str) -> Place:
    client: Any = boto3.client("secretsmanager", region_name=REGION, endpoint_url=endpoint)

    def put(name: str, value: str) -> None:
        identifier, document = f"grove/acme/{name}", json.dumps({"token": value})
        try:
            client.create_secret(Name=identifier, SecretString=document)
        except client.exceptions.ResourceExistsException:
            client.put_secret_value(SecretId=identifier, SecretString=document)

    store = secrets_manager(prefix="grove/{tenant}/", region=REGION, endpoint=endpoint)
    return Place(name="aws", store=store, put=put, field="token")


def file_place(folder: Path) -> Place:
    def put(name: str, value: str) -> None:
        (folder / name).write_text(f"{value}\n")

    return Place(name="file", store=FileStore(folder), put=put, knows_tenants=False)


def environment_place() -> Place:
    variables: dict[str, str] = {}
    return Place(name="env", store=EnvironmentStore(variables), put=variables.__setitem__, knows_tenants=False)


@pytest.fixture(params=["vault", "aws", "file", "env"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "vault":
        return vault_place(request.getfixturevalue("openbao"))
    if request.param == "aws":
        return aws_place(request.getfixturevalue("aws"))
    return file_place(tmp_path) if request.param == "file" else environment_place()


def credential(tx: Transaction, keyring: Keyring, actor: Actor, reference: str, *, name: str = "ci") -> str:
    draft = CredentialDraft(name=name, host="github.com", username="bot", password="", reference=reference)
    return add_credential(tx, actor=actor, keyring=keyring, draft=draft, now=NOON).id


@dataclass(frozen=True, kw_only=True)
class Key:
    """Both parts of a key, as ssh-keygen writes them."""

    private_key: str
    public_key: str


def made_key() -> Key:
    made = new_key()
    public = " ".join(made.export_public_key().decode().split()[:2])
    return Key(private_key=made.export_private_key().decode(), public_key=public)


def lease(tx: Transaction, keyring: Keyring, ada: Actor, credential_id: str, *, host: str = "github.com") -> Lease:
    asked: Any = {"purpose": Purpose(act="mirror.sync"), "now": NOON}
    return lease_secret(tx, actor=ada, keyring=keyring, credential_id=credential_id, host=host, **asked)


class TestEveryStore:
    def test_gives_what_was_put_there_and_what_takes_its_place(
        self, place: Place, tx: Transaction, keyring: Keyring, ada: Actor
    ) -> None:
        place.put("git", TOKEN)
        stores = SecretStores({place.name: place.store})
        field = f"#{place.field}" if place.field else ""
        identifier = credential(tx, keyring, ada, f"{place.name}:git{field}")

        def opened() -> str:
            leased = lease(tx, keyring, ada, identifier)
            assert TOKEN not in repr(leased)
            return stores.open(leased).password

        assert opened() == TOKEN
        place.put("git", SECOND)
        assert opened() == SECOND

    def test_says_what_is_not_there(self, place: Place) -> None:
        place.put("git", TOKEN)
        for name, field in (("other", place.field), ("git", "no-such-field")):
            with pytest.raises(SecretMissing) as missing:
                place.store.read(name, field=field, tenant_id="acme")
            assert TOKEN not in str(missing.value)

    def test_gives_an_ssh_key_whose_hosts_keys_are_pinned_here(
        self, place: Place, tx: Transaction, keyring: Keyring, ada: Actor
    ) -> None:
        key, host_key, other = (made_key() for _ in range(3))
        place.put("deploy", key.private_key)
        reference = f"{place.name}:deploy" + (f"#{place.field}" if place.field else "")
        draft = CredentialDraft(
            name="deploy",
            host=HOST,
            username="git",
            password="",
            reference=reference,
            kind=CredentialKind.SSH_KEY,
            host_keys=[f"{HOST} {host_key.public_key} of the host"],
        )
        added = add_credential(tx, actor=ada, keyring=keyring, draft=draft, now=NOON)
        named: Any = {"actor": ada, "keyring": keyring, "credential_id": added.id}
        stores = SecretStores({place.name: place.store})

        def opened() -> SshKey:
            secret = stores.open(lease(tx, keyring, ada, added.id, host=HOST), path="app.git")
            assert secret.kind is CredentialKind.SSH_KEY
            return SshKey.parse(secret.password)

        assert host_keys_of(tx, **named, now=NOON) == (host_key.public_key,)
        assert opened().fingerprint == SshKey.of(key.private_key).fingerprint
        assert opened().host_keys == (host_key.public_key,)
        pin_host_keys(tx, **named, host_keys=[other.public_key], now=NOON)
        assert opened().host_keys == (other.public_key,)
        assert reseal_credentials(tx, keyring=keyring, count_max=10, now=NOON) == 0
        assert kids_in_use(tx) == {keyring.current_kid}
        with pytest.raises(CredentialReferenced):
            rotate_credential(tx, **named, password=key.private_key, now=NOON)
        place.put("deploy", "this is no key")
        with pytest.raises(CredentialInvalid) as refused:
            opened()
        assert "no key" not in str(refused.value)

    def test_keeps_tenants_apart(self, place: Place) -> None:
        if not place.knows_tenants:
            pytest.skip("it is read on servers of one tenant alone")
        place.put("git", TOKEN)
        with pytest.raises(SecretMissing):
            place.store.read("git", field=place.field, tenant_id="other")


class TestAStoreThatIsAway:
    def test_is_told_and_may_be_tried_again(self, aws: str) -> None:
        nowhere = "http://127.0.0.1:1"
        for store in (
            vault_store(url=nowhere, token="t", mount="secret", path="{tenant}"),
            secrets_manager(prefix="{tenant}/", region=REGION, endpoint=nowhere),
        ):
            with pytest.raises(StoreUnavailable) as away:
                store.read("git", field=None, tenant_id="acme")
            assert away.value.transient

    def test_or_refuses_us_is_told_apart(self, openbao: hvac.Client, tmp_path: Path) -> None:
        store = vault_store(url=openbao.url, token="no-such-token", mount="secret", path="grove/{tenant}")
        with pytest.raises(StoreRefused):
            store.read("git", field=None, tenant_id="acme")


class TestFiles:
    def test_outside_of_the_folder_are_not_read(self, tmp_path: Path) -> None:
        (tmp_path / "secrets").mkdir()
        (tmp_path / "outside").write_text(TOKEN)
        (tmp_path / "secrets" / "link").symlink_to(tmp_path / "outside")
        (tmp_path / "secrets" / "data").mkdir()
        (tmp_path / "secrets" / "data" / "git").write_text(TOKEN)
        (tmp_path / "secrets" / "git").symlink_to("data/git")
        store = FileStore(tmp_path / "secrets")

        assert store.read("git", field=None, tenant_id="acme") == TOKEN
        for name in ("link", "../outside", "data", "git/x"):
            with pytest.raises(SecretMissing):
                store.read(name, field=None, tenant_id="acme")


class TestAReference:
    @pytest.mark.parametrize(
        "text", ["vault", "vault:", "vault:/a", "vault:a//b", "vault:../b", "env:a b", "x:a#", "x:a\n"]
    )
    def test_is_refused_when_it_is_none(self, text: str) -> None:
        with pytest.raises(ReferenceInvalid):
            Reference.parse(text)

    def test_has_a_store_a_name_and_maybe_a_field(self) -> None:
        assert Reference.parse("vault:git/github#token") == Reference(store="vault", name="git/github", field="token")

    def test_to_a_store_that_is_not_there(self, tx: Transaction, keyring: Keyring, ada: Actor) -> None:
        identifier = credential(tx, keyring, ada, "vault:git")
        leased = lease(tx, keyring, ada, identifier)
        with pytest.raises(StoreUnknown):
            SecretStores({}).open(leased)

    def test_is_changed_in_its_store_and_never_sealed(self, tx: Transaction, keyring: Keyring, ada: Actor) -> None:
        identifier = credential(tx, keyring, ada, "env:GIT")
        with pytest.raises(CredentialReferenced):
            rotate_credential(tx, actor=ada, keyring=keyring, credential_id=identifier, password=SECOND, now=NOON)
        with pytest.raises(CredentialReferenced):
            read_secret(tx, keyring=keyring, tenant_id="acme", credential_id=identifier, host="github.com", now=NOON)

    def test_stands_in_the_place_of_a_secret(self) -> None:
        with pytest.raises(CredentialInvalid):
            CredentialDraft(name="ci", host="github.com", username="bot", password=TOKEN, reference="env:GIT")


class TestAMasterKeyInKms:
    def test_is_of_no_use_without_it(self, aws: str, tmp_path: Path) -> None:
        client: Any = boto3.client("kms", region_name=REGION, endpoint_url=aws)
        key_id = client.create_key()["KeyMetadata"]["KeyId"]
        wrapper = kms_wrapper(key_id=key_id, region=REGION, endpoint=aws)
        path = tmp_path / "master.key"
        create_key_file(path, wrapper=wrapper)
        ring = load_keyring(path, wrapper=wrapper)
        first = ring.current_kid

        rotated = rotate_key_file(path, wrapper=wrapper)

        assert path.read_text().count("wrapped:") == 2
        assert ring.kids == {first, rotated.current_kid}
        with pytest.raises(MasterKeyWeak):
            load_keyring(path)
        other = client.create_key()["KeyMetadata"]["KeyId"]
        path.write_text(path.read_text().replace("wrapped:", "wrapped:AAAA"))
        with pytest.raises(MasterKeyUnwrapped):
            load_keyring(path, wrapper=kms_wrapper(key_id=other, region=REGION, endpoint=aws))
