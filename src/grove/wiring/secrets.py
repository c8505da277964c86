"""Which stores secrets are read from, and where the master keys are."""

from collections.abc import Mapping

from grove.credentials import (
    CredentialKind,
    EnvironmentStore,
    FileStore,
    Keyring,
    KeyWrapper,
    Minter,
    SecretStore,
    SecretStores,
    create_key_file,
    kms_wrapper,
    load_keyring,
    parse_keyring,
    secrets_manager,
    vault_store,
)
from grove.placement import Locator
from grove.settings import Settings, secret_variables

REGION_DEFAULT = "us-east-1"


def keyring_of(settings: Settings, locator: Locator) -> Keyring:
    """The keys that secrets are sealed with; made with the data folder unless the settings have some."""
    wrapper = key_wrapper_of(settings)
    if settings.master_key is not None:
        return parse_keyring(settings.master_key.get_secret_value(), wrapper=wrapper)
    path = locator.master_key()
    if not path.exists():
        create_key_file(path, wrapper=wrapper)
    return load_keyring(path, wrapper=wrapper)


def key_wrapper_of(settings: Settings) -> KeyWrapper | None:
    """The key management service that opens the master keys, if there is one."""
    if settings.master_key_kms is None:
        return None
    return kms_wrapper(
        key_id=settings.master_key_kms, region=settings.aws_region or REGION_DEFAULT, endpoint=settings.aws_endpoint
    )


def secret_stores_of(settings: Settings, *, minters: Mapping[CredentialKind, Minter]) -> SecretStores:
    """The stores that credentials may refer to."""
    stores: dict[str, SecretStore] = {"env": EnvironmentStore(secret_variables())}
    if settings.secrets_dir is not None:
        stores["file"] = FileStore(settings.secrets_dir)
    if settings.vault_url is not None and settings.vault_token is not None:
        stores["vault"] = vault_store(
            url=settings.vault_url,
            token=settings.vault_token.get_secret_value(),
            mount=settings.vault_mount,
            path=settings.vault_path,
        )
    if settings.aws_region is not None:
        stores["aws"] = secrets_manager(
            prefix=settings.aws_secrets_prefix, region=settings.aws_region, endpoint=settings.aws_endpoint
        )
    return SecretStores(stores, minters=minters)
