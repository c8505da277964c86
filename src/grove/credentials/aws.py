"""AWS: secrets in Secrets Manager, and master keys that only KMS can open."""

import base64
import json
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from grove.credentials.errors import MasterKeyUnwrapped, SecretMissing, StoreRefused, StoreUnavailable

SECONDS_MAX = 10
_CONTEXT = {"purpose": "grove master key"}
_MISSING = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
_REFUSED = frozenset({"AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException"})


class SecretsManagerStore:
    """AWS Secrets Manager; `prefix` begins the names of a tenant's secrets, with `{tenant}` for the tenant's id."""

    def __init__(self, *, prefix: str, region: str, endpoint: str | None = None) -> None:
        self._client = _client("secretsmanager", region, endpoint)
        self._prefix = prefix

    def read(self, name: str, *, field: str | None, tenant_id: str) -> str:
        """The secret's current value; of one field, when it is a JSON object."""
        try:
            answer = self._client.get_secret_value(SecretId=f"{self._prefix.format(tenant=tenant_id)}{name}")
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _MISSING:
                raise SecretMissing(name=name, store="aws") from error
            if code in _REFUSED:
                raise StoreRefused(name=name, store="aws", reason=code) from error
            raise StoreUnavailable(store="aws", reason=code) from error
        except BotoCoreError as error:
            raise StoreUnavailable(store="aws", reason=type(error).__name__) from error
        text = answer.get("SecretString")
        value = _field(text, field) if field is not None else text
        if not isinstance(value, str):
            raise SecretMissing(name=name, field=field or "", store="aws")
        return value


class KmsWrapper:
    """Wraps master keys with a key of KMS, so that the key file is of no use without it."""

    def __init__(self, *, key_id: str, region: str, endpoint: str | None = None) -> None:
        self._client = _client("kms", region, endpoint)
        self._key_id = key_id

    def wrap(self, key: bytes) -> str:
        """The key as text that only KMS can open."""
        try:
            answer = self._client.encrypt(KeyId=self._key_id, Plaintext=key, EncryptionContext=_CONTEXT)
        except (ClientError, BotoCoreError) as error:
            raise MasterKeyUnwrapped(reason=type(error).__name__) from error
        return base64.b64encode(answer["CiphertextBlob"]).decode()

    def unwrap(self, text: str) -> bytes:
        """The key."""
        try:
            answer = self._client.decrypt(
                KeyId=self._key_id, CiphertextBlob=base64.b64decode(text), EncryptionContext=_CONTEXT
            )
        except (ClientError, BotoCoreError, ValueError) as error:
            raise MasterKeyUnwrapped(reason=type(error).__name__) from error
        key: bytes = answer["Plaintext"]
        return key


def _client(service: str, region: str, endpoint: str | None) -> Any:
    config = Config(connect_timeout=SECONDS_MAX, read_timeout=SECONDS_MAX, retries={"max_attempts": 2})
    return boto3.client(service, region_name=region, endpoint_url=endpoint, config=config)


def _field(text: object, field: str) -> object:
    try:
        document = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return document.get(field) if isinstance(document, dict) else None
