"""Signing what is kept in the database and done later, so that nobody can change there what will be done."""

from typing import Final, Protocol

from grove.kit.errors import GroveError, Kind


class SignerMissing(GroveError):
    """Nothing can be queued, or begun, by whoever has no key to sign with."""

    kind = Kind.UNAVAILABLE
    code = "signer_missing"


class Signer(Protocol):
    """Signs messages and knows its own signatures again. Each is the id of its key, a colon, and a code."""

    @property
    def key_id(self) -> str:
        """The id of the key that signs now."""
        ...

    def sign(self, message: bytes) -> str:
        """A message's signature."""
        ...

    def is_signed(self, message: bytes, signature: str) -> bool:
        """Whether it is a signature of that message, by any key that still counts."""
        ...


class NoSigner:
    """Stands where nothing is queued and nothing begun."""

    key_id = ""

    def sign(self, message: bytes) -> str:  # noqa: ARG002 - one for all
        """Refuse.

        :raises SignerMissing: always.
        """
        raise SignerMissing

    def is_signed(self, message: bytes, signature: str) -> bool:  # noqa: ARG002 - one for all
        """Refuse.

        :raises SignerMissing: always.
        """
        raise SignerMissing


NO_SIGNER: Final = NoSigner()
