"""Tokens of OAuth applications: used while they hold, then exchanged for the next by one worker at a time."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from grove.credentials import (
    Keyring,
    Lease,
    OAuthGrant,
    Secret,
    claim_refresh,
    give_up_refresh,
    keep_grant,
    newest_grant,
    normal_host,
)
from grove.forges.answers import ForgeAccess, Question, put_question
from grove.forges.errors import ForgeCredentialRejected, ForgeRefused, ForgeUnavailable
from grove.forges.model import WELL_KNOWN_HOSTS, Forge
from grove.kit.transactions import Database

RENEW_BEFORE: Final = timedelta(minutes=2)
TURN_SECONDS_MAX: Final = 30.0
"""How long is waited for another worker's refresh."""
TURN_SECONDS: Final = 0.1
_ENDPOINTS: Final = {
    Forge.GITHUB: "login/oauth/access_token",
    Forge.GITLAB: "oauth/token",
    Forge.BITBUCKET: "site/oauth2/access_token",
    Forge.GITEA: "login/oauth/access_token",
}
"""Where tokens are had, on the very host that they open: a credential's secrets go nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthTokens:
    """Gives the access token of an application; nothing of it may run in a transaction."""

    database: Database
    keyring: Keyring
    access: ForgeAccess
    hosts: Mapping[str, Forge]

    def mint(self, lease: Lease, content: str, *, path: str, writing: bool) -> Secret:  # noqa: ARG002 - one for all
        """The access token, refreshed when it is about to end.

        :raises ForgeCredentialRejected: if the grant does not count any more.
        :raises ForgeUnavailable: if the forge gives no usable answer, or another worker has got none for too long.
        """
        grant, turn = OAuthGrant.parse(content), lease
        deadline = time.monotonic() + TURN_SECONDS_MAX
        while not _holds(grant):
            with self.database.transaction() as tx:
                is_mine = claim_refresh(tx, lease=turn, now=datetime.now(UTC))
            if is_mine:
                grant = self._refreshed(turn, grant)
                break
            if time.monotonic() > deadline:
                raise ForgeUnavailable(reason="another worker refreshes the token")
            time.sleep(TURN_SECONDS)
            with self.database.reading() as tx:
                grant, version = newest_grant(tx, keyring=self.keyring, lease=turn, now=datetime.now(UTC))
            turn = _at(turn, version)
        return Secret(username=lease.username, password=grant.access_token)

    def forget(self, lease: Lease, *, path: str) -> bool:  # noqa: ARG002 - one for all
        """Nothing: what is refused before its end was taken back together with what refreshes it."""
        return False

    def _refreshed(self, lease: Lease, grant: OAuthGrant) -> OAuthGrant:
        try:
            refreshed = self._ask(lease, grant)
        except BaseException:
            with self.database.transaction() as tx:
                give_up_refresh(tx, lease=lease)
            raise
        with self.database.transaction() as tx:
            keep_grant(tx, keyring=self.keyring, lease=lease, grant=refreshed)
        return refreshed

    def _ask(self, lease: Lease, grant: OAuthGrant) -> OAuthGrant:
        host = normal_host(lease.host)
        forge = self.hosts.get(host) or WELL_KNOWN_HOSTS.get(host)
        if forge not in _ENDPOINTS:
            raise ForgeUnavailable(reason="no forge that refreshes OAuth tokens", host=host)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": grant.refresh_token,
            "client_id": grant.client_id,
            "client_secret": grant.client_secret,
        }
        question = Question(method="POST", resource=_ENDPOINTS[forge], form=form)
        try:
            told = put_question(f"https://{host}", question, authorization=None, access=self.access).document
        except ForgeRefused:  # its words may hold what was sent
            raise ForgeCredentialRejected(reason="the refresh token does not count any more") from None
        return _next(grant, told)


def _at(lease: Lease, version: int) -> Lease:
    return Lease(
        tenant_id=lease.tenant_id,
        username=lease.username,
        password=None,
        reference=None,
        credential_id=lease.credential_id,
        version=version,
        kind=lease.kind,
        host=lease.host,
    )


def _holds(grant: OAuthGrant) -> bool:
    """Whether the access token can be used for a while yet."""
    if not grant.access_token:
        return False
    return grant.expires_at is None or grant.expires_at - RENEW_BEFORE > datetime.now(UTC)


def _next(grant: OAuthGrant, told: Any) -> OAuthGrant:
    """The grant after a refresh; GitHub says in a 200 that there is none."""
    if isinstance(told, dict) and "error" in told:
        raise ForgeCredentialRejected(reason="the refresh token does not count any more")
    token = told.get("access_token") if isinstance(told, dict) else None
    if not isinstance(token, str) or not token or not token.isprintable():
        raise ForgeUnavailable(reason="not a token")
    seconds, refresh = told.get("expires_in"), told.get("refresh_token")
    ends_at = datetime.now(UTC) + timedelta(seconds=seconds) if isinstance(seconds, int) else None
    return OAuthGrant(
        client_id=grant.client_id,
        client_secret=grant.client_secret,
        refresh_token=refresh if isinstance(refresh, str) and refresh else grant.refresh_token,
        access_token=token,
        expires_at=ends_at,
    )
