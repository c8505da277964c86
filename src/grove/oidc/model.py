"""An OpenID provider as it is configured, and what it says of somebody. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grove.accounts import Vouched

TEXT_CHARACTERS_MAX = 200
EMAIL_CHARACTERS_MAX = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """Where the provider is, and as whom it knows us."""

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    scopes: tuple[str, ...]
    groups_claim: str
    ca_file: Path | None = None
    """Authorities that are trusted in addition to the system's."""


def claims_of(told: Mapping[str, Any], *, groups_claim: str) -> Vouched:
    """What the claims of a valid ID token, with those of the user info, say to us."""
    subject = str(told["sub"])
    email = _text(told.get("email"), EMAIL_CHARACTERS_MAX) if told.get("email_verified") is True else None
    names = (_text(told.get(name), TEXT_CHARACTERS_MAX) for name in ("preferred_username", "name"))
    name = next((found for found in (*names, email) if found), subject[:TEXT_CHARACTERS_MAX])
    groups = found_claim(told, groups_claim)
    listed = groups if isinstance(groups, list) else [groups] if isinstance(groups, str) else []
    return Vouched(
        issuer=str(told["iss"]),
        subject=subject,
        name=name,
        email=email,
        # All of them, however many an answer of bounded length holds: the last may be the one that lets somebody in.
        groups=frozenset(str(group) for group in listed),
    )


def found_claim(told: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by the names on the way to it: `realm_access.roles`; None if there is none."""
    if name in told:
        return told[name]
    found: Any = told
    for step in name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _text(value: Any, characters_max: int) -> str | None:
    """A claim that is one line of text."""
    if not isinstance(value, str):
        return None
    return "".join(character for character in value if character.isprintable()).strip()[:characters_max] or None
