"""A storm of deliveries, doubled, out of order, forged and lost, ends in the state of the upstream."""

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from grove import freshness
from grove.api import create_app, intake
from grove.freshness import Provider
from tests.freshness.deliveries import body_of, content_of, headers_of
from tests.support.git_repositories import Repository, git
from tests.support.git_server import GitServer, serving
from tests.support.grove import ADMIN_TOKEN, House, house

PUSHES = 40
ROUNDS = 4
REPOSITORIES = ("pay", "shop", "web")
WORKERS = 4


@dataclass(frozen=True)
class Place:
    """A Grove that mirrors some repositories of a host, with one webhook for all of them."""

    made: House
    client: TestClient
    host: GitServer
    upstreams: dict[str, Repository]
    hook: dict[str, Any]

    def deliver(self, name: str, *, commit: str, delivery: str, secret: str = "") -> str:
        """What came of a delivery about a push."""
        content = content_of(body_of(Provider.GITHUB, self.host.url(f"acme/{name}.git"), commit=commit))
        headers = headers_of(
            Provider.GITHUB, content, secret=secret or self.hook["secret"], delivery=delivery, event="push"
        )
        answer = self.client.post(self.hook["url"], content=content, headers={**headers, "Authorization": ""})
        assert answer.status_code in {202, 401, 503}
        assert ("retry-after" in answer.headers) is (answer.status_code == 503)
        return str(answer.json().get("outcome") or answer.json()["code"])

    def poll(self) -> None:
        """Ask the host for all that no delivery has told."""
        with self.made.grove.database.transaction() as tx:
            freshness.poll_due(tx, now=self.made.now + timedelta(hours=1))
        self.made.work()

    def waiting(self) -> Counter[str]:
        jobs = self.client.get("/api/v1/jobs", params={"state": "queued", "limit": 200}).json()["items"]
        return Counter(job["target_id"] for job in jobs if job["kind"] == "mirror.sync")

    def is_current(self) -> bool:
        """Whether each mirror has just the branches and tags of its upstream."""
        mirrored = {}
        for repository in self.client.get("/api/v1/repositories").json()["items"]:
            refs = self.client.get(f"/api/v1/repositories/{repository['id']}/refs").json()
            mirrored[repository["name"].rpartition("/")[2]] = {ref["name"]: ref["commit"] for ref in refs["items"]}
        return mirrored == {
            name: {ref: commit for ref, commit in upstream.refs().items() if ref != "HEAD"}
            for name, upstream in self.upstreams.items()
        }


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "upstream").mkdir()
    with serving(tmp_path / "upstream") as host:
        upstreams = {name: Repository.new(host.root / "acme" / f"{name}.git") for name in REPOSITORIES}
        for upstream in upstreams.values():
            upstream.commit({"a.py": "number = 0\n"})
        given = {"git_ca_file": host.ca_file, "allowed_networks": (ip_network("127.0.0.0/8"),)}
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        with house(tmp_path / "data", **given) as made:
            app = create_app(made.grove)
            with TestClient(app, base_url="http://localhost", headers=headers) as client:
                for name in REPOSITORIES:
                    answer = client.post("/api/v1/repositories", json={"url": host.url(f"acme/{name}.git")})
                    assert answer.status_code == 201, answer.text
                made.work()
                hook = client.post("/api/v1/hooks", json={"provider": "github", "covers": host.url("acme")}).json()
                yield Place(made, client, host, upstreams, hook)


def storm(place: Place, chance: random.Random, round_: int) -> Counter[str]:
    """Push at random, and have deliveries of that doubled, mixed, forged and, one in five, lost."""
    sent: list[tuple[str, str, str, str]] = []
    for number in range(PUSHES):
        name = chance.choice(REPOSITORIES)
        upstream = place.upstreams[name]
        branch = chance.choice(["main", "main", "side", "日本/é"])
        commit = upstream.commit({"a.py": f"number = {round_ * PUSHES + number + 1}\n"}, branch=branch)
        if chance.random() < 0.1 and "refs/heads/side" in upstream.refs():
            git(upstream.path, "update-ref", "-d", "refs/heads/side")
        if chance.random() < 0.8:
            sent += [(name, commit, f"{round_}-{number}", "")] * chance.choice([1, 2, 3])
        if chance.random() < 0.1:
            sent.append((name, commit, f"forged-{round_}-{number}", "whsec_guessed"))
    chance.shuffle(sent)
    with ThreadPoolExecutor(WORKERS) as pool:
        outcomes = pool.map(lambda each: place.deliver(each[0], commit=each[1], delivery=each[2], secret=each[3]), sent)
        return Counter(outcomes)


class TestAStorm:
    def test_ends_in_the_upstreams_state(self, place: Place) -> None:
        chance = random.Random(20)
        told: Counter[str] = Counter()
        for round_ in range(ROUNDS):
            told += storm(place, chance, round_)
            assert all(count == 1 for count in place.waiting().values())
            place.made.work()

        assert set(told) == {"syncing", "duplicate", "delivery_unsigned"}
        # What was lost is found by the poll.
        place.poll()
        assert place.is_current()

    def test_of_which_most_is_refused_ends_so_too(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(intake, "WAITING_MAX", 1)
        told = storm(place, random.Random(21), 0)
        assert place.made.work()
        kept = place.client.get(f"/api/v1/hooks/{place.hook['id']}/deliveries", params={"limit": 200}).json()["items"]

        assert told["too_busy"]
        # What was answered is written down, and nothing else is.
        assert len(kept) == told["syncing"]
        place.poll()
        assert place.is_current()
