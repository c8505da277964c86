"""MCP over HTTP: who may call, from where, and as whom."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from grove import accounts
from grove.mcp import http_app
from tests.mcp.client import Shown, shown
from tests.support.grove import ADMIN_TOKEN, House

LIST_TOOLS = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
OF_ANOTHER_SERVER = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL290aGVyLmV4YW1wbGUifQ.c2lnbmVk"
"""A token whose audience is another one: what was not made here counts for nothing."""
ACCEPT = {"Accept": "application/json, text/event-stream"}


@dataclass(frozen=True, slots=True)
class Server:
    address: str

    def post(self, body: object = None, *, token: str | None = ADMIN_TOKEN, **headers: str) -> httpx2.Response:
        shown_token = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx2.post(
            f"{self.address}/mcp", json=body or LIST_TOOLS, headers={**ACCEPT, **shown_token, **headers}, timeout=30
        )

    def call(self, tool: str, *, token: str = ADMIN_TOKEN, mode: str = "auto", **arguments: object) -> Shown:
        async def ask() -> CallToolResult:
            http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30)
            transport = streamable_http_client(f"{self.address}/mcp", http_client=http)
            async with http, Client(transport, mode=mode) as client:
                return await client.call_tool(tool, arguments)

        return shown(asyncio.run(ask()))


@pytest.fixture(scope="module")
def server(made: House) -> Iterator[Server]:
    """The endpoint as it is mounted: last, at the root of a larger application."""
    endpoint, lifespan = http_app(made.grove)

    @asynccontextmanager
    async def serving(_app: Starlette) -> AsyncIterator[None]:
        async with lifespan:
            yield

    async def hello(_request: object) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = Starlette(routes=[Route("/hello", hello), Mount("/", endpoint)], lifespan=serving)
    listening = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    while not running.started:
        time.sleep(0.02)
    yield Server(f"http://127.0.0.1:{listening.getsockname()[1]}")
    running.should_exit = True
    thread.join()
    listening.close()


class TestToken:
    @pytest.mark.parametrize("token", [None, "", "grove_wrong", "Basic x", OF_ANOTHER_SERVER])
    def test_is_needed(self, server: Server, token: str | None) -> None:
        refused = server.post(token=token)

        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith('Bearer realm="Grove"')
        assert refused.json()["error"]["code"] in {"token_missing", "token_invalid"}

    def test_that_is_wrong_is_told_from_one_that_is_missing(self, server: Server) -> None:
        assert 'error="invalid_token"' in server.post(token="grove_wrong").headers["www-authenticate"]
        assert "error=" not in server.post(token=None).headers["www-authenticate"]

    def test_is_not_taken_from_the_address(self, server: Server) -> None:
        refused = httpx2.post(f"{server.address}/mcp?token={ADMIN_TOKEN}", json=LIST_TOOLS, headers=ACCEPT)

        assert refused.status_code == 401

    def test_lets_its_owner_do_what_its_scopes_allow(self, server: Server, made: House) -> None:
        assert server.call("list_repos", token=_token(made, accounts.Scope.READ)).lines

    def test_without_the_scope_gets_an_error_that_says_so(self, server: Server, made: House) -> None:
        error = server.call("list_repos", token=_token(made, accounts.Scope.WRITE)).error

        assert "You are not allowed to do this." in error
        assert "Reason: the token lacks the scope read." in error
        assert "tell the user" in error

    def test_ends_its_use_when_it_is_revoked(self, server: Server, made: House) -> None:
        secret = _token(made, accounts.Scope.READ)
        assert server.post(token=secret).status_code == 200

        with made.grove.database.transaction() as tx:
            issued = accounts.list_tokens(tx, actor=made.admin, principal_id=made.admin.id)[0]
            accounts.revoke_token(tx, actor=made.admin, token_id=issued.id, now=made.now)

        assert server.post(token=secret).status_code == 401

    def test_is_needed_for_every_method(self, server: Server) -> None:
        for method in ("GET", "DELETE", "PUT", "OPTIONS"):
            assert httpx2.request(method, f"{server.address}/mcp", headers=ACCEPT).status_code == 401


class TestOrigin:
    @pytest.mark.parametrize("origin", ["http://evil.test", "https://evil.test", "null", "http://localhost.evil.test"])
    def test_of_another_site_is_refused(self, server: Server, origin: str) -> None:
        assert server.post(Origin=origin).status_code == 403

    @pytest.mark.parametrize("host", ["rebind.test", "rebind.test:8080", "127.0.0.1.evil.test", ""])
    def test_a_name_that_is_not_this_servers_is_refused(self, server: Server, host: str) -> None:
        assert server.post(Host=host).status_code in {400, 421}

    def test_of_this_machine_is_let_in(self, server: Server) -> None:
        assert server.post(Origin="http://localhost:3000").status_code == 200


class TestCalls:
    def test_stand_for_themselves(self, server: Server) -> None:
        answer = server.post()

        assert answer.status_code == 200
        assert "mcp-session-id" not in answer.headers
        assert [tool["name"] for tool in answer.json()["result"]["tools"]][:2] == ["search_code", "read_file"]

    @pytest.mark.parametrize("mode", ["auto", "legacy"])
    def test_are_answered_to_clients_of_both_protocols(self, server: Server, mode: str) -> None:
        answer = server.call("search_code", mode=mode, query="money that goes back to a customer", limit=1)

        assert "src/pay/refund.py" in answer.lines[0]

    def test_that_are_too_large_are_refused(self, server: Server) -> None:
        arguments = {"name": "search_code", "arguments": {"query": "x" * 10_000_000}}

        refused = server.post({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments})

        assert refused.status_code == 413
        assert refused.json()["error"]["code"] == "call_too_large"

    def test_run_beside_each_other(self, server: Server) -> None:
        answers: list[Shown] = []
        threads = [
            threading.Thread(target=lambda: answers.append(server.call("search_code", query="ledger", mode="auto")))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [answer.is_error for answer in answers] == [False] * 6

    def test_leave_other_addresses_to_others(self, server: Server) -> None:
        assert httpx2.get(f"{server.address}/hello").text == "hello"
        assert httpx2.get(f"{server.address}/nothing").status_code == 404


def _token(made: House, *scopes: accounts.Scope) -> str:
    with made.grove.database.transaction() as tx:
        issued = accounts.issue_token(
            tx, actor=made.admin, principal_id=made.admin.id, name="agent", scopes=frozenset(scopes), now=made.now
        )
    return issued.secret
