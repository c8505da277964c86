"""Asking a forge's API one question: at a checked address, over verified TLS, within limits on time and size."""

import contextlib
import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import httpx2

from grove.forges.budget import Budgets, is_refusal, retry_after_seconds
from grove.forges.errors import (
    ForgeCredentialRejected,
    ForgeRateLimited,
    ForgeRedirected,
    ForgeRefused,
    ForgeRepositoryNotFound,
    ForgeUnavailable,
)
from grove.kit.deadline import over_by
from grove.kit.logging import mask

WORDS_CHARACTERS_MAX = 500

_NEXT = re.compile(r';\s*rel="?next\b')
_REJECTED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_DONE = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}
_UNDONE = {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
_ABSENT = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_ELSEWHERE = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeAccess:
    """By which ways forges may be reached.

    `resolve` gives the one address to connect to for a host and a port, and raises when that is not allowed.
    `api_roots` says for single hosts where their API begins; all must be HTTPS.

    :raises ValueError: if an API root is not HTTPS.
    """

    resolve: Callable[[str, int], str]
    api_roots: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    ca_file: Path | None = None
    """Authorities that are trusted in addition to the system's."""
    wait_seconds_max: float = 10.0
    answer_bytes_max: int = 4_194_304
    budgets: Budgets = field(default_factory=Budgets)

    def __post_init__(self) -> None:
        for root in self.api_roots.values():
            if not root.startswith("https://"):
                raise ValueError(f"not HTTPS: {root}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a forge is asked, or told to do; `resource` is below the root of its API."""

    resource: str
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a forge answered: JSON (an object, a list, or nothing), and whether it says that more pages follow."""

    document: Any
    has_more: bool = False


def ask(url: str, *, authorization: str | None, access: ForgeAccess) -> Mapping[str, Any]:
    """Get the JSON object at an address; redirects are not followed.

    :raises ForgeCredentialRejected: if the forge wants another credential.
    :raises ForgeRepositoryNotFound: if nothing is there.
    :raises ForgeRateLimited: if too much was asked; `retry_after_seconds` when the forge says it.
    :raises ForgeUnavailable: if there is no usable answer within the limits.
    """
    document = put_question(url, Question(resource=""), authorization=authorization, access=access).document
    if not isinstance(document, dict):
        raise ForgeUnavailable(reason="not a JSON object")
    return document


def put_question(root: str, question: Question, *, authorization: str | None, access: ForgeAccess) -> Told:
    """Ask or tell a forge something.

    :raises ForgeRefused: if it does not do what it is told, in its own words.
    :raises ForgeCredentialRejected: if the forge wants another credential.
    :raises ForgeRepositoryNotFound: if nothing is there.
    :raises ForgeRateLimited: if too much was asked; `retry_after_seconds` when the forge says it.
    :raises ForgeRedirected: if it sends us elsewhere; nobody is followed.
    :raises ForgeUnavailable: if there is no usable answer within the limits.
    """
    deadline = time.monotonic() + access.wait_seconds_max
    url = f"{root}/{question.resource}" if question.resource else root
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "grove"}
    if authorization is not None:
        headers["Authorization"] = authorization
    try:
        address = httpx2.URL(url)
        budget = access.budgets.asking(address.host, authorization, wait_seconds_max=access.wait_seconds_max)
        with budget, _response(address, question, headers=headers, access=access, deadline=deadline) as response:
            access.budgets.heed(address.host, authorization, status=response.status_code, headers=response.headers)
            body = _read(response, bytes_max=access.answer_bytes_max, deadline=deadline)
            if response.status_code not in _DONE:
                _refuse(response, body)
            follows = _NEXT.search(response.headers.get("link", "")) is not None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        # The library's own text may repeat what was sent.
        raise ForgeUnavailable(reason=type(error).__name__) from None
    document = _parse(body) if body else None
    # Bitbucket says it in the body. The address itself is not followed: it would be the forge that chose whom we ask.
    return Told(document=document, has_more=follows or (isinstance(document, dict) and bool(document.get("next"))))


@contextlib.contextmanager
def _response(
    url: httpx2.URL, question: Question, *, headers: Mapping[str, str], access: ForgeAccess, deadline: float
) -> Iterator[httpx2.Response]:
    """Send the request to the address that was checked, under the name that was asked for."""
    address = access.resolve(url.host, url.port or 443)
    trusted = ssl.create_default_context()
    if access.ca_file is not None:
        trusted.load_verify_locations(access.ca_file)
    with (
        over_by(deadline) as trace,
        httpx2.Client(
            verify=trusted, trust_env=False, follow_redirects=False, timeout=access.wait_seconds_max
        ) as client,
        client.stream(
            question.method,
            url.copy_with(host=address),
            json=question.body,
            data=question.form,
            headers=httpx2.Headers({**headers, "Host": url.netloc.decode("ascii")}, encoding="utf-8"),
            extensions={"sni_hostname": url.host, "trace": trace},
        ) as response,
    ):
        yield response


def _read(response: httpx2.Response, *, bytes_max: int, deadline: float) -> bytes:
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if len(body) > bytes_max:
            raise ForgeUnavailable(reason="answer too large")
        _require_time(deadline)
    _require_time(deadline)
    return bytes(body)


def _require_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise ForgeUnavailable(reason="answer too slow")


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ForgeUnavailable(reason="not JSON") from None


def _refuse(response: httpx2.Response, body: bytes) -> NoReturn:
    status, headers = response.status_code, response.headers
    if is_refusal(status, headers):
        raise ForgeRateLimited(status=status, retry_after_seconds=retry_after_seconds(headers))
    if status in _REJECTED:
        lacks_scope = {"lacks_scope": True} if status == HTTPStatus.FORBIDDEN and b"scope" in body.lower() else {}
        rejected = ForgeCredentialRejected(status=status, **lacks_scope)
        rejected.status, rejected.answered_at = status, _date(headers)
        raise rejected
    if status in _ABSENT:
        raise ForgeRepositoryNotFound(status=status)
    if status in _UNDONE:
        raise ForgeRefused(status=status, reason=_words(body))
    if status in _ELSEWHERE:
        redirected = ForgeRedirected(status=status)
        redirected.location = headers.get("location", "")
        raise redirected
    raise ForgeUnavailable(status=status)


def _words(body: bytes) -> str:
    """What a forge says of a refusal, as text that can be shown: its message, where there is one."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    message = document.get("message") if isinstance(document, dict) else None
    text = message if isinstance(message, str) and message else body.decode(errors="replace")
    told = "".join(filter(str.isprintable, text))
    return mask(told)[:WORDS_CHARACTERS_MAX]


def _date(headers: Mapping[str, str]) -> datetime | None:
    """What time it is by the forge's clock."""
    try:
        told = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return None
    return told if told.tzinfo is not None else None
