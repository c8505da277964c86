"""The kinds of credentials, and what a secret of each must look like. Pure."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from grove.credentials.errors import CredentialInvalid
from grove.credentials.ssh_keys import SshKey

RSA_BITS_MIN: Final = 2048
SECRET_CHARACTERS_MAX: Final = 16_384
_FIELDS: Final = frozenset({"client_id", "client_secret", "refresh_token", "access_token", "expires_at"})


class CredentialKind(StrEnum):
    """By what a host is opened."""

    TOKEN = "token"  # noqa: S105 - a kind
    """A password, or a token that stands for one."""
    GITHUB_APP = "github_app"
    """The private key of a GitHub App, whose id is the username: tokens for single repositories are made with it."""
    OAUTH = "oauth"
    """What an OAuth application was given: an access token for hours, and a refresh token to get the next one."""
    SSH_KEY = "ssh_key"
    """A private key for ssh:// addresses, and the keys by which its host is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthGrant:
    """What an OAuth application was given, and by what it is known."""

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_token: str = field(default="", repr=False)
    expires_at: datetime | None = None
    """When the access token ends; one that never does says nothing."""

    @classmethod
    def parse(cls, text: str) -> "OAuthGrant":
        """The grant that a JSON object tells.

        :raises CredentialInvalid: if it is none.
        """
        told = _object(text)
        texts = {name: told.get(name, "") for name in sorted(_FIELDS - {"expires_at"})}
        if not all(isinstance(value, str) and value == value.strip() for value in texts.values()):
            raise CredentialInvalid(rule="an OAuth grant has texts")
        if not (texts["client_id"] and texts["refresh_token"]) or not set(told) <= _FIELDS:
            raise CredentialInvalid(rule=f"an OAuth grant is a JSON object of {', '.join(sorted(_FIELDS))}")
        return cls(**texts, expires_at=_moment(told.get("expires_at")))

    def as_text(self) -> str:
        """How it is sealed."""
        told = asdict(self) | {"expires_at": self.expires_at.isoformat() if self.expires_at else None}
        return json.dumps(told)


def check_content(kind: CredentialKind, text: str) -> None:
    """Return when a text can be the secret of a credential of a kind other than a token.

    :raises CredentialInvalid: if it cannot; nothing of it is told.
    """
    if len(text) > SECRET_CHARACTERS_MAX:
        raise CredentialInvalid(rule=f"a secret has at most {SECRET_CHARACTERS_MAX} characters")
    if kind is CredentialKind.OAUTH:
        OAuthGrant.parse(text)
    elif kind is CredentialKind.SSH_KEY:
        SshKey.parse(text)
    elif kind is CredentialKind.GITHUB_APP:
        _check_app_key(text)


def _check_app_key(text: str) -> None:
    try:
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size < RSA_BITS_MIN:
        raise CredentialInvalid(rule=f"the key of a GitHub App is RSA, {RSA_BITS_MIN} bits or more, in PEM, unlocked")


def _object(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise CredentialInvalid(rule="an OAuth grant is a JSON object")
    return told


def _moment(told: object) -> datetime | None:
    if told is None:
        return None
    try:
        moment = datetime.fromisoformat(str(told))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CredentialInvalid(rule="expires_at is a moment with its time zone")
    return moment
