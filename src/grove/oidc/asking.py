"""Asking a provider one question, within limits on time and size; redirects are not followed."""

import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from grove.kit.deadline import over_by
from grove.oidc.errors import ProviderUnavailable

WAIT_SECONDS_MAX = 10.0
ANSWER_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The status, and the JSON object that came with it."""

    status: int
    document: Mapping[str, Any]


def ask(
    url: str,
    *,
    ca_file: Path | None,
    form: Mapping[str, str] | None = None,
    basic: tuple[str, str] | None = None,
    bearer: str | None = None,
    seconds_max: float = WAIT_SECONDS_MAX,
) -> Answer:
    """What a provider answers within `seconds_max`; a form is posted.

    :raises ProviderUnavailable: if there is no usable answer.
    """
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "grove"}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    trusted = ssl.create_default_context()
    if ca_file is not None:
        trusted.load_verify_locations(ca_file)
    deadline = time.monotonic() + seconds_max
    try:
        with (
            over_by(deadline) as trace,
            httpx2.Client(verify=trusted, trust_env=False, follow_redirects=False, timeout=seconds_max) as client,
            client.stream(
                "GET" if form is None else "POST",
                url,
                data=form,
                headers=headers,
                auth=basic,
                extensions={"trace": trace},
            ) as response,
        ):
            body = _read(response, deadline=deadline)
        document = json.loads(body)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, RecursionError) as failed:
        # The library's own text may repeat what was sent.
        raise ProviderUnavailable(reason=type(failed).__name__) from None
    if not isinstance(document, dict):
        raise ProviderUnavailable(reason="not a JSON object")
    return Answer(status=response.status_code, document=document)


def _read(response: httpx2.Response, *, deadline: float) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > ANSWER_BYTES_MAX:
            raise ProviderUnavailable(reason="its answer is too long", bytes_max=ANSWER_BYTES_MAX)
    if time.monotonic() > deadline:
        raise ProviderUnavailable(reason="its answer is too slow")
    return bytes(body)
