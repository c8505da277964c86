import json
import shutil
from pathlib import Path

import pytest

from grove.accounts import Role
from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine, Site
from tests.support.ssh_server import new_key, serving_ssh


class TestTokens:
    def test_are_made_shown_once_and_revoked(self, grove: CommandLine, site: Site) -> None:
        made = grove("token", "create", "ci", "--scope", "read", "--scope", "write", "--days", "7")
        secret = made.stdout.strip()
        listed = json.loads(grove("token", "list", "--json").stdout)
        identifier = next(token["id"] for token in listed if token["name"] == "ci")

        assert made.exit_code == Exit.DONE
        assert grove("whoami", "--json", "scopes", GROVE_TOKEN=secret).stdout.split() == (
            ["{", '"scopes":', "[", '"read",', '"write"', "]", "}"]
        )
        assert secret not in json.dumps(listed)
        assert grove("token", "revoke", identifier).exit_code == Exit.DONE
        assert grove("whoami", GROVE_TOKEN=secret).exit_code == Exit.DENIED

    def test_give_no_more_than_was_asked_for(self, grove: CommandLine) -> None:
        reader = grove("token", "create", "reader").stdout.strip()
        refused = grove("project", "create", "x", GROVE_TOKEN=reader)

        assert refused.exit_code == Exit.DENIED
        assert refused.stderr.splitlines()[0] == "error: The project was not made."

    def test_that_do_not_exist(self, grove: CommandLine) -> None:
        assert grove("token", "revoke", "00000000-0000-4000-8000-000000000000").exit_code == Exit.NOT_FOUND
        assert grove("token", "revoke", "not-an-id").exit_code == Exit.INVALID
        assert grove("token", "create", "x", "--scope", "everything").exit_code == Exit.INVALID

    def test_are_replaced_and_ended_by_whoever_finds_them(self, grove: CommandLine, stranger: CommandLine) -> None:
        secret = grove("token", "create", "worn").stdout.strip()
        listed = json.loads(grove("token", "list", "--json").stdout)
        identifier = next(token["id"] for token in listed if token["name"] == "worn")
        new = grove("token", "rotate", identifier, "--overlap-hours", "1").stdout.strip()

        assert grove("whoami", GROVE_TOKEN=secret).exit_code == Exit.DONE
        assert grove("whoami", GROVE_TOKEN=new).exit_code == Exit.DONE
        ended = stranger("token", "leaked", "--stdin", stdin=f"{new}\n", GROVE_HOST=grove.environment["GROVE_HOST"])
        assert ended.stdout == "It is worthless now.\n"
        assert grove("whoami", GROVE_TOKEN=new).exit_code == Exit.DENIED


class TestSomebodyElse:
    def test_is_named_let_in_and_shut_out(self, grove: CommandLine) -> None:
        made = grove("user", "create", "Ada L.", "--role", "viewer")
        secret = grove("token", "create", "hers", "--user", "Ada L.").stdout.strip()
        suspended = json.loads(grove("user", "suspend", "Ada L.", "--json").stdout)
        out = grove("whoami", GROVE_TOKEN=secret)
        resumed = grove("user", "resume", suspended["id"])

        assert made.stderr.splitlines()[-1] == "Let it in: grove token create NAME --user 'Ada L.'"
        assert (suspended["active"], out.exit_code) == (False, Exit.DENIED)
        assert resumed.exit_code == Exit.DONE
        assert grove("whoami", "--json", "name", GROVE_TOKEN=secret).stdout.split() == [
            "{",
            '"name":',
            '"Ada',
            'L."',
            "}",
        ]

    def test_is_given_another_role(self, grove: CommandLine) -> None:
        grove("user", "create", "Vera", "--role", "viewer")

        changed = json.loads(grove("user", "role", "Vera", "maintainer", "--json").stdout)
        unknown = grove("user", "role", "Vera", "king")

        assert changed["role"] == "maintainer"
        assert (unknown.exit_code, "viewer" in unknown.stderr) == (Exit.INVALID, True)

    def test_that_does_not_exist(self, grove: CommandLine) -> None:
        refused = grove("token", "create", "x", "--user", "nobody-like-that")

        assert refused.exit_code == Exit.NOT_FOUND
        assert refused.stderr.endswith(" next: grove user list\n")


class TestProjects:
    def test_are_made_once(self, grove: CommandLine) -> None:
        assert grove("project", "create", "shop").stdout.startswith("shop\t")
        taken = grove("project", "create", "shop")

        assert taken.exit_code == Exit.CONFLICT
        assert "(name_taken)" in taken.stderr
        assert taken.stderr.endswith(" next: grove project list\n")
        assert "shop" in grove("project", "list", "-o", "table").stdout


class TestAnAgentOfADeveloper:
    def test_is_made_seen_let_in_and_shut_out_by_name(self, grove: CommandLine, site: Site) -> None:
        own = {"GROVE_TOKEN": site.user(Role.DEVELOPER)}
        made = grove("user", "create", "patrons-bot", "--agent", **own)
        secret = grove("token", "create", "laptop", "--user", "patrons-bot", **own).stdout.strip()
        seen = grove("user", "list", **own).stdout
        let_in = grove("whoami", "--json", "name", GROVE_TOKEN=secret)
        [token] = json.loads(grove("token", "list", "--user", "patrons-bot", "--json", **own).stdout)
        grove("token", "revoke", token["id"], **own)

        assert made.stderr.splitlines()[-1] == "Let it in: grove token create NAME --user patrons-bot"
        (patron, agent) = [line.split("\t") for line in seen.splitlines()]
        assert (patron[1], agent[1]) == ("user", "agent")
        assert agent[5] == patron[0]
        assert json.loads(let_in.stdout) == {"name": "patrons-bot"}
        assert grove("whoami", GROVE_TOKEN=secret).exit_code == Exit.DENIED


class TestUsers:
    def test_are_let_in_by_a_token(self, grove: CommandLine) -> None:
        user = json.loads(grove("user", "create", "ada", "--role", "viewer", "--json").stdout)
        secret = grove("token", "create", "ada's", "--user", user["id"]).stdout.strip()

        assert grove("whoami", GROVE_TOKEN=secret).stdout.splitlines()[0] == "name\tada"

    def test_have_agents(self, grove: CommandLine) -> None:
        agent = json.loads(grove("user", "create", "helper-bot", "--agent", "--json").stdout)

        assert (agent["kind"], agent["role"]) == ("agent", "developer")
        assert "helper-bot\tagent\tdeveloper" in grove("user", "list").stdout
        assert grove("user", "create", "ci", "--service").stdout.split("\t")[1] == "service"
        assert grove("user", "create", "x", "--service", "--agent").exit_code == Exit.INVALID

    def test_sign_in_with_a_password_and_out_again(self, grove: CommandLine, stranger: CommandLine, site: Site) -> None:
        user = json.loads(grove("user", "create", "grace", "--json").stdout)
        password = "seventeen green bottles\n"
        assert grove("user", "password", user["id"], "--stdin", stdin=password).exit_code == Exit.DONE
        wrong = stranger("login", site.url, "--user", "grace", "--with-password", stdin="wrong, wrong, wrong\n")
        right = stranger("login", site.url, "--user", "grace", "--with-password", stdin=password)

        assert wrong.exit_code == Exit.DENIED
        assert right.exit_code == Exit.DONE
        assert stranger.config.joinpath("hosts.json").stat().st_mode & 0o777 == 0o600
        assert stranger("whoami", "--json", "name").stdout.split() == ["{", '"name":', '"grace"', "}"]
        assert "worthless now" in stranger("logout").stderr

    def test_are_signed_out_where_they_are_signed_in(
        self, grove: CommandLine, stranger: CommandLine, site: Site
    ) -> None:
        user = json.loads(grove("user", "create", "hedy", "--json").stdout)
        password = "seventeen green bottles\n"
        grove("user", "password", user["id"], "--stdin", stdin=password)
        stranger("login", site.url, "--user", "hedy", "--with-password", stdin=password)
        [session] = json.loads(grove("user", "sessions", user["id"], "--json").stdout)

        assert (session["method"], session["address"]) == ("password", "127.0.0.1")
        assert stranger("user", "sessions").stdout.startswith(f"{session['id']}\tpassword\t127.0.0.1\tgrove-cli/")
        assert grove("user", "sign-out", session["id"]).exit_code == Exit.DONE
        assert stranger("whoami").exit_code == Exit.DENIED
        assert grove("user", "sessions", user["id"]).stdout == ""


class TestCredentials:
    def test_are_added_replaced_and_forgotten_without_being_shown(self, grove: CommandLine) -> None:
        added = grove("cred", "add", "forge", "git.example.org", "--username", "bot", "--stdin", stdin="first-s3cret\n")
        first = json.loads(grove("cred", "list", "--json").stdout)
        rotated = grove("cred", "rotate", "forge", "--stdin", "--json", stdin="second-s3cret\n")
        removed = grove("cred", "rm", "forge", "--yes")

        assert added.exit_code == Exit.DONE
        assert ("forge", "git.example.org", 1) in [(each["name"], each["host"], each["version"]) for each in first]
        assert json.loads(rotated.stdout)["version"] == 2
        assert removed.exit_code == Exit.DONE
        assert "forge\t" not in grove("cred", "list").stdout
        for run in (added, rotated, removed):
            assert "s3cret" not in run.output

    def test_need_a_secret(self, grove: CommandLine, tmp_path: object) -> None:
        nothing = grove("cred", "add", "empty", "git.example.org", "--username", "bot", "--stdin", stdin="\n")
        nobody = grove("cred", "add", "empty", "git.example.org", "--username", "bot")
        missing = grove("cred", "add", "empty", "h", "--username", "bot", "--file", f"{tmp_path}/none")

        assert [run.exit_code for run in (nothing, nobody, missing)] == [Exit.INVALID] * 3

    def test_that_do_not_exist(self, grove: CommandLine) -> None:
        assert grove("cred", "rotate", "none", "--stdin", stdin="x").exit_code == Exit.NOT_FOUND


@pytest.mark.skipif(shutil.which("ssh-keyscan") is None, reason="the client of OpenSSH is not installed")
class TestHostKeys:
    def test_are_looked_at_and_pinned_by_whoever_says_yes(self, grove: CommandLine, site: Site, tmp_path: Path) -> None:
        with serving_ssh(tmp_path) as server:
            key = ("--kind", "ssh-key", "--stdin")
            grove("cred", "add", "deploy", f"localhost:{server.port}", *key, stdin=server.client_key)
            before = grove("cred", "host-keys", "deploy", "-o", "table")
            unsure = grove("cred", "host-keys", "deploy", "--pin")
            looked = json.loads(grove("cred", "host-keys", "deploy", "--look", "--json").stdout)
            denied = grove("cred", "host-keys", "deploy", "--pin", "--yes", GROVE_TOKEN=site.user(Role.DEVELOPER))
            pinned = grove("cred", "host-keys", "deploy", "--pin", "--yes")
            after = json.loads(grove("cred", "host-keys", "deploy", "--json").stdout)
            grove("cred", "rm", "deploy", "--yes")

        assert "No keys of the host are pinned." in before.stderr
        assert unsure.exit_code == Exit.INVALID
        assert unsure.stderr.splitlines()[-1] == " next: grove cred host-keys deploy --pin --yes"
        assert [(each["key"], each["pinned"], each["shown"]) for each in looked] == [(server.host_key, False, True)]
        assert denied.exit_code == Exit.DENIED
        assert (pinned.exit_code, pinned.stderr) == (Exit.DONE, "Pinned.\n")
        assert [(each["key"], each["pinned"]) for each in after] == [(server.host_key, True)]

    def test_are_those_of_ssh_keys_only(self, grove: CommandLine) -> None:
        grove("cred", "add", "token", "git.example.org", "--stdin", stdin="s3cret\n")
        refused = grove("cred", "host-keys", "token")
        grove("cred", "rm", "token", "--yes")

        assert refused.exit_code == Exit.INVALID
        assert "only SSH keys have keys of their host" in refused.stderr

    def test_stay_when_the_key_is_replaced_by_one_with_a_passphrase(self, grove: CommandLine, tmp_path: Path) -> None:
        known, passphrase = tmp_path / "known_hosts", tmp_path / "passphrase"
        known.write_text(f"# of the forge\ngit.example.org {new_key().export_public_key().decode()}")
        passphrase.write_text("open it\n")
        first, second = new_key(), new_key()
        key = ("--kind", "ssh-key", "--stdin", "--known-hosts", str(known))
        grove("cred", "add", "locked", "git.example.org", *key, stdin=first.export_private_key().decode())
        before = grove("cred", "host-keys", "locked").stdout
        locked = second.export_private_key(passphrase="open it").decode()
        refused = grove("cred", "rotate", "locked", "--stdin", stdin=locked)
        rotated = grove("cred", "rotate", "locked", "--stdin", "--passphrase-file", str(passphrase), stdin=locked)
        after = grove("cred", "host-keys", "locked").stdout
        grove("cred", "rm", "locked", "--yes")

        assert refused.exit_code == Exit.INVALID
        assert rotated.exit_code == Exit.DONE
        assert before == after != ""
