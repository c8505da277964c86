"""Signing for tests that need no whole Grove."""

from typing import Final

from grove.credentials import KeyringSigner, parse_keyring

SIGNER: Final = KeyringSigner(parse_keyring("q1mC3sQk0Yd2v8X4nRt6uJb9zLw7HfPaGe5oSi+TxVA="))
