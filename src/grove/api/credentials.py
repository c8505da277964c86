"""`/api/v1/credentials`: secrets for git hosts. They go in, and never come out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from grove import accounts, credentials
from grove.api.caller import Caller, CallerOf
from grove.api.routing import needs, router_at
from grove.api.shapes import Address, Line, Page, Password, Received, Shown, Wanted
from grove.credentials import CredentialKind
from grove.git import parse_remote_url, scan_host_keys
from grove.kit.transactions import Transaction
from grove.mirrors import Source, check_source

router = router_at("/api/v1/credentials", tag="credentials")


class CredentialOut(Shown):
    """Which credential it is, never what it says."""

    id: UUID
    project_id: UUID | None
    name: str
    host: str
    username: str
    fingerprint: str
    version: int
    created_by: UUID
    created_at: datetime
    last_used_at: datetime | None
    reference: str | None
    kind: CredentialKind


HostKeys = Annotated[list[Address], Field(max_length=10, description="Lines as of `known_hosts` or `ssh-keyscan`.")]


class CredentialIn(Received):
    """A credential to keep, for one host: a secret, or a reference to one in a store."""

    name: Line
    kind: CredentialKind = CredentialKind.TOKEN
    host: Line
    username: Line = Field(description="That of a token; of a GitHub App its id.")
    password: Password | None = None
    reference: Annotated[Line, Field(examples=["vault:git/github#token"])] | None = None
    project: Line | None = None
    passphrase: Password | None = Field(default=None, description="Of a locked SSH key; it is not kept.")
    host_keys: HostKeys = Field(default=[], description="The keys by which the host of an SSH key is known.")


class TrialIn(Received):
    """A repository on the credential's host, to see whether it opens it."""

    url: Address | None = None


class TrialOut(Shown):
    """The secret can be read; `branches` are those of the repository that was named."""

    credential_id: UUID
    branches: int | None


class PasswordIn(Received):
    """The secret that takes the place of the present one."""

    password: Password
    passphrase: Password | None = Field(default=None, description="Of a locked SSH key; it is not kept.")


class HostKeyOut(Shown):
    """A key of a host, and how `ssh-keygen -l` shows it."""

    key: str
    fingerprint: str
    pinned: bool
    shown: bool = Field(description="Whether the host has just shown it.")


class HostKeysOut(Shown):
    """The keys that are pinned and, if it was asked, those that the host shows."""

    credential_id: UUID
    keys: list[HostKeyOut]


class HostKeysIn(Received):
    """The keys by which a host is known from now on."""

    keys: HostKeys


@router.get("", openapi_extra=needs("credential.list"))
def list_credentials(caller: CallerOf, project: Wanted = "") -> Page[CredentialOut]:
    """Every credential, by name; of one project, when it is given by id or name."""
    with caller.reading() as tx:
        found = credentials.list_credentials(tx, actor=caller.actor, project_id=_project_id(tx, caller, project))
    return Page(items=[CredentialOut.model_validate(credential) for credential in found])


@router.post("", status_code=201, openapi_extra=needs("credential.add"))
def add_credential(wanted: CredentialIn, caller: CallerOf) -> CredentialOut:
    """Keep a secret, sealed, for the jobs that need it on its host."""
    with caller.writing() as tx:
        draft = credentials.CredentialDraft(
            name=wanted.name,
            kind=wanted.kind,
            host=wanted.host,
            username=wanted.username,
            password=_secret(wanted),
            reference=wanted.reference,
            host_keys=wanted.host_keys,
            project_id=_project_id(tx, caller, wanted.project or ""),
        )
        added = credentials.add_credential(
            tx, actor=caller.actor, keyring=caller.grove.keyring, draft=draft, now=caller.now
        )
    return CredentialOut.model_validate(added)


@router.post("/{credential_id}/rotate", openapi_extra=needs("credential.rotate"))
def rotate_credential(credential_id: UUID, wanted: PasswordIn, caller: CallerOf) -> CredentialOut:
    """Replace the secret of a credential; whatever uses it goes on using it."""
    with caller.writing() as tx:
        rotated = credentials.rotate_credential(
            tx,
            actor=caller.actor,
            keyring=caller.grove.keyring,
            credential_id=str(credential_id),
            password=wanted.password.get_secret_value(),
            passphrase=wanted.passphrase.get_secret_value() if wanted.passphrase else "",
            now=caller.now,
        )
    return CredentialOut.model_validate(rotated)


@router.get("/{credential_id}/host-keys", openapi_extra=needs("credential.list"))
def list_host_keys(credential_id: UUID, caller: CallerOf) -> HostKeysOut:
    """The keys by which the host of an SSH key is known."""
    with caller.reading() as tx:
        return _host_keys(credential_id, _pinned(tx, caller, credential_id))


@router.post("/{credential_id}/host-keys/look", openapi_extra=needs("credential.use"))
def look_at_host_keys(credential_id: UUID, caller: CallerOf) -> HostKeysOut:
    """Ask the host for its keys; nothing is pinned. Compare them with what the host's owner tells."""
    with caller.writing() as tx:
        lease = _leased(tx, caller, credential_id, host=None)
        pinned = _pinned(tx, caller, credential_id)
    with caller.edge.looks.one():
        offered = scan_host_keys(caller.grove.git.config, parse_remote_url(f"ssh://{lease.host}/any"))
    return _host_keys(credential_id, pinned, offered)


@router.put("/{credential_id}/host-keys", openapi_extra=needs("credential.rotate"))
def pin_host_keys(credential_id: UUID, wanted: HostKeysIn, caller: CallerOf) -> HostKeysOut:
    """Have the host be known by these keys, and by no others."""
    with caller.writing() as tx:
        credentials.pin_host_keys(
            tx,
            actor=caller.actor,
            keyring=caller.grove.keyring,
            credential_id=str(credential_id),
            host_keys=wanted.keys,
            now=caller.now,
        )
        return _host_keys(credential_id, _pinned(tx, caller, credential_id))


@router.post("/{credential_id}/test", openapi_extra=needs("credential.use"))
def try_credential(credential_id: UUID, wanted: TrialIn, caller: CallerOf) -> TrialOut:
    """Read the secret where it is kept and, when a repository is named, look at it with that."""
    url = parse_remote_url(wanted.url) if wanted.url else None
    host = url.authority if url else None
    with caller.writing() as tx:
        lease = _leased(tx, caller, credential_id, host=host)
    with caller.edge.looks.one():
        secret = caller.grove.stores.open(lease, path=url.path if url else None)
        if wanted.url is None:
            return TrialOut(credential_id=credential_id, branches=None)
        source = Source(address=wanted.url).opened_with(secret, credential_id=str(credential_id))
        report = check_source(source, tools=caller.grove.sources)
    return TrialOut(credential_id=credential_id, branches=report.branch_count)


@router.delete("/{credential_id}", openapi_extra=needs("credential.remove"))
def remove_credential(credential_id: UUID, caller: CallerOf) -> CredentialOut:
    """Destroy the secret."""
    with caller.writing() as tx:
        removed = credentials.remove_credential(
            tx, actor=caller.actor, credential_id=str(credential_id), now=caller.now
        )
    return CredentialOut.model_validate(removed)


def _secret(wanted: CredentialIn) -> str:
    """What is to be sealed."""
    given = wanted.password.get_secret_value() if wanted.password else ""
    if wanted.kind is not CredentialKind.SSH_KEY or not given:
        return given
    passphrase = wanted.passphrase.get_secret_value() if wanted.passphrase else ""
    return credentials.SshKey.of(given, passphrase=passphrase, host_keys=wanted.host_keys).as_text()


def _leased(tx: Transaction, caller: Caller, credential_id: UUID, *, host: str | None) -> credentials.Lease:
    """A credential, to be tried at its host."""
    return credentials.lease_to_look(
        tx,
        actor=caller.actor,
        keyring=caller.grove.keyring,
        credential_id=str(credential_id),
        host=host,
        now=caller.now,
    )


def _pinned(tx: Transaction, caller: Caller, credential_id: UUID) -> tuple[str, ...]:
    return credentials.host_keys_of(
        tx, actor=caller.actor, keyring=caller.grove.keyring, credential_id=str(credential_id), now=caller.now
    )


def _host_keys(credential_id: UUID, pinned: tuple[str, ...], offered: tuple[str, ...] = ()) -> HostKeysOut:
    shown = set(map(credentials.normal_host_key, offered))
    keys = [
        HostKeyOut(key=key, fingerprint=credentials.host_key_fingerprint(key), pinned=key in pinned, shown=key in shown)
        for key in sorted({*pinned, *shown})
    ]
    return HostKeysOut(credential_id=credential_id, keys=keys)


def _project_id(tx: Transaction, caller: Caller, project: str) -> str | None:
    return accounts.find_project(tx, actor=caller.actor, project=project).id if project else None
