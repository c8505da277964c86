"""What a credential is. Pure: nothing here can unseal one."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from grove.credentials.errors import CredentialInvalid
from grove.credentials.kinds import CredentialKind, check_content
from grove.credentials.ssh_keys import SshKey
from grove.kit.names import is_portable

NAME_CHARACTERS_MAX = 100
USERNAME_CHARACTERS_MAX = 255
PASSWORD_CHARACTERS_MAX = 4096

_HOST = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(:[1-9][0-9]{0,4})?")
_PROVIDER_OF_PREFIX = {
    ("ghp_", "gho_", "ghu_", "ghs_", "github_pat_"): "github",
    ("glpat-", "gldt-", "glcbt-", "gloas-"): "gitlab",
    ("ATCTT", "ATATT", "ATBB"): "bitbucket",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What opens a host's door, in the clear; it shows itself to nobody by accident."""

    username: str
    password: str = field(repr=False)
    kind: CredentialKind = CredentialKind.TOKEN
    """A token, unless it is an SSH key with the keys of its host: no other kind opens anything by itself."""

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialDraft:
    """A credential that somebody wants to add: a name for people, the host it is for, and the secret.

    :raises CredentialInvalid: if a part is not well formed.
    """

    name: str
    host: str
    username: str
    password: str = field(repr=False)
    project_id: str | None = None
    reference: str | None = None
    """Where the secret is kept, when it is not here; the password is empty then."""
    kind: CredentialKind = CredentialKind.TOKEN
    host_keys: Sequence[str] = ()
    """By which the host of an SSH key is known; they are kept here, wherever the key is."""

    def __post_init__(self) -> None:
        _require(_is_line(self.name, NAME_CHARACTERS_MAX), f"name: one line of 1 to {NAME_CHARACTERS_MAX} characters")
        _require(is_portable(self.name), "name: no device of Windows, such as con, and no dot last")
        _require(_HOST.fullmatch(normal_host(self.host)) is not None, "host: a name or an address, and maybe a port")
        username_is_line = _is_line(self.username, USERNAME_CHARACTERS_MAX) and ":" not in self.username
        _require(username_is_line, f"username: one line of 1 to {USERNAME_CHARACTERS_MAX} characters without a colon")
        if self.kind is CredentialKind.GITHUB_APP:
            _require(self.username.isalnum() and self.username.isascii(), "username: the id of the GitHub App")
        _require(not self.host_keys or self.kind is CredentialKind.SSH_KEY, "only SSH keys have keys of their host")
        if self.reference is None:
            check_secret(self.kind, self.password)
        elif self.kind is CredentialKind.OAUTH:
            _require(False, "what an OAuth application was given changes with each use, so it is kept here")
        else:
            _require(not self.password, "either a secret or a reference to one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential as people see it: which one it is, never what it says."""

    id: str
    tenant_id: str
    project_id: str | None
    name: str
    host: str
    username: str
    fingerprint: str
    version: int
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    reference: str | None
    kind: CredentialKind


def normal_host(host: str) -> str:
    """The one spelling of a host: lower case, and no port when it is that of HTTPS."""
    return host.lower().removesuffix(":443")


def check_secret(kind: CredentialKind, secret: str) -> None:
    """Return when it can be the secret of a credential of that kind.

    :raises CredentialInvalid: if it cannot.
    """
    if kind is CredentialKind.TOKEN:
        check_password(secret)
    else:
        check_content(kind, secret)


def check_password(password: str) -> None:
    """Return when it can be a password or a token.

    :raises CredentialInvalid: if it is empty, too long, of several lines, or has white space around it.
    """
    accepted = _is_line(password, PASSWORD_CHARACTERS_MAX)
    _require(accepted, f"password: one line of 1 to {PASSWORD_CHARACTERS_MAX} characters, no space around it")


def fingerprint_of(password: str, kind: CredentialKind = CredentialKind.TOKEN) -> str:
    """By what a secret is recognised on screen: whose it looks to be, and four digits of its digest."""
    if kind is CredentialKind.SSH_KEY:
        return SshKey.parse(password).fingerprint
    provider = next((word for prefixes, word in _PROVIDER_OF_PREFIX.items() if password.startswith(prefixes)), "secret")
    return f"{provider}-{hashlib.sha256(password.encode()).hexdigest()[-4:]}"


def _is_line(text: str, characters_max: int) -> bool:
    return 0 < len(text) <= characters_max and text.isprintable() and text == text.strip()


def _require(accepted: bool, rule: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not accepted:
        raise CredentialInvalid(rule=rule)
