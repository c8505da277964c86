"""SSH keys: a private key, unlocked when it is added, and the keys by which its host is known."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from grove.credentials.errors import CredentialInvalid

RSA_BITS_MIN: Final = 2048
HOST_KEYS_MAX: Final = 10
HOST_KEY_CHARACTERS_MAX: Final = 4_096
KEY_CHARACTERS_MAX: Final = 16_384
HOST_KEY_TYPES: Final = frozenset(
    {"ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"}
)
_PrivateKey = RSAPrivateKey | Ed25519PrivateKey | EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SshKey:
    """What is sealed of an SSH key; the private key is empty when a store keeps it."""

    private_key: str = field(repr=False)
    host_keys: tuple[str, ...] = ()

    @classmethod
    def of(cls, private_key: str, *, passphrase: str = "", host_keys: Iterable[str] = ()) -> Self:
        """The key that a file holds, unlocked with its passphrase, which is not kept.

        :raises CredentialInvalid: if it is none, it stays locked, or a host key is none.
        """
        key = _loaded(private_key, passphrase)
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
        return cls(private_key=plain).pinned_to(host_keys)

    @classmethod
    def elsewhere(cls, *, host_keys: Iterable[str]) -> Self:
        """What is sealed when the private key is kept in a store: by which keys its host is known.

        :raises CredentialInvalid: if a host key is none, or there are too many.
        """
        return cls(private_key="").pinned_to(host_keys)

    @classmethod
    def parse(cls, text: str, *, is_elsewhere: bool = False) -> Self:
        """What `as_text` wrote, of a key that is sealed with it or of one that is kept elsewhere.

        :raises CredentialInvalid: if it is not that.
        """
        try:
            told = json.loads(text)
            if not is_elsewhere:
                _loaded(told["private_key"], "")
            return cls(private_key=told["private_key"]).pinned_to(told["host_keys"])
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise CredentialInvalid(rule="an SSH key is a private key and the keys of its host") from None

    def pinned_to(self, host_keys: Iterable[str]) -> Self:
        """The same key for a host that is known by these keys.

        :raises CredentialInvalid: if one of them is none, or there are too many.
        """
        pinned = tuple(sorted({normal_host_key(each) for each in host_keys}))
        if len(pinned) > HOST_KEYS_MAX:
            raise CredentialInvalid(rule=f"a host has at most {HOST_KEYS_MAX} keys")
        return replace(self, host_keys=pinned)

    def as_text(self) -> str:
        """How it is sealed."""
        return json.dumps({"private_key": self.private_key, "host_keys": list(self.host_keys)})

    @property
    def fingerprint(self) -> str:
        """By what the key is recognised on screen: how `ssh-keygen -l` begins to show it."""
        public = _loaded(self.private_key, "").public_key()
        shown = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
        return host_key_fingerprint(shown).partition(" ")[2][:23]


def normal_host_key(text: str) -> str:
    """A host's key as `ssh-ed25519 AAAA…`, of that or of a line of `known_hosts` or `ssh-keyscan`.

    :raises CredentialInvalid: if it is none.
    """
    words = text.split() if len(text) <= HOST_KEY_CHARACTERS_MAX else []
    at = next((place for place, word in enumerate(words[:2]) if word in HOST_KEY_TYPES), None)
    key = f"{words[at]} {words[at + 1]}" if at is not None and len(words) > at + 1 else ""
    try:
        serialization.load_ssh_public_key(key.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise CredentialInvalid(rule="a host key is a line such as ssh-ed25519 AAAA…") from None
    return key


def host_key_fingerprint(host_key: str) -> str:
    """How `ssh-keygen -l` shows a key: `ssh-ed25519 SHA256:…`.

    :raises CredentialInvalid: if it is none.
    """
    kind, _, encoded = host_key.partition(" ")
    try:
        digest = hashlib.sha256(base64.b64decode(encoded, validate=True)).digest()
    except binascii.Error:
        raise CredentialInvalid(rule="a host key is a line such as ssh-ed25519 AAAA…") from None
    return f"{kind} SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _loaded(text: str, passphrase: str) -> _PrivateKey:
    if len(text) > KEY_CHARACTERS_MAX:
        raise CredentialInvalid(rule=f"a key has at most {KEY_CHARACTERS_MAX} characters")
    content, password = f"{text.strip()}\n".encode(), passphrase.encode() or None
    for load in (serialization.load_ssh_private_key, serialization.load_pem_private_key):
        try:
            key = load(content, password=password)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue  # the cause may show the key
        if isinstance(key, RSAPrivateKey) and key.key_size < RSA_BITS_MIN:
            raise CredentialInvalid(rule=f"an RSA key has {RSA_BITS_MIN} bits or more")
        if isinstance(key, _PrivateKey):
            return key
    raise CredentialInvalid(
        rule="an SSH key is an Ed25519, ECDSA or RSA key as ssh-keygen writes it, unlocked or with its passphrase"
    )
