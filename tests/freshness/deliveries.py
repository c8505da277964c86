"""Deliveries as forges send them: their form, and how each signs."""

import hashlib
import hmac
import json
from typing import Any

from grove.freshness import Provider

Body = dict[str, Any]


def body_of(provider: Provider, address: str, *, commit: str = "a" * 40) -> Body:
    """A push to the repository at an address, in the forge's own form."""
    plain = address.removesuffix(".git")
    forms: dict[Provider, Body] = {
        Provider.GITHUB: {
            "ref": "refs/heads/main",
            "after": commit,
            "repository": {"full_name": "acme/pay", "html_url": plain, "clone_url": f"{plain}.git"},
        },
        Provider.GITLAB: {
            "object_kind": "push",
            "event_name": "push",
            "after": commit,
            "project": {"path_with_namespace": "acme/pay", "git_http_url": f"{plain}.git", "web_url": plain},
        },
        Provider.BITBUCKET: {
            "push": {"changes": [{"new": {"target": {"hash": commit}}}]},
            "repository": {"full_name": "acme/pay", "links": {"html": {"href": plain}}},
        },
        Provider.GITEA: {
            "ref": "refs/heads/main",
            "after": commit,
            "repository": {"full_name": "acme/pay", "html_url": plain, "clone_url": f"{plain}.git"},
        },
        Provider.GENERIC: {"event": "push", "repository": address},
    }
    return forms[provider]


def headers_of(
    provider: Provider, content: bytes, *, secret: str, delivery: str, event: str = "push"
) -> dict[str, str]:
    """The headers that the forge sends with a body, signed with a secret."""
    mac = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    forms = {
        Provider.GITHUB: {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": f"sha256={mac}",
        },
        Provider.GITLAB: {
            "X-Gitlab-Event": f"{event.title()} Hook",
            "X-Gitlab-Event-UUID": delivery,
            "X-Gitlab-Token": secret,
        },
        Provider.BITBUCKET: {
            "X-Event-Key": f"repo:{event}",
            "X-Request-UUID": delivery,
            "X-Hub-Signature": f"sha256={mac}",
        },
        Provider.GITEA: {"X-Gitea-Event": event, "X-Gitea-Delivery": delivery, "X-Gitea-Signature": mac},
        Provider.GENERIC: {"X-Hub-Signature-256": f"sha256={mac}", "X-Delivery-Id": delivery},
    }
    return {"Content-Type": "application/json", **forms[provider]}


def content_of(body: Body) -> bytes:
    """A body as it is sent."""
    return json.dumps(body).encode()
