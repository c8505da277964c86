"""Envelope encryption: each value under a data key of its own, each data key under a master key.

Both layers are AES-256-GCM with random 96-bit nonces. A data key is used once, so its nonce cannot repeat; a master key
may wrap 2^32 data keys, which `grove.credentials.wraps` counts. Both layers are bound to the place where the value
belongs, so that a sealed value moved to another row, field or version is of no use.
"""

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from grove.credentials.errors import CredentialUnreadable
from grove.credentials.keyring import KEY_BYTES, Keyring

NONCE_BYTES = 12
_FORMAT = "v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Where a value belongs: it opens nowhere else."""

    table: str
    row_id: str
    owner_id: str
    field: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A sealed value, as it is stored. Both byte strings are nonce, ciphertext and tag."""

    kid: str
    wrapped_key: bytes
    ciphertext: bytes
    version: int


def seal(keyring: Keyring, plaintext: bytes, binding: Binding) -> Sealed:
    """Seal a value under a new data key and the ring's current master key."""
    kid = keyring.current_kid
    bound = _bound_data(binding, kid)
    data_key = AESGCM.generate_key(bit_length=KEY_BYTES * 8)
    return Sealed(
        kid=kid,
        wrapped_key=_encrypt(_master(keyring, kid, binding), data_key, bound),
        ciphertext=_encrypt(AESGCM(data_key), plaintext, bound),
        version=binding.version,
    )


def open_sealed(keyring: Keyring, sealed: Sealed, binding: Binding) -> bytes:
    """Give back the value.

    :raises CredentialUnreadable: if anything about it or its place has changed, or the ring lacks its master key.
    """
    if sealed.version != binding.version:
        raise CredentialUnreadable(row=binding.row_id, kid=sealed.kid)
    bound = _bound_data(binding, sealed.kid)
    try:
        data_key = _decrypt(_master(keyring, sealed.kid, binding), sealed.wrapped_key, bound)
        return _decrypt(AESGCM(data_key), sealed.ciphertext, bound)
    except (InvalidTag, ValueError) as error:
        raise CredentialUnreadable(row=binding.row_id, kid=sealed.kid) from error


def _master(keyring: Keyring, kid: str, binding: Binding) -> AESGCM:
    cipher = keyring.cipher(kid)
    if cipher is None:
        raise CredentialUnreadable(row=binding.row_id, kid=kid)
    return cipher


def _encrypt(cipher: AESGCM, plaintext: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plaintext, bound)


def _decrypt(cipher: AESGCM, stored: bytes, bound: bytes) -> bytes:
    return cipher.decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], bound)


def _bound_data(binding: Binding, kid: str) -> bytes:
    """The parts, each behind its length, so that no two lists of parts look alike."""
    parts = (_FORMAT, binding.table, binding.row_id, binding.owner_id, binding.field, kid, str(binding.version))
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
