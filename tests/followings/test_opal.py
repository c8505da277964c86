"""Policies that OPAL brings: its own server and client, a repository of policies, and Grove as the policy store."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.git_repositories import Repository
from tests.support.grove import ADMIN_TOKEN
from tests.support.install_opal import program
from tests.support.opal import opal
from tests.support.server import ServerProcess, serving

FORKS = """@id("no_forks") forbid (principal, action == Grove::Action::"repository.connect", resource)
when { resource has fork && resource.fork };
"""


def following(server: ServerProcess) -> Any:
    return server.get("/policies/following")["following"]


def own_ids(server: ServerProcess) -> list[str]:
    return sorted(item["id"] for item in server.get("/policies")["items"] if not item["shipped"])


@pytest.mark.skipif(program("opal-client") is None, reason="OPAL is not installed: tests/support/install_opal.py")
class TestOpal:
    def test_brings_what_is_pushed_and_never_what_is_bad(self, tmp_path: Path) -> None:
        upstream = Repository.new(tmp_path / "rules.git")
        upstream.commit({"grove/forks.cedar": FORKS})
        with serving(tmp_path / "data" / "grove") as server:
            answer = server.client.put("policies/following", json={"source": "opal"})
            assert answer.is_success, answer.text
            store = f"{server.address}/opal"
            with opal(tmp_path / "opal", policies=upstream.path, store_url=store, store_token=ADMIN_TOKEN) as folder:
                try:
                    server.wait_for(lambda: own_ids(server) == ["no_forks"], what="the first set")

                    upstream.commit({"grove/bad.cedar": "permit ("})
                    refused = server.wait_for(lambda: following(server)["problem"], what="the refusal")
                    kept = own_ids(server)

                    upstream.commit(
                        {"grove/more.cedar": FORKS.replace("no_forks", "no_more")}, deletes=["grove/bad.cedar"]
                    )
                    server.wait_for(lambda: own_ids(server) == ["no_forks", "no_more"], what="the mended set")
                    mended = following(server)

                    upstream.commit({}, deletes=["grove/forks.cedar"])
                    server.wait_for(lambda: own_ids(server) == ["no_more"], what="the removal")
                except AssertionError as error:
                    log = (folder / "opal-client.log").read_text()[-4000:]
                    raise AssertionError(f"{error}\n{log}") from error
            versions = server.get("/policies/versions")["items"]

        assert refused["code"] == "policies_invalid"
        assert "bad.cedar" in refused["message"]
        assert kept == ["no_forks"]
        assert mended["problem"] is None
        assert [version["version"] for version in versions] == [3, 2, 1]
        assert {version["origin"] for version in versions} == {"OPAL"}


class TestThePolicyStore:
    def test_takes_documents_one_by_one_and_applies_them_together(self, tmp_path: Path) -> None:
        with serving(tmp_path / "data" / "grove") as server:
            client, store = server.client, f"{server.address}/opal/v1"
            early = client.put(f"{store}/policies/a.cedar", json={"content": FORKS})
            client.put("policies/following", json={"source": "opal"})
            anyone = client.get(f"{store}/", headers={"Authorization": ""})
            nobody = client.put(
                f"{store}/policies/a.cedar", json={"content": FORKS}, headers={"Authorization": "Bearer wrong"}
            )
            taken = client.put(f"{store}/policies/rules%2Fa.cedar", json={"content": FORKS})
            other = client.put(f"{store}/policies/b.cedar", json={"content": FORKS.replace("no_forks", "no_more")})
            server.wait_for(lambda: own_ids(server), what="the set")
            together = server.get("/policies/versions")["items"]
            told = client.get(f"{store}/policies").json()
            bad = client.put(f"{store}/policies/c.cedar", json={"content": "permit ("})
            gone = client.delete(f"{store}/policies/c.cedar"), client.delete(f"{store}/policies/c.cedar")

        assert (early.status_code, early.json()["code"]) == (409, "following_absent")
        assert anyone.status_code == 200
        assert nobody.status_code == 401
        assert (taken.status_code, other.status_code, bad.status_code) == (200, 200, 400)
        assert [sorted(version["documents"]) for version in together] == [["b.cedar", "rules/a.cedar"]]
        assert [each["id"] for each in told] == ["b.cedar", "rules/a.cedar"]
        assert [each.status_code for each in gone] == [204, 404]
