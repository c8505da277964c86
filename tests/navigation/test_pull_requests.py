"""Open pull requests: mirrored, indexed, told apart from what they came from, and gone when they are closed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from grove.api import create_app
from tests.promotions.test_promotions import Place, place_at
from tests.support.git_repositories import git
from tests.support.grove import ADMIN_TOKEN
from tests.support.sources import sync

BEFORE = "def keep():\n    return 1\n\n\ndef change():\n    return 1\n\n\ndef drop():\n    return 1\n"
AFTER = "def keep():\n    return 1\n\n\ndef change():\n    return 2\n\n\ndef fresh_arrival():\n    return 3\n"
SOURCES = {"github": "refs/pull/{}/head", "gitea": "refs/pull/{}/head", "gitlab": "refs/merge-requests/{}/head"}


@pytest.fixture(params=sorted(SOURCES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(tmp_path: Path, kind: str) -> Iterator[Place]:
    yield from place_at(tmp_path, kind)


@pytest.fixture
def client(place: Place) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    with TestClient(create_app(place.made.grove), base_url="http://localhost", headers=headers) as made:
        yield made


def open_pull(place: Place, kind: str) -> str:
    """Somebody opens a pull request from a fork: its commits are at no branch of the repository."""
    upstream = place.forge.repository
    upstream.commit({"src/work.py": BEFORE})
    git(upstream.path, "update-ref", "refs/heads/fork", "refs/heads/main")
    head = upstream.commit({"src/work.py": AFTER, "notes.md": "A note.\n"}, branch="fork", deletes=["src/cart.py"])
    upstream.commit({"later.txt": "main goes on\n"})
    made = place.forge.opened(branch="fork", target="main", title="Arrive", body="", draft=False)
    assert made is not None
    git(upstream.path, "update-ref", SOURCES[kind].format(made["number"]), head)
    return head


def found(client: TestClient, query: str) -> list[str]:
    answer = client.get("/api/v1/search", params={"q": f'"{query.rpartition(" ")[2]}" {query.rpartition(" ")[0]}'})
    assert answer.status_code == 200, answer.text
    return [item["path"] for item in answer.json()["files"]]


class TestAnOpenPullRequest:
    def test_is_searched_and_told_until_it_is_closed(self, place: Place, client: TestClient, kind: str) -> None:
        head = open_pull(place, kind)
        path = f"/api/v1/repositories/{place.repository.id}/pulls"
        assert client.get(path).json() == {"tracked": False, "items": []}
        assert client.get(f"{path}/1").json()["code"] == "pulls_not_tracked"
        assert client.put(path, json={"tracked": True}).json()["tracked"] is True
        place.made.work()

        (pull,) = client.get(path).json()["items"]
        assert (pull["number"], pull["head"], pull["title"]) == (1, head, "Arrive")
        assert found(client, "fresh_arrival") == []
        assert found(client, "rev:pr/1 fresh_arrival") == ["src/work.py"]
        delta = client.get(f"{path}/1").json()
        assert {(file["kind"], file["path"]) for file in delta["files"]} == {
            ("changed", "src/work.py"),
            ("added", "notes.md"),
            ("removed", "src/cart.py"),
        }
        changed = {(each["change"], each["name"]) for each in delta["symbols"] if each["path"] == "src/work.py"}
        assert changed == {("changed", "change"), ("added", "fresh_arrival"), ("removed", "drop")}
        assert client.get(f"{path}/9").json()["code"] == "pull_not_found"

        place.forge.pulls[0]["state"] = "closed"
        sync(place.made, place.repository)
        assert client.get(path).json()["items"] == []
        assert found(client, "rev:pr/1 fresh_arrival") == []
        mirror = place.made.grove.locator.mirror(
            tenant_id=place.repository.tenant_id, repository_id=place.repository.id
        )
        assert not [name for name in place.made.grove.git.refs(mirror) if name.startswith("refs/pull/")]

    def test_moves_with_its_branch(self, place: Place, client: TestClient, kind: str) -> None:
        open_pull(place, kind)
        path = f"/api/v1/repositories/{place.repository.id}/pulls"
        client.put(path, json={"tracked": True})
        place.made.work()
        upstream = place.forge.repository
        head = upstream.commit({"src/more.py": "def second_wave(): pass\n"}, branch="fork")
        git(upstream.path, "update-ref", SOURCES[kind].format(1), head)
        sync(place.made, place.repository)

        assert found(client, "rev:pr/1 second_wave") == ["src/more.py"]

    def test_stays_when_its_forge_does_not_answer(self, place: Place, client: TestClient, kind: str) -> None:
        open_pull(place, kind)
        path = f"/api/v1/repositories/{place.repository.id}/pulls"
        client.put(path, json={"tracked": True})
        place.made.work()
        place.forge.token = "the API wants another"
        place.forge.repository.commit({"still.txt": "fetched\n"})
        sync(place.made, place.repository)

        assert len(client.get(path).json()["items"]) == 1
        assert found(client, "rev:pr/1 fresh_arrival") == ["src/work.py"]
        assert found(client, "file:still.txt fetched") == ["still.txt"]
