import socket
import time
from dataclasses import replace

import pytest

from grove.credentials import Secret
from grove.forges import (
    Forge,
    ForgeAccess,
    ForgeRateLimited,
    ForgeRemote,
    ForgeUnavailable,
    SizeEstimate,
    ask_size,
)
from grove.kit.errors import GroveError
from tests.support.forge_server import HOST, Answer, ForgeServer, document

RESOURCE = "/api/v1/repos/acme/web"
ANSWERED = "Fri, 02 Jan 2026 12:00:00 GMT"


class AddressRefused(GroveError):
    """The address is not allowed."""


@pytest.fixture
def access(server: ForgeServer) -> ForgeAccess:
    return ForgeAccess(resolve=lambda _host, _port: "127.0.0.1", ca_file=server.ca_file)


@pytest.fixture
def remote(server: ForgeServer) -> ForgeRemote:
    return remote_at(server)


def remote_at(server: ForgeServer) -> ForgeRemote:
    return ForgeRemote(forge=Forge.GITEA, host=f"{HOST}:{server.port}", path="acme/web")


class TestAsking:
    def test_connects_to_the_checked_address_under_the_name_that_was_asked_for(
        self, server: ForgeServer, access: ForgeAccess, remote: ForgeRemote
    ) -> None:
        checked: list[tuple[str, int]] = []

        def resolve(host: str, port: int) -> str:
            checked.append((host, port))
            return "127.0.0.1"

        server.answers[RESOURCE] = document({"size": 1})

        assert ask_size(remote, access=replace(access, resolve=resolve)) == SizeEstimate(
            size_bytes=1024, forge=Forge.GITEA
        )
        assert checked == [(HOST, server.port)]
        assert server.asked[0].headers["host"] == f"{HOST}:{server.port}"

    def test_does_not_connect_when_the_address_is_refused(
        self, server: ForgeServer, access: ForgeAccess, remote: ForgeRemote
    ) -> None:
        def refuse(_host: str, _port: int) -> str:
            raise AddressRefused

        with pytest.raises(AddressRefused):
            ask_size(remote, access=replace(access, resolve=refuse))

        assert server.asked == []

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_follows_no_redirect(
        self, server: ForgeServer, access: ForgeAccess, remote: ForgeRemote, status: int
    ) -> None:
        server.answers[RESOURCE] = Answer(status=status, headers={"Location": "/elsewhere"})
        server.answers["/elsewhere"] = document({"size": 1})

        with pytest.raises(ForgeUnavailable) as refused:
            ask_size(remote, access=access)

        assert refused.value.facts["status"] == status
        assert [asked.target for asked in server.asked] == [RESOURCE]

    def test_ignores_a_proxy_of_the_environment(
        self, server: ForgeServer, access: ForgeAccess, remote: ForgeRemote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        server.answers[RESOURCE] = document({"size": 1})

        assert ask_size(remote, access=access) is not None

    def test_refuses_a_certificate_of_an_unknown_authority_or_of_another_name(
        self, server: ForgeServer, access: ForgeAccess, remote: ForgeRemote
    ) -> None:
        with pytest.raises(ForgeUnavailable):
            ask_size(remote, access=replace(access, ca_file=None))
        with pytest.raises(ForgeUnavailable):
            ask_size(replace(remote, host=f"other.test:{server.port}"), access=access)

        assert server.asked == []

    def test_says_so_when_nothing_listens_or_no_name_is_known(self, access: ForgeAccess, remote: ForgeRemote) -> None:
        def unknown(_host: str, _port: int) -> str:
            raise socket.gaierror

        with pytest.raises(ForgeUnavailable):
            ask_size(replace(remote, host=f"{HOST}:1"), access=access)
        with pytest.raises(ForgeUnavailable):
            ask_size(remote, access=replace(access, resolve=unknown))

    def test_reads_no_more_than_it_may(self, server: ForgeServer, access: ForgeAccess, remote: ForgeRemote) -> None:
        server.answers[RESOURCE] = Answer(body=b'{"size": 1}' + b" " * 5_000_000)

        with pytest.raises(ForgeUnavailable) as refused:
            ask_size(remote, access=access)

        assert refused.value.facts["reason"] == "answer too large"

    def test_waits_no_longer_than_it_may(self, server: ForgeServer, access: ForgeAccess, remote: ForgeRemote) -> None:
        server.answers[RESOURCE] = Answer(body=b" ", parts=40, pause_seconds=0.05)
        started = time.monotonic()

        with pytest.raises(ForgeUnavailable) as refused:
            ask_size(remote, access=replace(access, wait_seconds_max=0.3))

        assert refused.value.facts["reason"] == "answer too slow"
        assert time.monotonic() - started < 1.5

    def test_waits_no_longer_for_headers_that_come_one_by_one(
        self, server: ForgeServer, access: ForgeAccess, remote: ForgeRemote
    ) -> None:
        server.answers[RESOURCE] = Answer(idle_headers=200, pause_seconds=0.05)
        started = time.monotonic()

        with pytest.raises(ForgeUnavailable):
            ask_size(remote, access=replace(access, wait_seconds_max=0.3))

        assert time.monotonic() - started < 3

    def test_sends_a_password_that_is_not_ascii(
        self, server: ForgeServer, access: ForgeAccess, remote: ForgeRemote
    ) -> None:
        server.answers[RESOURCE] = document({"size": 1})

        for username in ("oauth2", "ada"):
            assert ask_size(replace(remote, secret=Secret(username=username, password="pä€")), access=access)

        assert server.asked[1].headers["authorization"].startswith("Basic ")

    def test_takes_api_roots_of_https_only(self, access: ForgeAccess) -> None:
        with pytest.raises(ValueError, match="not HTTPS"):
            replace(access, api_roots={"github.com": "http://localhost"})


class TestRateLimit:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"Retry-After": "17"}, 17),
            ({"Retry-After": "999999999"}, 86_400),
            ({"Retry-After": "Fri, 02 Jan 2026 12:01:30 GMT", "Date": ANSWERED}, 90),
            ({"Retry-After": "Fri, 02 Jan 2026 11:00:00 GMT", "Date": ANSWERED}, 0),
            ({"X-RateLimit-Reset": "1767355260", "Date": ANSWERED}, 60),
            ({"X-RateLimit-Reset": "soon", "Date": ANSWERED}, None),
            ({"Retry-After": "soon"}, None),
            ({"Retry-After": "9" * 5000}, None),
            ({}, None),
        ],
    )
    def test_says_how_long_to_wait(
        self, server: ForgeServer, access: ForgeAccess, headers: dict[str, str], seconds: int | None
    ) -> None:
        server.answers[RESOURCE] = Answer(status=429, headers=headers)

        with pytest.raises(ForgeRateLimited) as refused:
            ask_size(remote_at(server), access=access)

        assert refused.value.facts["retry_after_seconds"] == seconds
        assert refused.value.transient


class TestNotAsking:
    @pytest.mark.parametrize(
        ("forge", "host", "path", "secret"),
        [
            (Forge.GENERIC, HOST, "acme/web", None),
            (Forge.GITEA, HOST, "acme/../admin", None),
            (Forge.GITEA, HOST, "acme", None),
            (Forge.BITBUCKET, "bitbucket.corp.example", "acme/web", None),
            (Forge.GITLAB, HOST, "acme/web", Secret(username="deployer", password="gldt-123")),
            (Forge.BITBUCKET, "bitbucket.org", "acme/web", Secret(username="x-bitbucket-api-token-auth", password="A")),
        ],
    )
    def test_is_right_where_there_is_no_api_for_it(
        self, forge: Forge, host: str, path: str, secret: Secret | None
    ) -> None:
        def never(_host: str, _port: int) -> str:
            raise AssertionError

        remote = ForgeRemote(forge=forge, host=host, path=path, secret=secret)

        assert ask_size(remote, access=ForgeAccess(resolve=never)) is None
