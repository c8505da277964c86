"""What can go wrong with credentials and the keys that seal them. No error ever carries a secret or a part of one."""

from grove.kit.errors import GroveError, Kind


class MasterKeyMissing(GroveError):
    """There is no master key: name a key file, or give a key as text."""

    kind = Kind.UNAVAILABLE
    code = "master_key_missing"


class MasterKeyUnsafe(GroveError):
    """The key file must be a plain file that only its owner can read: chmod 600."""

    kind = Kind.UNAVAILABLE
    code = "master_key_unsafe"


class MasterKeyWeak(GroveError):
    """A master key must be 32 random bytes in base64."""

    kind = Kind.UNAVAILABLE
    code = "master_key_weak"


class MasterKeyExists(GroveError):
    """There is a key file already; replacing it would lose every credential sealed with it."""

    kind = Kind.CONFLICT
    code = "master_key_exists"


class MasterKeyUnwrapped(GroveError):
    """The key management service does not open, or close, the master key."""

    kind = Kind.UNAVAILABLE
    code = "master_key_unwrapped"


class MasterKeyWorn(GroveError):
    """The master key has sealed as much as it safely can: `grove admin rotate-key` makes a new one."""

    kind = Kind.UNAVAILABLE
    code = "master_key_worn"


class MasterKeyInUse(GroveError):
    """An older master key is still needed, or the newest is too new for every writer to know it; try again later."""

    kind = Kind.CONFLICT
    code = "master_key_in_use"


class ExtraMissing(GroveError):
    """A setting names a service whose client is not installed."""

    kind = Kind.UNAVAILABLE
    code = "extra_missing"


class ReferenceInvalid(GroveError):
    """A reference names a store, a secret in it and maybe a field."""

    code = "reference_invalid"


class StoreUnknown(GroveError):
    """This server reads no secrets from that store."""

    code = "secret_store_unknown"


class SecretMissing(GroveError):
    """The store has no such secret."""

    kind = Kind.UNAVAILABLE
    code = "secret_missing"


class StoreRefused(GroveError):
    """The store does not let this server read that secret."""

    kind = Kind.UNAVAILABLE
    code = "secret_store_refused"


class StoreUnavailable(GroveError):
    """The store does not answer."""

    kind = Kind.UNAVAILABLE
    code = "secret_store_unavailable"
    transient = True


class CredentialReferenced(GroveError):
    """The secret of this credential is kept in a store: change it there."""

    kind = Kind.CONFLICT
    code = "credential_referenced"


class CredentialUnreadable(GroveError):
    """The credential cannot be unsealed: its row was changed, or its master key is gone. Enter the secret again."""

    kind = Kind.UNAVAILABLE
    code = "credential_unreadable"


class CredentialNotFound(GroveError):
    """There is no such credential."""

    kind = Kind.NOT_FOUND
    code = "credential_not_found"


class CredentialHostMismatch(GroveError):
    """The credential is not meant for this host."""

    kind = Kind.DENIED
    code = "credential_host_mismatch"


class CredentialNameTaken(GroveError):
    """The tenant has a credential of this name."""

    kind = Kind.CONFLICT
    code = "credential_name_taken"


class CredentialInvalid(GroveError):
    """The credential is not well formed."""

    kind = Kind.INVALID
    code = "credential_invalid"
