"""A webhook of a forge, and how its deliveries are signed. Pure."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from grove.repositories import address_key


class Provider(StrEnum):
    """Whose form the deliveries have; Gitea stands for Forgejo too."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BITBUCKET = "bitbucket"
    GITEA = "gitea"
    GENERIC = "generic"


class Outcome(StrEnum):
    """What came of a delivery."""

    SYNCING = "syncing"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook: deliveries signed with its secret are believed about the addresses that it covers, and no others."""

    id: str
    tenant_id: str
    provider: Provider
    covers: str
    host: str
    credential_id: str
    created_by: str
    created_at: datetime

    def is_about(self, address: str) -> bool:
        """Whether an address is the one that is covered, or lies below it."""
        key = address_key(address)
        return key == self.covers or key.startswith(f"{self.covers}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHook:
    """A hook with its secret, which cannot be shown again."""

    hook: Hook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A delivery as it came: header names in lower case, the body's own bytes."""

    headers: Mapping[str, str]
    body: bytes

    def header(self, *names: str) -> str:
        """The first of these headers that is there; empty if none is."""
        return next((self.headers[name] for name in names if self.headers.get(name)), "")

    @property
    def digest(self) -> str:
        """By what the same body is recognised."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery that was signed, and what came of it."""

    id: str
    delivery: str
    event: str
    outcome: Outcome
    reason: str
    received_at: datetime


SIGNATURE_HEADERS: Mapping[Provider, tuple[str, ...]] = {
    Provider.GITHUB: ("x-hub-signature-256",),
    Provider.GITLAB: ("x-gitlab-token",),
    Provider.BITBUCKET: ("x-hub-signature",),
    Provider.GITEA: ("x-gitea-signature", "x-forgejo-signature", "x-hub-signature-256"),
    Provider.GENERIC: ("x-hub-signature-256", "x-grove-signature-256"),
}


def is_signed(received: Received, *, provider: Provider, secret: str) -> bool:
    """Whether a delivery carries the signature that its forge makes with the secret; takes the same time either way.

    GitLab sends the secret itself; all others an HMAC-SHA256 of the body in lower-case hexadecimal, some behind
    ``sha256=``.
    """
    shown = received.header(*SIGNATURE_HEADERS[provider])
    if provider is Provider.GITLAB:
        return hmac.compare_digest(shown.encode(), secret.encode())
    expected = hmac.new(secret.encode(), received.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(shown.removeprefix("sha256=").encode(), expected.encode())
