"""The story of a request, with every refusal on its way."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from grove import accounts
from grove.accounts import PrincipalKind, Role, Scope
from grove.repositories import request_again
from tests.api.conftest import Door, open_door
from tests.support.people import NOON

WHY = {"reason": "we need it for the audit"}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Door]:
    """A door at which every repository is large."""
    yield from open_door(tmp_path, large_repo_size_mb=0)


def asked(door: Door, client: TestClient) -> str:
    answer = client.post("/api/v1/requests", json={"url": str(door.upstream.path), **WHY})
    assert answer.status_code == 201, answer.text
    identifier: str = answer.json()["id"]
    return identifier


class TestARequest:
    def test_goes_from_the_asking_to_the_search(self, small: Door) -> None:
        developer, maintainer = small.of(Role.DEVELOPER), small.of(Role.MAINTAINER)

        identifier = asked(small, developer)
        path = f"/api/v1/requests/{identifier}"

        [waiting] = maintainer.get("/api/v1/requests").json()["items"]
        assert (waiting["state"], waiting["reason"], waiting["may_decide"]) == ("pending_approval", WHY["reason"], True)
        assert waiting["requester"] == developer.get("/api/v1/me").json()["name"]
        assert waiting["decision"]["reason"] == "it is so large that a maintainer has to decide"
        refused = developer.get(path).json()
        assert (refused["may_decide"], refused["why_not"]) == (False, "it is your own request")
        assert developer.post(f"{path}/approve").json()["facts"]["reason"] == "it is your own request"
        assert small.of(Role.DEVELOPER).post(f"{path}/approve").status_code == 403
        assert small.of(Role.VIEWER).get("/api/v1/requests").status_code == 403
        assert small.stranger().post(f"{path}/approve").status_code == 404

        decided = maintainer.post(f"{path}/reject", json={"reason": "ask the core team first"}).json()
        assert decided["state"] == "rejected"
        assert "ask the core team first" in developer.get(f"/api/v1/repositories/{identifier}").json()["why"]
        assert maintainer.get("/api/v1/requests").json()["items"] == []
        again = developer.post(f"/api/v1/repositories/{identifier}/request", json={"reason": "they agreed"})
        assert again.json()["approval"] == "pending_approval"

        approved = maintainer.post(f"{path}/approve", json={"reason": "the core team agreed"}).json()
        assert (approved["state"], approved["decision"]["reason"]) == ("approved", "the core team agreed")
        small.made.work()
        assert developer.get("/api/v1/search", params={"q": "retry"}).json()["files"]

        maintainer.post(f"{path}/revoke", json={"reason": "the contract ended"})
        assert developer.get("/api/v1/search", params={"q": "retry"}).json()["files"] == []
        listed = maintainer.get("/api/v1/requests", params={"state": "all"}).json()["items"]
        assert [item["state"] for item in listed] == ["revoked"]

    def test_says_in_the_audit_trail_which_policy_let_it_be_decided(self, small: Door) -> None:
        identifier = asked(small, small.of(Role.DEVELOPER))
        small.of(Role.MAINTAINER).post(f"/api/v1/requests/{identifier}/approve", json=WHY)

        query = {"action": "repository.approve", "target": identifier}
        [entry] = small.admin.get("/api/v1/audit", params=query).json()["items"]
        assert entry["facts"]["policies"] == ["grove.maintainer"]
        assert (entry["facts"]["before"], entry["facts"]["after"]) == ("pending_approval", "approved")
        assert entry["facts"]["reason"] == WHY["reason"]

    def test_needs_a_reason(self, small: Door) -> None:
        answer = small.admin.post("/api/v1/requests", json={"url": str(small.upstream.path), "reason": ""})

        assert answer.status_code == 422

    def test_for_a_folder_that_is_allowed_and_small_is_approved_by_itself(self, door: Door) -> None:
        identifier = asked(door, door.of(Role.DEVELOPER))

        assert door.admin.get(f"/api/v1/requests/{identifier}").json()["state"] == "approved"

    def test_of_an_agent_waits_for_a_person_who_may_be_its_own(self, small: Door) -> None:
        house = small.made
        with house.grove.database.transaction() as tx:
            made = accounts.create_principal(
                tx, actor=house.admin, kind=PrincipalKind.AGENT, name="bot", role=Role.ADMIN, email=None, now=NOON
            )
            scopes = frozenset(Scope)
            issued = accounts.issue_token(
                tx, actor=house.admin, principal_id=made.id, name="t", scopes=scopes, now=NOON, days=None
            )
        agent = small.client(issued.secret)

        path = f"/api/v1/requests/{asked(small, agent)}"

        assert agent.get(path).json()["state"] == "pending_approval"
        assert agent.post(f"{path}/approve").status_code == 403
        assert small.admin.post(f"{path}/approve").json()["state"] == "approved"


class TestAskingAgain:
    def test_makes_whoever_asks_the_requester(self, small: Door) -> None:
        identifier = asked(small, small.of(Role.DEVELOPER))
        small.admin.post(f"/api/v1/requests/{identifier}/reject", json=WHY)
        with small.made.grove.database.transaction() as tx:
            request_again(tx, actor=small.made.admin, repository_id=identifier, reason="mine now", now=NOON)

        refused = small.admin.post(f"/api/v1/requests/{identifier}/approve")

        assert refused.json()["facts"]["policy"] == "grove.own_request"
