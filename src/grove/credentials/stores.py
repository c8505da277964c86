"""Where a secret may be kept other than in Grove's own rows: a store that somebody else looks after.

A credential then holds a reference, such as `vault:git/github#token`. The secret is read each time it is needed,
so that it is rotated where it is kept; Grove keeps no copy. Reading is a call over a network: never inside of a
transaction.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self

from grove.credentials.errors import ReferenceInvalid, SecretMissing, StoreUnknown
from grove.credentials.kinds import CredentialKind
from grove.credentials.model import Secret, check_secret
from grove.credentials.ssh_keys import SshKey

REFERENCE_CHARACTERS_MAX = 500
STORES_OF_ONE_TENANT = frozenset({"env", "file"})
"""These know no tenants, so a server of several tenants reads nothing from them."""
_WORD = r"[A-Za-z0-9_][\w.-]*"
_REFERENCE = re.compile(rf"(?P<store>[a-z]+):(?P<name>{_WORD}(/{_WORD})*)(#(?P<field>{_WORD}))?", re.ASCII)


class SecretStore(Protocol):
    """A store that secrets are read from."""

    def read(self, name: str, *, field: str | None, tenant_id: str) -> str:
        """The secret of that name, of one of its fields when it has several; in the tenant's own part of the store.

        :raises SecretMissing: if there is none.
        :raises StoreRefused: if the store does not let us.
        :raises StoreUnavailable: if it does not answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where a secret is: in which store, under which name, in which field."""

    store: str
    name: str
    field: str | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a reference.

        :raises ReferenceInvalid: if it is none.
        """
        found = _REFERENCE.fullmatch(text) if len(text) <= REFERENCE_CHARACTERS_MAX else None
        if found is None:
            raise ReferenceInvalid(example="vault:git/github#token")
        return cls(store=found["store"], name=found["name"], field=found["field"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What was leased for one host: the password, or where to read it."""

    tenant_id: str
    username: str
    password: str | None = field(repr=False)
    """What is sealed: a password, or what one is made with."""
    reference: str | None
    credential_id: str = ""
    version: int = 1
    kind: CredentialKind = CredentialKind.TOKEN
    host: str = ""
    host_keys: tuple[str, ...] = ()
    """By which the host is known, of an SSH key that is kept in a store; else they are sealed with the key."""


class Minter(Protocol):
    """Makes what opens a repository from a credential that is itself no password."""

    def mint(self, lease: Lease, content: str, *, path: str, writing: bool) -> Secret:
        """The secret for the repository at that path of the lease's host; it may take calls over a network.

        :raises GroveError: if the host gives none.
        """
        ...

    def forget(self, lease: Lease, *, path: str) -> bool:
        """Forget a secret that the host has just refused; whether the next one will be another."""
        ...


class SecretStores:
    """The stores that this server may read from, by name."""

    def __init__(
        self, stores: Mapping[str, SecretStore], *, minters: Mapping[CredentialKind, Minter] | None = None
    ) -> None:
        self._stores = stores
        self._minters = minters or {}

    @property
    def names(self) -> frozenset[str]:
        """Which there are."""
        return frozenset(self._stores)

    def open(self, lease: Lease, *, path: str | None = None, writing: bool = False) -> Secret:
        """What opens the repository at a path of the lease's host; call it outside of any transaction.

        Without a path it is only seen whether the secret can be read. It holds for a while, so ask again in long work.

        :raises GroveError: if the host makes no token for the repository.
        :raises StoreUnknown: if this server has no such store.
        :raises SecretMissing: if the store has no such secret, or it is none.
        :raises StoreRefused: if the store does not let us.
        :raises StoreUnavailable: if it does not answer.
        """
        content = lease.password if lease.password is not None else self._read(lease)
        minter = self._minters.get(lease.kind)
        if minter is None or path is None:
            kind = CredentialKind.SSH_KEY if lease.kind is CredentialKind.SSH_KEY else CredentialKind.TOKEN
            return Secret(username=lease.username, password=content, kind=kind)
        return minter.mint(lease, content, path=path, writing=writing)

    def forget(self, lease: Lease, *, path: str) -> bool:
        """Forget what was made for a repository and has just been refused; whether it is worth to open it once more."""
        minter = self._minters.get(lease.kind)
        return minter is not None and minter.forget(lease, path=path)

    def _read(self, lease: Lease) -> str:
        reference = Reference.parse(lease.reference or "")
        store = self._stores.get(reference.store)
        if store is None:
            raise StoreUnknown(store=reference.store, known=", ".join(sorted(self._stores)))
        found = store.read(reference.name, field=reference.field, tenant_id=lease.tenant_id).rstrip("\r\n")
        if not found:
            raise SecretMissing(name=reference.name, reason="it is empty")
        if lease.kind is CredentialKind.SSH_KEY:
            return SshKey.of(found, host_keys=lease.host_keys).as_text()
        check_secret(lease.kind, found)
        return found
