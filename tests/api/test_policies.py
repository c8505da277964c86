"""A tenant's own policies: tried, applied, in force at once, told in refusals and the audit trail, taken back."""

import json
from typing import Any

from fastapi.testclient import TestClient

from grove.accounts import Role
from grove.api import create_app
from tests.api.conftest import ADDRESS, Door, bearer
from tests.support.grove import ADMIN_TOKEN

JSON = {"Content-Type": "application/json"}
HIDE = """@id("core_is_hidden")
@reason("it is for the core team")
forbid (principal, action in [Grove::Action::"repository.view", Grove::Action::"search.run"], resource)
when { resource is Grove::Repository && resource has name && resource.name == "payments" }
unless { principal in Grove::Role::"admin" };
"""
CASES = [
    {
        "name": "developers do not see it",
        "principal": {"role": "developer"},
        "action": "repository.view",
        "resource": {"name": "payments"},
        "expect": "deny",
    },
    {"name": "they see the rest", "principal": {"role": "developer"}, "action": "repository.view", "expect": "allow"},
]


def put(client: TestClient, text: str, cases: list[dict[str, Any]] | None = None, *, expect: int = 200) -> Any:
    body = {"documents": {"own.cedar": text}, "cases": cases or [], "reason": "the core team asked"}
    answer = client.put("/api/v1/policies", json=body)
    assert answer.status_code == expect, answer.text
    return answer.json()


class TestApplying:
    def test_is_in_force_on_the_next_request_of_every_process(self, door: Door) -> None:
        identifier = door.connect_ready()
        developer, path = door.of(Role.DEVELOPER), f"/api/v1/repositories/{identifier}"
        search = {"q": "retry"}
        assert developer.get(path).status_code == 200
        assert developer.get("/api/v1/search", params=search).json()["files"]

        applied = put(door.admin, HIDE, CASES)

        assert applied["version"] == 1
        hidden = developer.get(path)
        unknown = developer.get("/api/v1/repositories/00000000-0000-0000-0000-000000000000")
        assert (hidden.status_code, hidden.json()["code"]) == (404, unknown.json()["code"])
        assert developer.get("/api/v1/repositories").json()["items"] == []
        assert developer.get("/api/v1/search", params=search).json()["files"] == []
        assert developer.get("/api/v1/repositories/by-name/payments").status_code == 404
        other_process = TestClient(create_app(door.made.grove), base_url=ADDRESS, headers=bearer(ADMIN_TOKEN))
        assert other_process.get(path).status_code == 200

    def test_is_told_of_in_the_audit_trail_with_the_policies_that_allowed_it(self, door: Door) -> None:
        put(door.admin, HIDE)

        [entry] = door.admin.get("/api/v1/audit", params={"action": "policy.apply"}).json()["items"]
        assert entry["facts"]["policies"] == ["grove.admin"]
        assert (entry["facts"]["before"], entry["facts"]["after"]) == (0, 1)
        assert entry["facts"]["reason"] == "the core team asked"

    def test_stops_a_job_that_waited_when_it_forbids_its_work(self, door: Door) -> None:
        developer = door.of(Role.DEVELOPER)
        job = door.connect(developer)["job_id"]
        forbid = (
            '@id("frozen") @reason("all is frozen") forbid (principal, action == Grove::Action::"repository.sync", '
            "resource) when { resource is Grove::Repository && resource has visibility && "
            'resource.visibility == "local" };'
        )
        put(door.admin, forbid)

        door.made.work()

        ended = door.admin.get(f"/api/v1/jobs/{job}").json()
        assert (ended["state"], ended["error"]["code"]) == ("failed", "denied")

    def test_refuses_what_is_not_written_rightly_and_keeps_what_was_in_force(self, door: Door) -> None:
        put(door.admin, HIDE)
        wrong = [
            "forbid (principal, action, resource) when { resource.colour == 1 };",
            '@id("a") forbid (principal, action, resource) when { resource.colour == 1 };',
            '@id("a") forbid (principal, action == Grove::Action::"repository.fly", resource);',
            '@id("grove.tenant") permit (principal, action, resource);',
            '@id("a") permit (principal, action, resource); @id("a") permit (principal, action, resource);',
            "permit (principal",
        ]

        for text in wrong:
            assert put(door.admin, text, expect=422)["code"] == "policies_invalid"
        assert door.admin.get("/api/v1/policies").json()["version"] == 1

    def test_refuses_when_a_case_is_decided_otherwise(self, door: Door) -> None:
        [first, second] = CASES
        refused = put(door.admin, HIDE, [first, {**second, "expect": "deny"}], expect=422)

        assert refused["code"] == "policy_cases_failed"
        assert "they see the rest" in refused["facts"]["cases"]

    def test_refuses_to_lock_its_maker_out(self, door: Door) -> None:
        shut = '@id("shut") forbid (principal, action in Grove::Action::"needs admin", resource);'

        assert put(door.admin, shut, expect=409)["code"] == "policies_lock_out"

    def test_is_for_administrators(self, door: Door) -> None:
        assert put(door.of(Role.MAINTAINER), HIDE, expect=403)["facts"]["reason"] == "it needs the role admin"

    def test_opens_nothing_that_is_closed_to_all(self, door: Door) -> None:
        put(door.admin, '@id("open") permit (principal, action, resource);')
        identifier = door.connect()["repository"]["id"]

        assert door.stranger().get(f"/api/v1/repositories/{identifier}").status_code == 404
        assert door.of(Role.VIEWER).delete(f"/api/v1/repositories/{identifier}").status_code == 202


class TestRollingBack:
    def test_brings_an_older_version_back_as_a_new_one(self, door: Door) -> None:
        put(door.admin, HIDE, CASES)
        rolled = door.admin.post("/api/v1/policies/rollback", json={"version": 0, "reason": "too strict"}).json()
        again = door.admin.post("/api/v1/policies/rollback", json={"version": 1}).json()

        assert (rolled["version"], rolled["documents"]) == (2, {})
        assert (again["version"], again["documents"], len(again["cases"])) == (3, {"own.cedar": HIDE}, 2)
        page = door.admin.get("/api/v1/policies/versions", params={"limit": 2}).json()
        assert [item["version"] for item in page["items"]] == [3, 2]
        rest = door.admin.get("/api/v1/policies/versions", params={"cursor": page["next_cursor"]}).json()
        assert [item["version"] for item in rest["items"]] == [1]
        assert door.admin.post("/api/v1/policies/rollback", json={"version": 9}).status_code == 404


class TestExplaining:
    def test_names_the_policies(self, door: Door) -> None:
        door.connect()
        put(door.admin, HIDE)
        developer = door.of(Role.DEVELOPER)
        name = developer.get("/api/v1/me").json()["name"]
        wanted = {"action": "repository.view", "repository": "payments", "principal": name}

        explained = door.admin.post("/api/v1/policies/explain", json=wanted).json()

        expected = {"allowed": False, "policies": ["core_is_hidden"], "version": 1, "reason": "it is for the core team"}
        assert explained == expected
        assert developer.post("/api/v1/policies/explain", json={"action": "repository.sync"}).json()["allowed"]
        other = door.admin.get("/api/v1/me").json()["name"]
        asked = {"action": "repository.sync", "principal": other}
        assert developer.post("/api/v1/policies/explain", json=asked).status_code == 403


class TestChecking:
    def test_costs_work_and_so_is_not_for_everybody(self, door: Door) -> None:
        many = "".join(f'@id("p{number}") permit (principal, action, resource);' for number in range(201))

        assert door.of(Role.VIEWER).post("/api/v1/policies/check", json={"documents": {}}).status_code == 403
        assert put(door.admin, many, expect=422)["code"] == "policies_invalid"

    def test_applies_nothing(self, door: Door) -> None:
        body = {"documents": {"own.cedar": HIDE}, "cases": CASES}
        check = door.of(Role.MAINTAINER).post("/api/v1/policies/check", json=body).json()

        assert check["passed"]
        assert [result["policies"] for result in check["results"]] == [["core_is_hidden"], ["grove.viewer"]]
        assert door.admin.get("/api/v1/policies").json()["version"] == 0

    def test_refuses_cases_that_say_nothing(self, door: Door) -> None:
        coloured = {**CASES[0], "resource": {"colour": 1}}
        for case, cause in (
            ({}, "'principal' is missing"),
            ({**CASES[0], "expect": "maybe"}, "expect maybe"),
            (coloured, "colour is not among "),
        ):
            body = {"documents": {}, "cases": [case]}
            answer = door.admin.post("/api/v1/policies/check", json=body)
            assert (answer.status_code, answer.json()["code"]) == (422, "policy_case_invalid")
            assert answer.json()["facts"]["cause"].startswith(cause)

    def test_refuses_cases_that_cannot_be_kept(self, door: Door) -> None:
        for resource in ({"host": 2**64}, {"host": [None]}, {"id": "\ud800"}, {"host": "\0"}):
            body = json.dumps({"documents": {}, "cases": [{**CASES[0], "resource": resource}]})
            answer = door.admin.post("/api/v1/policies/check", content=body, headers=JSON)
            assert (answer.status_code, answer.json()["code"]) == (422, "policy_case_invalid"), resource
