import json
import re
import shutil

from grove.accounts import Role
from grove.api.accounts import MeOut, PrincipalOut, ProjectOut, TokenOut
from grove.api.answers import AnswerOut, FileMatchOut
from grove.api.audit import AuditOut, TrailOut
from grove.api.credentials import CredentialOut
from grove.api.files import TreeItemOut
from grove.api.freshness import FreshnessOut
from grove.api.hooks import DeliveryOut, HookOut, NewHookOut
from grove.api.jobs import JobOut
from grove.api.repositories import RefOut, RepositoryDetailOut, RepositoryOut
from grove.cli import audit, credentials, freshness, hooks, jobs, people, reading, repositories, search, signing_in
from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine, Site
from tests.support.git_repositories import Repository

LIST = [
    ["NAME", "REF", "COMMIT", "SYNCED", "SIZE", "INDEX", "STATUS"],
    ["hostile", "main", "64d4922", "just now", "26 KB", "ready", "✓ Ready"],
    ["payments-api", "main", "a3060e8", "just now", "26 KB", "ready", "✓ Ready"],
]


class TestTheDocumentedFields:
    def test_are_those_that_the_server_gives(self) -> None:
        for fields, model in (
            (repositories.FIELDS, RepositoryOut),
            (repositories.DETAIL_FIELDS, RepositoryDetailOut),
            (repositories.REF_FIELDS, RefOut),
            (reading.TREE_FIELDS, TreeItemOut),
            (jobs.FIELDS, JobOut),
            (search.ANSWER_FIELDS, AnswerOut),
            (search.FILE_FIELDS, FileMatchOut),
            (credentials.FIELDS, CredentialOut),
            (people.TOKEN_FIELDS, TokenOut),
            (people.PROJECT_FIELDS, ProjectOut),
            (people.USER_FIELDS, PrincipalOut),
            (signing_in.FIELDS, MeOut),
            (freshness.FIELDS, FreshnessOut),
            (hooks.FIELDS, HookOut),
            (hooks.NEW_FIELDS, NewHookOut),
            (hooks.DELIVERY_FIELDS, DeliveryOut),
            (audit.FIELDS, AuditOut),
            (audit.TRAIL_FIELDS, TrailOut),
        ):
            assert set(fields) == model.model_fields.keys(), model.__name__


class TestListingRepositories:
    def test_is_a_table_for_people(self, grove: CommandLine) -> None:
        listed = grove("repo", "list", "-o", "table")

        assert listed.exit_code == Exit.DONE
        told = re.sub(r"\d+m ago", "just now", listed.stdout)  # on a machine that is busy for minutes
        rows = [re.split(r"\s{2,}", line.strip()) for line in told.splitlines()]
        assert [row for row in rows if row[0] in {"NAME", "hostile", "payments-api"}] == LIST
        assert len({line.index(row[2]) for line, row in zip(listed.stdout.splitlines(), rows, strict=True)}) == 1

    def test_is_tsv_when_piped(self, grove: CommandLine) -> None:
        lines = grove("repo", "list", "payments").stdout.splitlines()

        assert len(lines) == 1
        name, ref, commit, synced, size, index, status = lines[0].split("\t")
        assert (name, ref, len(commit), index, status) == ("payments-api", "main", 40, "ready", "ready")
        assert synced.endswith("Z")
        assert int(size) > 0

    def test_is_json_with_the_fields_that_are_wanted(self, grove: CommandLine) -> None:
        one = grove("repo", "list", "payments", "--json", "name,status")
        same = grove("repo", "list", "--json=name,status", "payments")
        lines = grove("repo", "list", "payments", "--output", "jsonl", "--json", "name")

        assert json.loads(one.stdout) == [{"name": "payments-api", "status": "ready"}]
        assert same.stdout == one.stdout
        assert lines.stdout == '{"name": "payments-api"}\n'

    def test_takes_no_argument_for_a_field(self, grove: CommandLine) -> None:
        listed = grove("repo", "list", "--json", "payments")

        assert [repository["name"] for repository in json.loads(listed.stdout)] == ["payments-api"]
        assert set(json.loads(listed.stdout)[0]) == set(repositories.FIELDS)

    def test_refuses_a_field_that_does_not_exist(self, grove: CommandLine) -> None:
        refused = grove("repo", "list", "--json", "nam,status")

        assert refused.exit_code == Exit.INVALID
        assert refused.stderr.splitlines()[0] == "error: There is no field nam."

    def test_says_that_nothing_is_there(self, grove: CommandLine) -> None:
        listed = grove("repo", "list", "nowhere")
        quiet = grove("repo", "list", "nowhere", "--quiet", "--json")

        assert (listed.exit_code, listed.stdout) == (Exit.DONE, "")
        assert listed.stderr == "No repository's name contains nowhere.\n"
        assert (quiet.stdout, quiet.stderr) == ("[]\n", "")


class TestOneRepository:
    def test_is_found_by_name_and_id(self, grove: CommandLine) -> None:
        shown = json.loads(grove("repo", "view", "payments-api", "--json").stdout)
        again = json.loads(grove("repo", "view", shown["id"], "--json", "name").stdout)

        assert again == {"name": "payments-api"}
        assert [head["branch"] for head in shown["heads"]] == ["main"]

    def test_is_shown_to_people(self, grove: CommandLine) -> None:
        lines = grove("repo", "view", "payments-api", "-o", "table").stdout.splitlines()

        shown = [" ".join(line.split()) for line in lines]
        assert shown[:2] == ["name payments-api", "status ✓ Ready"]
        assert "search main@a3060e8 (3 of 3 files)" in shown

    def test_of_many_branches_is_shown_with_the_default_one_and_how_many_more(self) -> None:
        (search,) = [column for column in repositories.VIEW if column.title == "SEARCH"]
        known = {"commit": "a3060e8" * 5, "indexed_file_count": 2, "file_count": 3}
        heads = [{"branch": name, **known} for name in ("ada", "bob", "grace", "main", "old")]

        told = search.value({"default_branch": "main", "heads": heads})

        assert told.startswith("main@a3060e8 (2 of 3 files), ada@a3060e8 ")
        assert told.endswith(", bob@a3060e8 (2 of 3 files), and 2 more: grove repo refs")

    def test_has_refs(self, grove: CommandLine) -> None:
        lines = grove("repo", "refs", "payments-api").stdout.splitlines()

        assert [line.split("\t")[0::2] for line in lines] == [["refs/heads/main", "yes"]]

    def test_that_does_not_exist(self, grove: CommandLine) -> None:
        refused = grove("repo", "view", "no; such")

        assert refused.exit_code == Exit.NOT_FOUND
        assert refused.stderr == (
            "error: The repository could not be shown.\n"
            "  why: There is no such repository. (repository=no; such) (repository_not_found_here)\n"
            " next: grove repo list\n"
        )

    def test_is_not_removed_without_a_yes(self, grove: CommandLine) -> None:
        refused = grove("repo", "remove", "payments-api")

        assert refused.exit_code == Exit.INVALID
        assert refused.stderr.splitlines()[2] == " next: grove repo remove payments-api --yes"
        assert grove("repo", "view", "payments-api").exit_code == Exit.DONE


class TestArchiving:
    def test_is_undone_by_restoring(self, grove: CommandLine, site: Site) -> None:
        grove("add", str(site.source("old-tool", {"old.py": "zyzzyva = 1\n"})))
        archived = grove("repo", "archive", "old-tool", "--reason", "nobody uses it")
        searched = grove("search", "-F", "zyzzyva")
        asked_for = grove("search", "archived:only zyzzyva")
        listed = grove("repo", "list", "old-tool", "-o", "table").stdout
        restored = grove("repo", "restore", "old-tool")

        assert (archived.exit_code, restored.exit_code) == (Exit.DONE, Exit.DONE)
        assert asked_for.exit_code == Exit.DONE
        assert "old-tool (it is archived; archived:only searches it)" in searched.stderr
        assert "Archived: It was archived by admin: nobody uses it" in " ".join(listed.split())
        assert grove("repo", "restore", "old-tool").exit_code == Exit.CONFLICT
        grove("repo", "sync", "old-tool")
        assert grove("search", "-F", "zyzzyva").exit_code == Exit.DONE
        grove("repo", "remove", "old-tool", "--yes")


class TestApproval:
    def test_is_asked_for_and_given(self, grove: CommandLine, site: Site) -> None:
        developer = site.user(Role.DEVELOPER)
        address = site.remote("wanted", {"a.py": "a = 1\n"})
        asked = grove("add", address, "--reason", "we need it", GROVE_TOKEN=developer)
        name = asked.stdout.split("\t")[0]
        rejected = grove("repo", "reject", name, "--reason", "not yet")
        seen = grove("repo", "view", name, "-o", "table", GROVE_TOKEN=developer)
        asked_again = grove("repo", "request", name, "--reason", "now?", GROVE_TOKEN=developer)
        approved = grove("repo", "approve", name)
        revoked = grove("repo", "revoke", name, "--reason", "a mistake")

        assert asked.exit_code == Exit.DONE
        assert name.endswith("/wanted")
        assert f"It waits for somebody who may approve it: grove request show {name}" in asked.stderr
        assert rejected.exit_code == Exit.DONE
        assert "not yet" in seen.stdout
        assert asked_again.exit_code == Exit.DONE
        assert revoked.exit_code == Exit.DONE
        assert approved.exit_code == Exit.DONE


class TestMoving:
    def test_fetches_from_an_address_that_holds_the_same_history(self, grove: CommandLine, site: Site) -> None:
        first = site.remote("mover", {"a.py": "quokka = 1\n"})
        name = grove("add", first).stdout.split("\t")[0]
        shutil.copytree(site.git.root / "mover.git", site.git.root / "moved.git")
        Repository(site.git.root / "moved.git").commit({"b.py": "wombat = 2\n"})
        moved = grove("repo", "move", name, site.git.url("moved.git"))
        shown = json.loads(grove("repo", "view", "moved", "--json", "url,name,aliases").stdout)

        assert (moved.exit_code, moved.stderr.splitlines()[-1]) == (Exit.DONE, "Moved.")
        assert shown["url"] == site.git.url("moved.git")
        assert name in str(shown["aliases"])
        assert grove("search", "-F", "wombat").exit_code == Exit.DONE
        grove("repo", "remove", name, "--yes")

    def test_says_why_not(self, grove: CommandLine, site: Site) -> None:
        name = grove("add", site.remote("stays", {"a.py": "a = 1\n"})).stdout.split("\t")[0]
        other = site.remote("other", {"z.py": "z = 1\n"})
        nowhere = grove("repo", "move", name)
        unrelated = grove("repo", "move", name, other)
        denied = grove("repo", "move", name, other, GROVE_TOKEN=site.user(Role.DEVELOPER))

        assert unrelated.exit_code != Exit.DONE
        assert "(history_unrelated)" in unrelated.stderr
        assert nowhere.exit_code != Exit.DONE
        assert "(address_unknown)" in nowhere.stderr
        assert denied.exit_code == Exit.DENIED
        assert json.loads(grove("repo", "view", name, "--json", "url").stdout) == {"url": site.git.url("stays.git")}
        grove("repo", "remove", name, "--yes")
