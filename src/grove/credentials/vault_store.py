"""Secrets in a KV engine, version 2, of HashiCorp Vault or OpenBao."""

from typing import Any

import hvac
from hvac.exceptions import Forbidden, InvalidPath, Unauthorized, VaultError
from requests.exceptions import RequestException

from grove.credentials.errors import SecretMissing, StoreRefused, StoreUnavailable

FIELD_DEFAULT = "token"
SECONDS_MAX = 10


class VaultStore:
    """One KV engine; `path` is the folder of a tenant's secrets, with `{tenant}` for the tenant's id."""

    def __init__(self, *, url: str, token: str, mount: str, path: str) -> None:
        self._client = hvac.Client(url=url, token=token, timeout=SECONDS_MAX, allow_redirects=False)
        self._mount = mount
        self._path = path

    def read(self, name: str, *, field: str | None, tenant_id: str) -> str:
        """The field's newest value."""
        path = f"{self._path.format(tenant=tenant_id).strip('/')}/{name}"
        try:
            answer = self._client.secrets.kv.v2.read_secret_version(
                path=path, mount_point=self._mount, raise_on_deleted_version=True
            )
        except InvalidPath as error:
            raise SecretMissing(name=name, store="vault") from error
        except (Forbidden, Unauthorized) as error:
            raise StoreRefused(name=name, store="vault") from error
        except (VaultError, RequestException) as error:
            raise StoreUnavailable(store="vault", reason=type(error).__name__) from error
        return _field(answer, field or FIELD_DEFAULT, name=name)


def _field(answer: Any, field: str, *, name: str) -> str:
    data = answer["data"]["data"] if isinstance(answer, dict) else {}
    value = data.get(field)
    if not isinstance(value, str):
        raise SecretMissing(name=name, field=field, store="vault")
    return value
