"""Secrets for git hosts: sealed under master keys, scoped to one host, leased to jobs."""

from grove.credentials.envelope import Binding, Sealed, open_sealed, seal
from grove.credentials.errors import (
    CredentialHostMismatch,
    CredentialInvalid,
    CredentialNameTaken,
    CredentialNotFound,
    CredentialUnreadable,
    MasterKeyExists,
    MasterKeyMissing,
    MasterKeyUnsafe,
    MasterKeyWeak,
)
from grove.credentials.keyring import Keyring, create_key_file, load_keyring, parse_keyring, rotate_key_file
from grove.credentials.model import Credential, CredentialDraft, Secret, normal_host
from grove.credentials.operations import (
    add_credential,
    check_keyring,
    lease_secret,
    read_secret,
    remove_credential,
    reseal_credentials,
    rotate_credential,
)
from grove.credentials.queries import get_credential, list_credentials

__all__ = [
    "Binding",
    "Credential",
    "CredentialDraft",
    "CredentialHostMismatch",
    "CredentialInvalid",
    "CredentialNameTaken",
    "CredentialNotFound",
    "CredentialUnreadable",
    "Keyring",
    "MasterKeyExists",
    "MasterKeyMissing",
    "MasterKeyUnsafe",
    "MasterKeyWeak",
    "Sealed",
    "Secret",
    "add_credential",
    "check_keyring",
    "create_key_file",
    "get_credential",
    "lease_secret",
    "list_credentials",
    "load_keyring",
    "normal_host",
    "open_sealed",
    "parse_keyring",
    "read_secret",
    "remove_credential",
    "reseal_credentials",
    "rotate_credential",
    "rotate_key_file",
    "seal",
]
