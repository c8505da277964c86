"""What somebody may not see any more is not in their very next answer, nor in its counts and facets."""

import re
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from grove.accounts import Role
from tests.api.conftest import Door
from tests.support.git_repositories import Repository

HIDE = """@id("payments_are_hidden")
@reason("it is for the core team")
forbid (principal, action in [Grove::Action::"repository.view", Grove::Action::"search.run"], resource)
when { resource is Grove::Repository && resource has name && resource.name == "payments" }
unless { principal in Grove::Role::"admin" };
"""
QUESTIONS = (
    "retry",
    "case:yes retry_call",
    "type:symbol retry_call",
    "/retry_\\w+/",
    "type:repo payments",
    "select:repo retry",
    "payment with backoff",
)


def told(client: TestClient, question: str) -> dict[str, Any]:
    """What an answer says of files, without its time."""
    answer = client.get("/api/v1/search", params={"q": question}).json()
    truth = answer["truth"]
    return {
        "files": [file["path"] for file in answer["files"]],
        "repositories": [found["repository"] for found in answer["repositories"]],
        "counts": [truth[name] for name in ("files_found", "matches_found", "repositories_found")],
        "facets": answer["facets"]["items"],
        "searched": [commit["repository"] for commit in truth["searched"]],
    }


class TestAnAnswer:
    @pytest.fixture
    def developer(self, door: Door) -> TestClient:
        return door.of(Role.DEVELOPER)

    def test_follows_policies_both_ways(self, door: Door, developer: TestClient) -> None:
        door.connect_ready()
        before = {question: [told(developer, question) for _ in range(2)][-1] for question in QUESTIONS}
        of_admin = {question: told(door.admin, question) for question in QUESTIONS}

        body = {"documents": {"own.cedar": HIDE}, "cases": [], "reason": "the core team asked"}
        assert door.admin.put("/api/v1/policies", json=body).status_code == 200
        hidden = {question: told(developer, question) for question in QUESTIONS}
        still = {question: told(door.admin, question) for question in QUESTIONS}
        door.admin.put("/api/v1/policies", json=body | {"documents": {}})
        after = {question: told(developer, question) for question in QUESTIONS}

        assert [question for question, each in before.items() if not each["files"] + each["repositories"]] == []
        assert all(
            each["files"] == each["repositories"] == each["facets"] == each["searched"] == []
            for each in hidden.values()
        )
        assert all(each["counts"] == [0, 0, 0] for each in hidden.values())
        assert still == of_admin
        assert after == before

    def test_leaves_out_what_was_archived_and_has_it_again_when_it_is_restored(
        self, door: Door, developer: TestClient
    ) -> None:
        place = f"/api/v1/repositories/{door.connect_ready()}"
        before = told(developer, "retry")

        assert door.admin.post(f"{place}/archive", json={"reason": "old"}).status_code == 200
        gone = told(developer, "retry")
        assert door.admin.post(f"{place}/restore").status_code == 200

        assert (gone["files"], gone["counts"], gone["facets"]) == ([], [0, 0, 0], [])
        assert told(developer, "retry") == before

    def test_is_for_nobody_whose_token_was_revoked(self, door: Door) -> None:
        door.connect_ready()
        actor, secret = door.made.actor(Role.VIEWER)
        viewer = door.client(secret)
        assert told(viewer, "retry")["files"]

        door.admin.patch(f"/api/v1/users/{actor.id}", json={"active": False})

        assert viewer.get("/api/v1/search", params={"q": "retry"}).status_code == 401

    def test_of_another_tenant_tells_nothing_of_what_was_found_before(self, door: Door) -> None:
        door.connect_ready()
        told(door.admin, "retry")

        assert told(door.stranger(), "retry")["counts"] == [0, 0, 0]


class TestARepositoryThatIsHidden:
    """The same tenant, the same question: what one may not see is as if nobody had ever kept it."""

    @pytest.fixture
    def hidden(self, door: Door) -> TestClient:
        """A developer from whom the best answers are hidden, and who has asked for them before."""
        developer = door.of(Role.DEVELOPER)
        door.connect_ready()
        other = Repository.new(door.upstream.path.parent / "notes.git")
        other.commit({f"n{number}.txt": f"we retry what number {number} did {number * 7}\n" for number in range(8)})
        door.connect(url=str(other.path))
        door.made.work()
        seen = developer.get("/api/v1/search", params={"q": "retry_call", "limit": 5}).json()
        assert "payments" in {file["repository"] for file in seen["files"]}
        body = {"documents": {"own.cedar": HIDE}, "cases": [], "reason": "the core team asked"}
        assert door.admin.put("/api/v1/policies", json=body).status_code == 200
        return developer

    def test_keeps_its_name_and_tells_no_more_than_that(self, door: Door, hidden: TestClient) -> None:
        taken = hidden.post("/api/v1/repositories", json={"url": str(door.upstream.path)}).json()

        assert (taken["code"], taken["facts"]) == ("repository_exists", {"name": "payments"})

    @pytest.mark.parametrize(
        "question",
        [
            "repo:{} retry",
            "repo:{}",
            "repo:{} rev:main retry",
            "repo:{} type:commit retry",
            "repo:{} type:symbol retry_call",
        ],
    )
    def test_is_asked_for_by_name_as_one_that_there_is_not(self, hidden: TestClient, question: str) -> None:
        def answered(name: str) -> tuple[int, Any]:
            answer = hidden.get("/api/v1/search", params={"q": question.format(name), "limit": 5})
            told = answer.json()
            for part in ("request_id", "took_ms", "elapsed_ms"):
                told.pop(part, None)
                told.get("truth", {}).pop(part, None)
            return answer.status_code, re.sub(r"[0-9.,]+ ms", "", str(told)).replace(name, "NAME")

        assert answered("payments") == answered("paymemts")

    @pytest.mark.parametrize(
        "question", ["retry_call", "retry_call case:yes", '"def retry_call"', "type:symbol retry_call"]
    )
    def test_is_in_no_suggestion_no_facet_and_no_excerpt(self, hidden: TestClient, question: str) -> None:
        told = hidden.get("/api/v1/search", params={"q": question, "limit": 5}).text

        assert "payments" not in told
        assert "src/net" not in told

    def test_takes_no_place_among_the_best(self, hidden: TestClient) -> None:
        found = hidden.get("/api/v1/search", params={"q": "retry", "limit": 5}).json()

        assert [file["repository"] for file in found["files"]] == ["notes"] * 5

    def test_is_by_its_id_on_every_route_as_one_that_there_is_not(self, door: Door, hidden: TestClient) -> None:
        listed = door.admin.get("/api/v1/repositories").json()["items"]
        [there] = [each["id"] for each in listed if each["name"] == "payments"]
        nowhere = str(uuid4())

        def answered(method: str, path: str, identifier: str) -> tuple[object, ...]:
            asked = path.replace("{repository_id}", identifier)
            answer = hidden.request(method, asked, json=None if method == "get" else {})
            told = answer.text.replace(identifier, "ID").replace(answer.headers["x-request-id"], "REQUEST")
            headers = {name for name in answer.headers if name != "x-request-id"}
            return answer.status_code, headers, told

        app: Any = door.anonymous.app
        routes = [
            (method, path)
            for path, operations in app.openapi()["paths"].items()
            for method in operations
            if re.findall(r"{\w+}", path) == ["{repository_id}"]
        ]
        assert len(routes) > 15
        for method, path in routes:
            yours, none = answered(method, path, there), answered(method, path, nowhere)
            assert yours == none, f"{method} {path}"
            assert yours[0] in {403, 404, 422}, f"{method} {path}: {yours[0]}"
