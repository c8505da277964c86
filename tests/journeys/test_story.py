"""The life of a repository as people of several roles live it: asked for, refused and approved, searched, left idle,
cold, warm again; through REST and through the command line, with each refusal on the way.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from grove import accounts
from grove.kit.transactions import Database
from grove.policies import PolicyGate
from grove.repositories.tables import RepositoryRow
from grove.retention.tables import RetentionNoticeRow
from grove.usage.tables import LastUseRow
from tests.support.canary import nowhere
from tests.support.git_repositories import Repository
from tests.support.git_server import GitServer
from tests.support.git_server import serving as serving_git
from tests.support.grove import ADMIN_TOKEN
from tests.support.server import ServerProcess
from tests.support.server import serving as serving_grove

LONG_AGO = datetime.now(UTC) - timedelta(days=400)
NO_ATTIC = """@id("no_attic")
@reason("the attic is not kept")
forbid (principal, action == Grove::Action::"repository.connect", resource)
when { resource has name && resource.name like "*attic*" };
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A server, its database, and the tokens of those who live there."""

    server: ServerProcess
    database: Database
    tokens: dict[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """What came of something: nothing more than whether it was done, the words, and the document if there is one."""

    done: bool
    text: str
    document: Any = None


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[GitServer]:
    (tmp_path / "forge").mkdir()
    with serving_git(tmp_path / "forge") as running:
        for name in ("pay", "web", "attic"):
            Repository.new(running.root / f"{name}.git").commit({"main.py": "def retry_call():\n    return 1\n"})
        yield running


@pytest.fixture
def place(tmp_path: Path, forge: GitServer, database_url: str) -> Iterator[Place]:
    data = tmp_path / "grove" / "data"
    is_file = database_url.startswith("sqlite")
    settings = {"git_ca_file": str(forge.ca_file), "allowed_networks": "127.0.0.0/8"}
    settings |= {} if is_file else {"database_url": database_url}
    with nowhere(tmp_path / "grove"), serving_grove(data, **settings) as server:
        url = f"sqlite:///{data}/grove.db" if is_file else database_url
        database = Database(url, gate=PolicyGate(), handlers={})
        tokens = {
            "admin": ADMIN_TOKEN,
            **{role: person(server, role) for role in ("viewer", "developer", "maintainer")},
        }
        with database.transaction() as tx:
            elsewhere = accounts.NewAdministrator(name="stranger", email=None, tenant_name="elsewhere")
            tokens["stranger"] = accounts.set_up(tx, administrator=elsewhere, now=datetime.now(UTC)).secret
        yield Place(server=server, database=database, tokens=tokens)
        database.close()


def person(server: ServerProcess, role: str) -> str:
    user = server.post("/users", json={"name": role, "role": role})
    wanted = {"name": "story", "principal_id": user["id"], "scopes": ["read", "write"]}
    secret: str = server.post("/tokens", json=wanted)["secret"]
    return secret


@dataclass(frozen=True)
class Rest:
    """The story's acts over REST; `{name}` in a path is the id of the repository that ends so."""

    place: Place

    def ask(self, who: str, url: str) -> Said:
        return self._send(who, "POST", "/requests", {"url": url, "reason": "we build on it"})

    def decide(self, who: str, act: str, name: str, reason: str = "") -> Said:
        return self._about(who, name, "POST", f"/requests/{{id}}/{act}", reason=reason)

    def ask_again(self, who: str, name: str) -> Said:
        return self._about(who, name, "POST", "/repositories/{id}/request", reason="we still do")

    def view(self, who: str, name: str) -> Said:
        return self._send(who, "GET", f"/repositories/by-name/{name}")

    def search(self, who: str) -> Said:
        found = self._send(who, "GET", "/search?q=retry_call&mode=text")
        return Said(found.done, found.text, found.document.get("truth_line"))

    def read(self, who: str, name: str) -> Said:
        return self._about(who, name, "GET", "/repositories/{id}/raw?path=main.py")

    def quota(self, who: str, user: str, count: int) -> Said:
        return self._send(who, "PUT", "/quotas", {"sort": "repositories", "limit": count, "user": user})

    def policy(self, who: str) -> Said:
        return self._send(who, "PUT", "/policies", {"documents": {"attic.cedar": NO_ATTIC}, "reason": "no attic"})

    def retain(self, who: str) -> Said:
        return self._send(who, "PUT", "/retention", {"idle_days": 30, "notice_days": 7})

    def apply(self, who: str) -> Said:
        return self._send(who, "POST", "/retention/apply")

    def usage(self, who: str) -> Said:
        return self._send(who, "GET", "/usage?everybody=true")

    def _about(self, who: str, name: str, method: str, path: str, **body: Any) -> Said:
        found = self.view(who, name)
        return self._send(who, method, path.format(id=found.document["id"]), body or None) if found.done else found

    def _send(self, who: str, method: str, path: str, body: dict[str, Any] | None = None) -> Said:
        headers = {"Authorization": f"Bearer {self.place.tokens[who]}"}
        answer = self.place.server.client.request(method, path.lstrip("/"), headers=headers, json=body)
        is_json = "json" in answer.headers.get("content-type", "")
        assert answer.status_code < 500, answer.text
        return Said(answer.is_success, answer.text, answer.json() if is_json else None)


@dataclass(frozen=True)
class CommandLine:
    """The same acts by commands."""

    place: Place

    def ask(self, who: str, url: str) -> Said:
        return self._run(who, "add", url, "--reason", "we build on it", "--yes", "--no-wait")

    def decide(self, who: str, act: str, name: str, reason: str = "") -> Said:
        return self._run(who, "request", act, name, *(["--reason", reason] if reason else []))

    def ask_again(self, who: str, name: str) -> Said:
        return self._run(who, "repo", "request", name, "--reason", "we still do")

    def view(self, who: str, name: str) -> Said:
        shown = self._run(who, "repo", "view", name, "--json")
        return Said(shown.done, shown.text, json.loads(shown.text) if shown.done else None)

    def search(self, who: str) -> Said:
        found = self._run(who, "search", "-e", "retry_call")
        return Said(True, found.text, found.text)

    def read(self, who: str, name: str) -> Said:
        return self._run(who, "cat", f"{name}:main.py")

    def quota(self, who: str, user: str, count: int) -> Said:
        return self._run(who, "quota", "set", "repositories", str(count), "--user", user)

    def policy(self, who: str) -> Said:
        folder = self.place.server.data.parent / "policies"
        folder.mkdir(exist_ok=True)
        (folder / "attic.cedar").write_text(NO_ATTIC)
        return self._run(who, "policy", "apply", str(folder), "--reason", "no attic", "--yes")

    def retain(self, who: str) -> Said:
        return self._run(who, "retention", "set", "--idle-days", "30", "--notice-days", "7")

    def apply(self, who: str) -> Said:
        return self._run(who, "retention", "apply")

    def usage(self, who: str) -> Said:
        return self._run(who, "usage", "--everybody")

    def _run(self, who: str, *words: str) -> Said:
        server = self.place.server
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(server.data.parent),
            "GROVE_HOST": server.address,
            "GROVE_TOKEN": self.place.tokens[who],
        }
        command = [sys.executable, "-m", "grove.launch", *words]
        ended = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=120)
        is_json = "--json" in words and ended.returncode == 0
        return Said(ended.returncode == 0, ended.stdout if is_json else ended.stdout + ended.stderr)


def ready(place: Place, door: Rest | CommandLine, name: str) -> dict[str, Any]:
    """The repository, once it can be searched."""

    def shown() -> dict[str, Any] | None:
        document: dict[str, Any] = Rest(place).view("admin", name).document
        return document if document["status"] == "ready" else None

    place.server.wait_for(shown, what=f"{name} being ready")
    repository: dict[str, Any] = door.view("developer", name).document
    return repository


def grow_old(place: Place) -> None:
    """Nobody has used anything for a long time, and every notice is over."""
    with place.database.transaction() as tx:
        tx.session.execute(update(RepositoryRow).values(created_at=LONG_AGO))
        tx.session.execute(update(LastUseRow).values(last_at=LONG_AGO))
        tx.session.execute(update(RetentionNoticeRow).values(due_at=LONG_AGO))


def applied_count(place: Place) -> int:
    done = place.server.get("/jobs", params={"state": "succeeded", "limit": 200})["items"]
    return sum(job["kind"] == "retention.apply" for job in done)


def live_until(place: Place, door: Rest | CommandLine, reached: str) -> dict[str, Any]:
    """Let time pass and the policy be applied until the repository is `reached`; how it is then."""

    def applied() -> dict[str, Any] | None:
        before = applied_count(place)
        grow_old(place)
        assert door.apply("admin").done
        place.server.wait_for(lambda: applied_count(place) > before, what="the policy being applied")
        view: dict[str, Any] = Rest(place).view("admin", "pay").document
        return view if reached in {view["lifecycle"], "notice" if view["notice"] else ""} else None

    shown: dict[str, Any] = place.server.wait_for(applied, what=reached)
    return shown


def ask_and_decide(door: Rest | CommandLine, forge: GitServer) -> None:
    pay = forge.url("pay.git")
    assert "it needs the role developer" in refused(door.ask("viewer", pay))
    assert door.ask("developer", pay).done
    assert "own request" in refused(door.decide("developer", "approve", "pay"))
    assert "no such repository" in refused(door.decide("stranger", "approve", "pay"))
    assert "it needs the role maintainer" in refused(door.decide("viewer", "approve", "pay"))
    assert door.decide("maintainer", "reject", "pay", "say what for").done
    assert "say what for" in door.view("developer", "pay").document["why"]
    assert door.ask_again("developer", "pay").done
    assert door.decide("maintainer", "approve", "pay").done


def refuse_by_policy_and_quota(door: Rest | CommandLine, forge: GitServer) -> None:
    assert "lacks the scope admin" in refused(door.policy("maintainer"))
    assert door.policy("admin").done
    assert "the attic is not kept" in refused(door.ask("maintainer", forge.url("attic.git")))
    assert "lacks the scope admin" in refused(door.quota("maintainer", "developer", 9))
    assert door.quota("admin", "developer", 1).done
    told = refused(door.ask("developer", forge.url("web.git")))
    assert "quota_exceeded" in told
    assert all(fact in told for fact in ("user", "repositories", "1", "2"))


def refused(said: Said) -> str:
    assert not said.done, said.text
    return said.text


@pytest.mark.parametrize("way", [Rest, CommandLine])
class TestTheLifeOfARepository:
    def test_goes_from_the_request_to_cold_and_back(
        self, place: Place, forge: GitServer, way: type[Rest | CommandLine]
    ) -> None:
        door = way(place)
        ask_and_decide(door, forge)
        repository = ready(place, door, "pay")
        assert repository["lifecycle"] == "active"
        assert "searched 1" in door.search("developer").document
        refuse_by_policy_and_quota(door, forge)
        assert "no such repository" in refused(door.read("stranger", "pay"))

        assert "lacks the scope admin" in refused(door.retain("maintainer"))
        assert door.retain("admin").done
        assert live_until(place, door, "notice")["notice"]["told"] == ["developer"]
        live_until(place, door, "cold")
        assert "it is cold" in door.search("viewer").document

        assert "retry_call" in door.read("developer", "pay").text
        assert ready(place, door, "pay")["lifecycle"] == "active"
        assert "pay" in door.usage("admin").text
        assert "it needs the role admin" in refused(door.usage("developer"))
        acts = {entry["action"] for entry in place.server.get("/audit", params={"limit": 200})["items"]}
        assert {"repository.reject", "repository.approve", "retention.notice", "repository.cool"} <= acts
        assert place.server.get("/audit/verification")["is_whole"]
