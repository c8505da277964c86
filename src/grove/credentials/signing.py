"""Signing with keys that are derived from the master keys, one from each."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from grove.credentials.keyring import Keyring


class KeyringSigner:
    """Signs by HMAC-SHA256 under a key of the current master key; each key of the ring knows what it signed."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    @property
    def key_id(self) -> str:
        """The kid of the current master key."""
        return self._keyring.current_kid

    def sign(self, message: bytes) -> str:
        """The signature of a message: the kid, a colon, and the code in hexadecimal digits."""
        kid = self.key_id
        key = self._keyring.signing_key(kid)
        assert key is not None
        return f"{kid}:{_code(key, message).finalize().hex()}"

    def is_signed(self, message: bytes, signature: str) -> bool:
        """Whether a key of the ring has signed that message so."""
        kid, _, digits = signature.partition(":")
        key = self._keyring.signing_key(kid)
        if key is None:
            return False
        try:
            _code(key, message).verify(bytes.fromhex(digits))
        except (InvalidSignature, ValueError):
            return False
        return True


def _code(key: bytes, message: bytes) -> HMAC:
    code = HMAC(key, SHA256())
    code.update(message)
    return code
