"""Adapters whose clients are extras: each is loaded when a setting asks for it, and not before."""

from collections.abc import Iterator
from contextlib import contextmanager

from grove.credentials.errors import ExtraMissing
from grove.credentials.keyring import KeyWrapper
from grove.credentials.stores import SecretStore


def vault_store(*, url: str, token: str, mount: str, path: str) -> SecretStore:
    """A KV engine, version 2, of Vault or OpenBao; `path` is the folder of a tenant, with `{tenant}` for its id.

    :raises ExtraMissing: if its client is not installed.
    """
    with _extra("vault"):
        from grove.credentials.vault_store import VaultStore  # noqa: PLC0415
    return VaultStore(url=url, token=token, mount=mount, path=path)


def secrets_manager(*, prefix: str, region: str, endpoint: str | None) -> SecretStore:
    """AWS Secrets Manager; `prefix` begins the names of a tenant's secrets, with `{tenant}` for its id.

    :raises ExtraMissing: if its client is not installed.
    """
    with _extra("aws"):
        from grove.credentials.aws import SecretsManagerStore  # noqa: PLC0415
    return SecretsManagerStore(prefix=prefix, region=region, endpoint=endpoint)


def kms_wrapper(*, key_id: str, region: str, endpoint: str | None) -> KeyWrapper:
    """A key of AWS KMS that wraps master keys.

    :raises ExtraMissing: if its client is not installed.
    """
    with _extra("aws"):
        from grove.credentials.aws import KmsWrapper  # noqa: PLC0415
    return KmsWrapper(key_id=key_id, region=region, endpoint=endpoint)


@contextmanager
def _extra(name: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ExtraMissing(install=f"grove[{name}]") from error
