"""Tokens of a GitHub App: made for one repository, for an hour, by a key that never leaves us.

The app shows by a signed statement who it is, asks which of its installations has the repository, and has that one
make a token which opens this repository alone.
"""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import jwt

from grove.credentials import Lease, Secret, normal_host
from grove.forges.adapters import ADAPTERS
from grove.forges.answers import ForgeAccess, Question, put_question
from grove.forges.errors import AppKeyUnusable, ForgeCredentialRejected, ForgeUnavailable
from grove.forges.model import Forge, fits, repository_path
from grove.forges.redirects import Followed, ask_following

USERNAME: Final = "x-access-token"
STATEMENT_SECONDS: Final = 540
"""GitHub takes ten minutes at most."""
SLACK_SECONDS: Final = 60
"""A statement begins so long ago, for clocks that go apart."""
RENEW_BEFORE: Final = timedelta(minutes=5)
KEPT_SECONDS_MAX: Final = 3_600
TOKENS_MAX: Final = 5_000
_INSTALLATION: Final = "/installation"
_READING: Final = {"contents": "read", "metadata": "read"}
_WRITING: Final = {"contents": "write", "metadata": "read", "pull_requests": "write"}


@dataclass(slots=True)
class GitHubApps:
    """Makes the tokens, and keeps each in memory until shortly before it ends."""

    access: ForgeAccess
    _tokens: dict[tuple[str, int, str, bool], tuple[str, datetime]] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def mint(self, lease: Lease, content: str, *, path: str, writing: bool) -> Secret:
        """A token for one repository; `content` is the app's key, the username its id.

        :raises ForgeCredentialRejected: if the key is not that of the app.
        :raises ForgeRepositoryNotFound: if the app is not installed there.
        :raises ForgeUnavailable: if GitHub gives no usable answer.
        """
        wanted = repository_path(path)
        key = (lease.credential_id, lease.version, wanted, writing)
        kept = self._tokens.get(key)
        if kept is None or kept[1] <= datetime.now(UTC):
            kept = self._made(lease, content, wanted, writing=writing)
            with self._lock:
                if len(self._tokens) >= TOKENS_MAX:
                    self._tokens.clear()
                self._tokens[key] = kept
        return Secret(username=USERNAME, password=kept[0])

    def forget(self, lease: Lease, *, path: str) -> bool:
        """Forget the tokens for a repository: the forge has revoked them, or does not know them yet."""
        wanted = repository_path(path)
        with self._lock:
            for writing in (False, True):
                self._tokens.pop((lease.credential_id, lease.version, wanted, writing), None)
        return True

    def _made(self, lease: Lease, content: str, path: str, *, writing: bool) -> tuple[str, datetime]:
        host = normal_host(lease.host)
        root = self.access.api_roots.get(host) or ADAPTERS[Forge.GITHUB].api_root(host)
        if root is None or not fits(Forge.GITHUB, path):
            raise ForgeUnavailable(reason="a GitHub App opens repositories of GitHub")
        skew = timedelta()
        try:
            found = self._installation_of(root, path, lease, content, skew=skew)
        except ForgeCredentialRejected as rejected:
            # Our clock may be wrong: once more, by the forge's own.
            if rejected.status != HTTPStatus.UNAUTHORIZED or rejected.answered_at is None:
                raise
            skew = rejected.answered_at - datetime.now(UTC)
            found = self._installation_of(root, path, lease, content, skew=skew)
        question = _token_of(found, writing=writing)
        shown = _statement(lease, content, skew=skew)
        return _told(put_question(root, question, authorization=shown, access=self.access).document, skew=skew)

    def _installation_of(self, root: str, path: str, lease: Lease, content: str, *, skew: timedelta) -> Followed:
        """The installation that has the repository, also when that has been renamed or moved."""
        resource = ADAPTERS[Forge.GITHUB].repository_resource(path) + _INSTALLATION
        return ask_following(root, resource, authorization=_statement(lease, content, skew=skew), access=self.access)


def _statement(lease: Lease, content: str, *, skew: timedelta) -> str:
    """Who the app is, signed."""
    now = int((datetime.now(UTC) + skew).timestamp())
    claims = {"iat": now - SLACK_SECONDS, "exp": now + STATEMENT_SECONDS, "iss": lease.username}
    try:
        statement = jwt.encode(claims, content, algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError):
        raise AppKeyUnusable from None  # the cause may show the key
    return f"Bearer {statement}"


def _token_of(found: Followed, *, writing: bool) -> Question:
    """A renamed repository is asked for as the forge knows it now: by the number to which it redirects, or the name."""
    number = found.document.get("id") if isinstance(found.document, dict) else None
    if not isinstance(number, int):
        raise ForgeUnavailable(reason="not an installation")
    kind, _, name = found.resource.removesuffix(_INSTALLATION).partition("/")
    named: dict[str, Any] = {"repositories": [unquote(name.rpartition("/")[2])]}
    which = {"repository_ids": [int(name)]} if kind == "repositories" and name.isdecimal() else named
    body = {**which, "permissions": _WRITING if writing else _READING}
    return Question(method="POST", resource=f"app/installations/{number}/access_tokens", body=body)


def _told(document: Any, *, skew: timedelta) -> tuple[str, datetime]:
    """The token, and until when it is used; an answer that makes no sense is none."""
    now = datetime.now(UTC)
    try:
        token, ends_at = document["token"], datetime.fromisoformat(document["expires_at"]) - skew
        until = min(ends_at, now + timedelta(seconds=KEPT_SECONDS_MAX)) - RENEW_BEFORE
    except (KeyError, TypeError, ValueError):
        raise ForgeUnavailable(reason="not a token") from None
    if not isinstance(token, str) or not token.isprintable():
        raise ForgeUnavailable(reason="not a token")
    return token, until
