"""Whom forges let read: page by page, and never more than they say."""

import json

import pytest

from grove.credentials import Secret
from grove.forges import Forge, ForgeAccess, ForgeRemote, ForgeUnavailable, ask_readers
from tests.support.forge_server import Answer, ForgeServer

BASE = "/workspaces/acme/permissions/repositories/pay?pagelen=100&page="


def asked(server: ForgeServer, forge: Forge, host: str) -> frozenset[str]:
    access = ForgeAccess(
        resolve=lambda _host, _port: "127.0.0.1", api_roots={host: server.root}, ca_file=server.ca_file
    )
    secret = Secret(username="x-token-auth", password="token")
    remote = ForgeRemote(forge=forge, host=host, path="/acme/pay.git", secret=secret)
    return ask_readers(remote, {"712020:ada", "{bob}", "carol"}, access=access)


def page(values: list[object], **more: object) -> Answer:
    return Answer(body=json.dumps({"values": values, **more}).encode())


class TestBitbucket:
    def test_knows_people_by_what_is_theirs_for_good(self, server: ForgeServer) -> None:
        server.answers[BASE + "1"] = page(
            [{"permission": "read", "user": {"account_id": "712020:Ada", "uuid": "{x}", "nickname": "carol"}}],
            next="https://evil.example/page/2",
        )
        server.answers[BASE + "2"] = page([{"permission": "write", "user": {"uuid": "{bob}", "account_id": None}}])

        assert asked(server, Forge.BITBUCKET, "bitbucket.org") == {"712020:ada", "{bob}"}
        assert [each.target for each in server.asked] == [BASE + "1", BASE + "2"]

    @pytest.mark.parametrize("body", [b"{}", b'{"values": {}}', b'{"values": ["x"]}', b"<html>", b"null"])
    def test_that_makes_no_sense_tells_nothing(self, server: ForgeServer, body: bytes) -> None:
        server.answers[BASE + "1"] = Answer(body=body)

        with pytest.raises(ForgeUnavailable):
            asked(server, Forge.BITBUCKET, "bitbucket.org")


class TestAPlainHost:
    def test_tells_nothing(self, server: ForgeServer) -> None:
        with pytest.raises(ForgeUnavailable):
            asked(server, Forge.GENERIC, "git.example.org")
        assert server.asked == []
