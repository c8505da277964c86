"""Opaque identifiers and secrets."""

import hashlib
import secrets
import uuid
import zlib


def new_id() -> str:
    """A new random UUID, as text."""
    return str(uuid.uuid4())


def new_secret(prefix: str) -> str:
    """An opaque secret of 256 random bits behind a recognisable prefix.

    It ends with a checksum, so that a scanner can tell one from what only looks like one without asking anybody.
    """
    body = f"{prefix}{secrets.token_urlsafe(32)}"
    return f"{body}{checksum(body)}"


def checksum(text: str) -> str:
    """What an opaque secret ends with: the CRC-32 of all before it, as eight hexadecimal digits."""
    return f"{zlib.crc32(text.encode()):08x}"


def digest(secret: str) -> str:
    """How a high-entropy secret is stored: its SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()
