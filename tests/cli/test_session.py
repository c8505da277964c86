import json
import queue
import re
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx2
import pytest

from grove.accounts import Role
from grove.cli import remember_server
from grove.cli.failure import Exit
from grove.settings import Settings
from tests.api.test_browser import field
from tests.cli.conftest import CommandLine, Site
from tests.support.grove import ADMIN_TOKEN


@contextmanager
def answering(status: int, content: str, *, kind: str = "text/plain") -> Iterator[str]:
    """A server that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class TestSigningIn:
    def test_keeps_a_token_that_the_server_knows(self, stranger: CommandLine, site: Site) -> None:
        signed_in = stranger("login", site.url, "--with-token", stdin=f"{ADMIN_TOKEN}\n")
        hosts = stranger.config / "hosts.json"

        assert signed_in.exit_code == Exit.DONE
        assert signed_in.stdout == "name\tadmin\nrole\tadmin\nscopes\tadmin,read,write\n"
        assert ADMIN_TOKEN not in signed_in.output
        assert json.loads(hosts.read_text())["hosts"][0]["token"] == ADMIN_TOKEN
        assert stat.S_IMODE(hosts.stat().st_mode) == 0o600
        assert stranger("whoami").stdout.startswith("name\tadmin\n")

    def test_keeps_nothing_that_the_server_does_not_know(self, stranger: CommandLine, site: Site) -> None:
        refused = stranger("login", site.url, "--with-token", stdin="grove_wrong\n")

        assert refused.exit_code == Exit.DENIED
        assert refused.stderr == (
            "error: You are not signed in.\n"
            "  why: The token is unknown, expired or revoked. (token_invalid)\n"
            f" next: grove login {site.url}\n"
        )
        assert not (stranger.config / "hosts.json").exists()

    @pytest.mark.parametrize("token", ["", "\n", "tök\n", "a\x1bb\n"])
    def test_refuses_what_is_no_token(self, stranger: CommandLine, site: Site, token: str) -> None:
        refused = stranger("login", site.url, "--with-token", stdin=token)

        assert refused.exit_code in {Exit.INVALID, Exit.DENIED}
        assert refused.stderr.count("\n") == 3

    def test_ends_with_the_token_forgotten(self, stranger: CommandLine, site: Site) -> None:
        stranger("login", site.url, "--with-token", stdin=ADMIN_TOKEN)

        assert stranger("logout").exit_code == Exit.DONE
        assert stranger("whoami").exit_code == Exit.DENIED
        assert stranger("logout").exit_code == Exit.DENIED

    def test_is_asked_for_when_nothing_is_known(self, stranger: CommandLine) -> None:
        refused = stranger("repo", "list")

        assert refused.exit_code == Exit.DENIED
        assert refused.stderr == (
            "error: You are not signed in.\n"
            "  why: no server has been signed in to\n"
            " next: grove login http://127.0.0.1:8080\n"
        )

    def test_is_done_for_each_server(self, stranger: CommandLine, site: Site) -> None:
        stranger("login", site.url, "--with-token", stdin=ADMIN_TOKEN)
        refused = stranger("whoami", "--host", "https://other.example.org")

        assert refused.exit_code == Exit.DENIED
        assert refused.stderr.endswith(" next: grove login https://other.example.org\n")

    def test_can_be_replaced_by_the_environment(self, stranger: CommandLine, site: Site) -> None:
        token = site.user(Role.VIEWER)
        shown = stranger("whoami", "--json", "role,scopes", GROVE_HOST=site.url, GROVE_TOKEN=token)

        assert json.loads(shown.stdout) == {"role": "viewer", "scopes": ["admin", "read", "write"]}


class TestSigningInWithABrowser:
    def approve(self, site: Site, stranger: CommandLine, decision: str) -> None:
        """Do in a browser what the command asks for, as soon as it waits."""
        with httpx2.Client(base_url=site.url, trust_env=False) as browser:
            user = browser.post(
                "/api/v1/users",
                json={"name": f"grace-{decision}", "role": "developer"},
                headers={"Authorization": f"Bearer {ADMIN_TOKEN}"},
            ).json()
            password = {"password": "seventeen green bottles"}
            headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
            browser.put(f"/api/v1/users/{user['id']}/password", json=password, headers=headers)
            csrf = field(browser.get("/login").text)
            browser.post("/login", data={"csrf": csrf, "name": user["name"], **password})
            code = self.code(site)
            page = browser.get("/device", params={"code": code}).text
            decided = browser.post("/device", data={"csrf": field(page), "code": code, "decision": decision})
            assert decided.is_success, decided.text

    def code(self, site: Site) -> str:
        """The code that the command shows: it is read off the screen of a process of its own."""
        return self.shown.get(timeout=30)

    def run(self, site: Site, stranger: CommandLine, decision: str) -> tuple[int, str]:
        self.shown: queue.Queue[str] = queue.Queue()
        with subprocess.Popen(
            stranger.argv("login", site.url), env=stranger.variables(), stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr is not None
            told = ""
            for line in process.stderr:
                told += line
                if found := re.search(r"\?code=([A-Z]{4}-[A-Z]{4})", line):
                    self.shown.put(found[1])
                    self.approve(site, stranger, decision)
            return process.wait(timeout=30), told

    def test_keeps_the_session_that_was_approved(self, stranger: CommandLine, site: Site) -> None:
        exit_code, told = self.run(site, stranger, "approve")

        assert exit_code == Exit.DONE, told
        hosts = stranger.config / "hosts.json"
        assert stat.S_IMODE(hosts.stat().st_mode) == 0o600
        secret = json.loads(hosts.read_text())["hosts"][0]["token"]
        assert secret not in told
        assert stranger("whoami").stdout.startswith("name\tgrace-approve\n")
        assert stranger("logout").exit_code == Exit.DONE
        refused = stranger("whoami", GROVE_HOST=site.url, GROVE_TOKEN=secret)
        assert refused.exit_code == Exit.DENIED

    def test_keeps_nothing_when_it_was_refused(self, stranger: CommandLine, site: Site) -> None:
        exit_code, told = self.run(site, stranger, "refuse")

        assert exit_code == Exit.DENIED
        assert "why: it was refused in the browser" in told
        assert not (stranger.config / "hosts.json").exists()

    def test_wants_scopes_that_there_are(self, stranger: CommandLine, site: Site) -> None:
        refused = stranger("login", site.url, "--scope", "root")
        assert refused.exit_code == Exit.DENIED
        assert "a scope is read, write or admin" in refused.stderr


class TestExitCodes:
    def test_invalid_settings(self, stranger: CommandLine) -> None:
        refused = stranger("whoami", GROVE_PORT="many")

        assert refused.exit_code == Exit.INVALID
        assert refused.stderr.splitlines()[0] == "error: The settings cannot be read."

    def test_forbidden(self, stranger: CommandLine, site: Site) -> None:
        token = site.user(Role.VIEWER)
        refused = stranger("user", "create", "eve", GROVE_HOST=site.url, GROVE_TOKEN=token)

        assert refused.exit_code == Exit.DENIED
        assert refused.stderr.splitlines()[1].startswith("  why: You are not allowed to do this.")

    def test_unreachable(self, stranger: CommandLine) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
        refused = stranger("repo", "list", GROVE_HOST=url, GROVE_TOKEN="grove_x")

        assert refused.exit_code == Exit.UNAVAILABLE
        assert refused.stderr.splitlines()[0] == "error: The repositories could not be listed."
        assert refused.stderr.splitlines()[1].startswith(f"  why: no server answers at {url}: ")
        assert refused.stderr.splitlines()[2] == " next: grove serve"

    @pytest.mark.parametrize(
        ("status", "exit_code"),
        [(500, 8), (501, 8), (502, 7), (503, 7), (429, 7), (302, 8), (404, 3), (409, 5), (412, 5), (422, 2)],
    )
    def test_of_servers_that_are_no_grove(self, stranger: CommandLine, status: int, exit_code: int) -> None:
        with answering(status, "<html>\x1b[31mno</html>") as url:
            refused = stranger("repo", "list", GROVE_HOST=url, GROVE_TOKEN="grove_x")

        assert refused.exit_code == exit_code
        assert refused.stderr.count("\n") == 3
        assert str(status) in refused.stderr

    def test_of_an_answer_that_is_not_json(self, stranger: CommandLine) -> None:
        with answering(200, "hello") as url:
            refused = stranger("repo", "list", GROVE_HOST=url, GROVE_TOKEN="grove_x")

        assert refused.exit_code == Exit.SERVER_ERROR

    def test_of_an_answer_without_a_field_that_this_command_knows(self, stranger: CommandLine) -> None:
        older = json.dumps({"items": [{"name": "acme/pay", "id": "1"}], "next_cursor": None})
        with answering(200, older, kind="application/json") as url:
            refused = stranger("repo", "list", GROVE_HOST=url, GROVE_TOKEN="grove_x")

        assert refused.exit_code == Exit.SERVER_ERROR
        lines = refused.stderr.splitlines()
        assert [line.partition(":")[0] for line in lines] == ["error", "  why", " next"]
        assert "the server has another version than this command" in lines[1]
        assert lines[1].endswith("(field_missing)")

    def test_of_an_answer_with_more_fields_than_this_command_knows_is_none(
        self, grove: CommandLine, site: Site
    ) -> None:
        newer = json.dumps({"name": "ada", "role": "admin", "scopes": ["read"], "mood": {"today": "good"}})
        with answering(200, newer, kind="application/json") as url:
            shown = grove("whoami", GROVE_HOST=url, GROVE_TOKEN="grove_x")

        assert shown.exit_code == Exit.DONE

    def test_of_an_address_that_the_server_does_not_have(self, stranger: CommandLine) -> None:
        problem = {"code": "not_found", "title": "There is nothing at this address.", "detail": "", "facts": {}}
        with answering(404, json.dumps(problem), kind="application/problem+json") as url:
            refused = stranger("quota", "show", GROVE_HOST=url, GROVE_TOKEN="grove_x")

        assert refused.exit_code == Exit.NOT_FOUND
        assert "The server may have another version than this command" in refused.stderr

    def test_of_a_token_without_the_scope_names_what_makes_one_with_it(self, stranger: CommandLine) -> None:
        facts = {"action": "quota.set", "reason": "the token lacks the scope admin", "policy": "grove.scope_admin"}
        problem = {"code": "denied", "title": "You are not allowed to do this.", "facts": facts}
        with answering(403, json.dumps(problem), kind="application/problem+json") as url:
            refused = stranger("quota", "show", GROVE_HOST=url, GROVE_TOKEN="grove_x")

        assert "grove token create" in refused.stderr.splitlines()[2]

    def test_of_a_problem_with_hostile_text(self, stranger: CommandLine) -> None:
        problem = {"code": "x\x1b", "title": "t", "detail": "a\nb\x1b]0;owned\x07\u202e", "facts": {"name": "{host}"}}
        with answering(409, json.dumps(problem), kind="application/problem+json") as url:
            refused = stranger("repo", "list", GROVE_HOST=url, GROVE_TOKEN="grove_x")

        assert refused.exit_code == Exit.CONFLICT
        assert refused.stderr.splitlines()[1] == "  why: a b\\x1b]0;owned\\x07\\u202e (x\\x1b)"

    @pytest.mark.parametrize(
        "words",
        [
            ["nope"],
            ["repo", "nope"],
            ["repo", "list", "--nope"],
            ["repo", "view"],
            ["repo", "list", "--limit", "many"],
            ["search", "x", "--regex", "--symbol"],
            ["repo", "list", "--json", "-o", "tsv"],
            ["repo", "list", "-o", "yaml"],
            ["cat", ":x"],
            ["help", "nope"],
        ],
    )
    def test_of_a_wrong_command_line(self, grove: CommandLine, words: list[str]) -> None:
        refused = grove(*words)

        assert refused.exit_code == Exit.INVALID
        lines = refused.stderr.splitlines()
        assert [line.partition(":")[0] for line in lines] == ["error", "  why", " next"]

    def test_are_explained(self, stranger: CommandLine) -> None:
        shown = stranger("help", "exit-codes").stdout

        assert [line.split()[0] for line in shown.splitlines()] == [str(int(code)) for code in Exit]


class TestRememberServer:
    def test_signs_the_user_in_to_a_server_just_started(self, stranger: CommandLine, site: Site) -> None:
        remember_server(Settings(config_dir=stranger.config), address=site.url, token=ADMIN_TOKEN)

        assert stranger("whoami").exit_code == Exit.DONE


class TestConfiguration:
    def test_that_cannot_be_written_is_a_plain_error(self, stranger: CommandLine, site: Site, tmp_path: Path) -> None:
        blocked = tmp_path / "file"
        blocked.write_text("")
        refused = stranger(
            "login", site.url, "--with-token", stdin=ADMIN_TOKEN, GROVE_CONFIG_DIR=str(blocked / "below")
        )

        assert refused.exit_code == Exit.FAILED
        assert refused.stderr.count("\n") == 3
