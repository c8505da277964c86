"""The whole way, at each forge: pushed there, searched here, worked on by an agent, promoted, and seen merged."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from grove.api import create_app
from grove.freshness import Provider
from grove.kit.gate import Source
from grove.mcp import Caller
from grove.promotions import has_open
from tests.freshness.deliveries import body_of, content_of, headers_of
from tests.mcp.client import Tools
from tests.promotions.test_promotions import Place, place_at
from tests.support.git_repositories import git
from tests.support.grove import ADMIN_TOKEN
from tests.support.pull_forge import FORGES


@pytest.fixture(params=sorted(FORGES))
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    yield from place_at(tmp_path, request.param)


@pytest.fixture
def client(place: Place) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    with TestClient(create_app(place.made.grove), base_url="http://localhost", headers=headers) as made:
        yield made


def told(place: Place, client: TestClient, hook: dict[str, Any], commit: str) -> str:
    """Have the forge deliver that there was a push, and Grove act on it."""
    provider = Provider(hook["provider"])
    content = content_of(body_of(provider, place.host.url("acme/shop.git"), commit=commit))
    headers = headers_of(provider, content, secret=hook["secret"], delivery=str(uuid4()), event="push")
    outcome = client.post(hook["url"], content=content, headers=headers).json()["outcome"]
    place.made.work()
    return str(outcome)


def found(client: TestClient, words: str, **asked: str) -> list[str]:
    return [file["path"] for file in client.get("/api/v1/search", params={"q": words, **asked}).json()["files"]]


def states(client: TestClient) -> dict[str, str]:
    return {item["name"]: item["state"] for item in client.get("/api/v1/workspaces").json()["items"]}


class TestTheWholeWay:
    def test_from_a_push_at_the_forge_to_a_pull_request_that_is_merged(self, place: Place, client: TestClient) -> None:
        wanted = {"provider": place.forge.name, "covers": place.host.url("acme")}
        hook = client.post("/api/v1/hooks", json=wanted).json()
        place.opened("fix")
        place.opened("rest")
        upstream = place.forge.repository

        pushed = upstream.commit({"src/fresh.py": "freshly_pushed = 1\n"})
        assert told(place, client, hook, pushed) == "syncing"
        assert found(client, "freshly_pushed") == ["src/fresh.py"]
        assert states(client) == {"fix": "stale", "rest": "stale"}

        client.post("/api/v1/workspaces/fix/refresh").raise_for_status()
        assert states(client) == {"fix": "clean", "rest": "stale"}
        agent = replace(place.made.admin, source=Source.MCP)
        tools = Tools(lambda _request: Caller(grove=place.made.grove, actor=agent))
        edit = {"action": "replace", "path": "src/fresh.py", "old": "= 1", "text": "= 2  # made_by_an_agent"}
        assert not tools.call("edit_workspace", name="fix", edits=[edit]).is_error
        assert "made_by_an_agent" in tools.call("search_code", query="made_by_an_agent", workspace="fix").text
        assert found(client, "made_by_an_agent") == []
        assert "1 ahead" in tools.call("change_workspace", name="fix", action="commit", message="Two").truth

        promoted = tools.call("promote_workspace", workspace="fix", title="Two of them")
        assert "draft" in promoted.truth
        (pull,) = place.forge.pulls
        assert (pull["title"].endswith("Two of them"), pull["draft"]) == (True, True)

        git(upstream.path, "update-ref", "refs/heads/main", f"refs/heads/{pull['branch']}")
        pull["state"] = "merged"
        assert told(place, client, hook, upstream.refs()["refs/heads/main"]) == "syncing"
        assert found(client, "made_by_an_agent") == ["src/fresh.py"]
        # The sync has followed it: nothing is waited for any more.
        with place.made.grove.database.reading() as tx:
            assert not has_open(tx, repository_id=place.repository.id)
        assert client.get("/api/v1/workspaces/fix/promotion").json()["state"] == "merged"
