"""What a delivery says. Pure, and tolerant: forges add to their bodies what they like.

A delivery is only a hint. What is read from it decides whom to ask, never what to believe.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from grove.freshness.errors import DeliveryMalformed
from grove.freshness.hook import Provider, Received
from grove.freshness.matter import Matter, matter_of, paths_of
from grove.repositories import address_key

ADDRESSES_MAX = 20
EVENT_CHARACTERS_MAX = 100
FORM = "application/x-www-form-urlencoded"

DELIVERY_HEADERS: Mapping[Provider, tuple[str, ...]] = {
    Provider.GITHUB: ("x-github-delivery",),
    Provider.GITLAB: ("idempotency-key", "x-gitlab-event-uuid"),
    Provider.BITBUCKET: ("x-request-uuid", "x-request-id"),
    Provider.GITEA: ("x-gitea-delivery", "x-forgejo-delivery"),
    Provider.GENERIC: ("x-delivery-id",),
}
EVENT_HEADERS: Mapping[Provider, tuple[str, ...]] = {
    Provider.GITHUB: ("x-github-event",),
    Provider.GITLAB: ("x-gitlab-event",),
    Provider.BITBUCKET: ("x-event-key",),
    Provider.GITEA: ("x-gitea-event", "x-forgejo-event"),
    Provider.GENERIC: ("x-event",),
}
REPOSITORY_KEYS = ("repository", "project")
ADDRESS_KEYS = ("clone_url", "git_http_url", "http_url", "html_url", "web_url", "homepage", "url")
CALM_EVENTS = frozenset({"ping", "diagnostics:ping", "star", "watch", "fork", "issues", "issue_comment", "issue hook"})
"""Events that change no commit, branch, tag or right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a delivery is about: its id where the forge gives one, the event, and the addresses of the repository.

    `paths` lie on the host of the hook: some events tell no address, and some the one that the repository had before.
    """

    delivery: str
    event: str
    matter: Matter
    addresses: frozenset[str]
    paths: frozenset[str]

    @property
    def is_calm(self) -> bool:
        """Whether nothing that is mirrored can have changed."""
        return self.event.split(".")[0].lower() in CALM_EVENTS


def read_notice(received: Received, *, provider: Provider) -> Notice:
    """Read a delivery whose signature is good.

    :raises DeliveryMalformed: if its body is not a JSON object.
    """
    body = _body(received)
    event = received.header(*EVENT_HEADERS[provider]) or _text(body.get("event") or body.get("action")) or "unnamed"
    action = _text(body.get("action"))
    named = f"{event}.{action}" if action and action != event else event
    return Notice(
        delivery=_shown(received.header(*DELIVERY_HEADERS[provider])),
        event=_shown(named),
        matter=matter_of(event, body),
        addresses=frozenset(_addresses(body)[:ADDRESSES_MAX]),
        paths=frozenset(paths_of(body)[:ADDRESSES_MAX]),
    )


def _shown(text: str) -> str:
    """A forge's word as it can be shown and stored: a database takes no NUL, a terminal no control character."""
    return "".join(filter(str.isprintable, text))[:EVENT_CHARACTERS_MAX]


def _body(received: Received) -> dict[str, Any]:
    text: str | bytes = received.body
    if received.header("content-type").startswith(FORM):
        text = parse_qs(received.body.decode("utf-8", "replace")).get("payload", [""])[0]
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DeliveryMalformed(reason="the body is not JSON") from error
    if not isinstance(body, dict):
        raise DeliveryMalformed(reason="the body is not an object")
    return body


def _addresses(body: dict[str, Any]) -> list[str]:
    """Every address by which the body names its repository."""
    named = [body.get(key) for key in REPOSITORY_KEYS]
    found: list[Any] = named[:1]
    for repository in [each for each in (*named, body) if isinstance(each, dict)]:
        found += [repository.get(key) for key in ADDRESS_KEYS]
        found += _links(repository.get("links"))
    return [address_key(address) for address in found if isinstance(address, str) and address]


def _links(links: object) -> list[Any]:
    """Bitbucket's way: `links.html.href`, and `links.clone[].href` and `links.self[].href` of its servers."""
    if not isinstance(links, dict):
        return []
    each = [link for key in ("html", "clone", "self") for link in _listed(links.get(key))]
    return [link.get("href") for link in each if isinstance(link, dict)]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
