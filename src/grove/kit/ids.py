"""Opaque identifiers and secrets."""

import hashlib
import secrets
import uuid


def new_id() -> str:
    """A new random UUID, as text."""
    return str(uuid.uuid4())


def new_secret(prefix: str) -> str:
    """An opaque secret of 256 random bits behind a recognisable prefix."""
    return f"{prefix}{secrets.token_urlsafe(32)}"


def digest(secret: str) -> str:
    """How a high-entropy secret is stored: its SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()
