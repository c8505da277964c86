"""Who acts: oneself, projects, users, agents, tokens, and the trail."""

from uuid import uuid4

import pytest

from grove.accounts import Role
from tests.api.conftest import Door


class TestMe:
    def test_is_who_shows_the_token(self, shared: Door) -> None:
        me = shared.admin.get("/api/v1/me").json()

        assert (me["name"], me["role"], me["scopes"]) == ("admin", "admin", ["admin", "read", "write"])


class TestProjects:
    def test_can_be_made_once(self, door: Door) -> None:
        made = door.admin.post("/api/v1/projects", json={"name": "billing"})
        again = door.admin.post("/api/v1/projects", json={"name": "billing"})

        assert made.status_code == 201
        assert (again.status_code, again.json()["code"]) == (409, "name_taken")
        assert [item["name"] for item in door.admin.get("/api/v1/projects").json()["items"]] == ["billing", "default"]

    @pytest.mark.parametrize("name", ["", "a\nb", "a\u202eb", "x" * 201])
    def test_have_names_that_can_be_shown(self, shared: Door, name: str) -> None:
        assert shared.admin.post("/api/v1/projects", json={"name": name}).status_code == 422


class TestUsers:
    def test_are_let_in_by_a_token_and_shut_out_at_once(self, door: Door) -> None:
        user = door.admin.post("/api/v1/users", json={"name": "Ada", "role": "developer"}).json()
        wanted = {"name": "laptop", "principal_id": user["id"], "scopes": ["read"]}
        issued = door.admin.post("/api/v1/tokens", json=wanted).json()
        ada = door.client(issued["secret"])

        assert ada.get("/api/v1/me").json()["name"] == "Ada"
        assert ada.post("/api/v1/repositories/check", json={"url": "/x"}).status_code == 403

        changed = door.admin.patch(f"/api/v1/users/{user['id']}", json={"active": False})

        assert changed.json()["active"] is False
        assert ada.get("/api/v1/me").status_code == 401

    def test_are_given_another_role(self, door: Door) -> None:
        user = door.admin.post("/api/v1/users", json={"name": "Ada", "role": "viewer"}).json()

        changed = door.admin.put(f"/api/v1/users/{user['id']}/role", json={"role": "maintainer"})
        lonely = door.admin.put(
            f"/api/v1/users/{door.admin.get('/api/v1/me').json()['id']}/role", json={"role": "viewer"}
        )

        assert changed.json()["role"] == "maintainer"
        assert (lonely.status_code, lonely.json()["code"]) == (409, "last_administrator")
        assert door.admin.put(f"/api/v1/users/{user['id']}/role", json={"role": "king"}).status_code == 422

    def test_are_made_by_administrators_alone(self, door: Door) -> None:
        refused = door.of(Role.MAINTAINER).post("/api/v1/users", json={"name": "x", "role": "admin"})

        assert refused.status_code == 403

    @pytest.mark.parametrize("field", ["is_admin", "tenant_id", "id", "acts_for", "active"])
    def test_take_nothing_that_is_not_known(self, shared: Door, field: str) -> None:
        body = {"name": "x", "role": "viewer", field: True}

        assert shared.admin.post("/api/v1/users", json=body).status_code == 422

    @pytest.mark.parametrize("body", [{"active": "yes"}, {}, {"active": True, "role": "admin"}])
    def test_change_in_one_way_alone(self, shared: Door, body: dict[str, object]) -> None:
        assert shared.admin.patch(f"/api/v1/users/{uuid4()}", json=body).status_code == 422

    def test_of_other_tenants_are_not_there(self, shared: Door) -> None:
        stranger = shared.stranger()
        mine = shared.admin.get("/api/v1/me").json()["id"]

        assert stranger.patch(f"/api/v1/users/{mine}", json={"active": False}).status_code == 404
        assert [user["name"] for user in stranger.get("/api/v1/users").json()["items"]] == ["stranger"]
        wanted = {"name": "theft", "principal_id": mine}
        assert stranger.post("/api/v1/tokens", json=wanted).status_code == 404


class TestAgents:
    def test_act_for_whoever_makes_them(self, door: Door) -> None:
        developer = door.of(Role.DEVELOPER)

        agent = developer.post("/api/v1/agents", json={"name": "bot", "role": "admin"})

        assert agent.status_code == 201
        assert agent.json()["acts_for"] == developer.get("/api/v1/me").json()["id"]

    def test_are_seen_let_in_and_shut_out_by_those_they_act_for(self, door: Door) -> None:
        developer, colleague = door.of(Role.DEVELOPER), door.of(Role.DEVELOPER)
        me = developer.get("/api/v1/me").json()["name"]
        agent = developer.post("/api/v1/agents", json={"name": "a bot"}).json()
        colleague.post("/api/v1/agents", json={"name": "another's bot"})
        issued = developer.post("/api/v1/tokens", json={"name": "bot", "principal_id": agent["id"]}).json()
        bot = door.client(issued["secret"])

        assert [user["name"] for user in developer.get("/api/v1/users").json()["items"]] == ["a bot", me]
        assert [user["name"] for user in bot.get("/api/v1/users").json()["items"]] == ["a bot"]
        listed = developer.get("/api/v1/tokens", params={"user_id": agent["id"]}).json()["items"]
        assert [token["id"] for token in listed] == [issued["token"]["id"]]
        assert developer.delete(f"/api/v1/tokens/{listed[0]['id']}").status_code == 200
        assert bot.get("/api/v1/me").status_code == 401

    def test_of_others_have_no_tokens_that_one_may_see(self, door: Door) -> None:
        developer, colleague = door.of(Role.DEVELOPER), door.of(Role.DEVELOPER)
        agent = developer.post("/api/v1/agents", json={"name": "a bot"}).json()
        token = developer.post("/api/v1/tokens", json={"name": "bot", "principal_id": agent["id"]}).json()["token"]
        theirs = {"user_id": agent["id"]}

        assert colleague.get("/api/v1/tokens", params=theirs).json()["code"] == "principal_not_found"
        assert colleague.delete(f"/api/v1/tokens/{token['id']}").json()["code"] == "token_not_found"
        assert len(door.admin.get("/api/v1/tokens", params=theirs).json()["items"]) == 1


class TestServices:
    def test_act_for_themselves_and_are_made_by_administrators(self, door: Door) -> None:
        made = door.admin.post("/api/v1/services", json={"name": "ci", "role": "developer"}).json()

        assert (made["kind"], made["acts_for"]) == ("service", None)
        assert door.of(Role.MAINTAINER).post("/api/v1/services", json={"name": "x"}).status_code == 403


class TestTokens:
    def test_are_shown_once(self, door: Door) -> None:
        issued = door.admin.post("/api/v1/tokens", json={"name": "ci", "days": 1})

        assert issued.status_code == 201
        listed = door.admin.get("/api/v1/tokens")
        assert issued.json()["token"] in listed.json()["items"]
        assert issued.json()["secret"] not in listed.text

    def test_have_no_scope_that_their_maker_lacks(self, door: Door) -> None:
        issued = door.admin.post("/api/v1/tokens", json={"name": "narrow", "scopes": ["read", "admin"]}).json()
        narrow = door.client(issued["secret"])

        refused = narrow.post("/api/v1/tokens", json={"name": "wide", "scopes": ["write"]})

        assert refused.status_code == 403

    def test_are_worthless_when_revoked(self, door: Door) -> None:
        issued = door.admin.post("/api/v1/tokens", json={"name": "lost"}).json()

        revoked = door.admin.delete(f"/api/v1/tokens/{issued['token']['id']}")

        assert revoked.json()["revoked_at"] is not None
        assert door.client(issued["secret"]).get("/api/v1/me").status_code == 401

    def test_of_other_tenants_are_not_there(self, shared: Door) -> None:
        [token] = shared.admin.get("/api/v1/tokens").json()["items"]

        assert shared.stranger().delete(f"/api/v1/tokens/{token['id']}").status_code == 404

    def test_remember_when_they_were_used(self, door: Door) -> None:
        door.admin.get("/api/v1/me")

        assert door.admin.get("/api/v1/tokens").json()["items"][0]["last_used_at"] is not None

    def test_are_replaced_while_the_old_one_works_a_little_longer(self, door: Door) -> None:
        old = door.admin.post("/api/v1/tokens", json={"name": "ci"}).json()

        new = door.admin.post(f"/api/v1/tokens/{old['token']['id']}/rotate", json={"overlap_hours": 1})

        assert new.status_code == 201
        assert door.client(old["secret"]).get("/api/v1/me").status_code == 200
        assert door.client(new.json()["secret"]).get("/api/v1/me").status_code == 200
        again = door.admin.post(f"/api/v1/tokens/{old['token']['id']}/rotate", json={})
        assert (again.status_code, again.json()["code"]) == (409, "token_spent")

    def test_are_ended_by_whoever_finds_them(self, door: Door) -> None:
        lost = door.admin.post("/api/v1/tokens", json={"name": "lost"}).json()["secret"]

        assert door.anonymous.post("/api/v1/tokens/leaked", json={"token": lost}).json() == {"revoked": True}
        assert door.anonymous.post("/api/v1/tokens/leaked", json={"token": lost}).json() == {"revoked": False}
        assert door.client(lost).get("/api/v1/me").status_code == 401
