"""`grove import cidx`: a dry run, a real one, and one again."""

import json
from pathlib import Path
from typing import Any

import pytest

from grove.cli.importing import address_of
from tests.cidx.test_reading import CidxFolder, entry
from tests.journeys.test_git_clients import GitClient, grove
from tests.support.git_repositories import Repository
from tests.support.server import serving


class TestImportingCidx:
    def test_takes_repositories_and_workspaces_over(self, tmp_path: Path) -> None:
        folder = CidxFolder(tmp_path / "cidx")
        place = folder.golden / ".versioned" / "shop" / "v_2"
        Repository.new(place).commit({"a.txt": "hello\n"})
        folder.metadata(shop=entry("/stale"), gone=entry("/stale"))
        folder.repository("activated-repos/alice/fix")
        told = {"golden_repo_alias": "shop", "current_branch": "main"}
        folder.write("activated-repos/alice/fix_metadata.json", told)
        with serving(tmp_path / "data", local_roots=str(folder.root)) as server:
            ada = GitClient(tmp_path / "ada", server)

            def imported(*options: str) -> dict[str, Any]:
                words = ("import", "cidx", str(folder.root), "--adopt", "--json", *options)
                report = json.loads(grove(server, ada, *words, exit_code=1))
                return {each["name"]: each["state"] for each in report}

            assert imported("--dry-run") == {"shop": "would be taken", "gone": "failed", "fix": "left as it is"}
            assert server.get("/repositories")["items"] == []
            assert imported()["shop"] == "taken"
            (kept,) = server.get("/repositories")["items"]
            server.wait_for_jobs(kept["id"])
            again = imported("--user", "alice")
            assert again == {"shop": "there already", "gone": "failed", "fix": "taken"}
            (workspace,) = server.get("/workspaces")["items"]
            assert (workspace["name"], workspace["target"]) == ("fix", "main")
            assert imported("--user", "alice")["fix"] == "there already"

    @pytest.mark.parametrize(
        ("url", "address"),
        [
            ("https://github.com/acme/shop.git", "https://github.com/acme/shop.git"),
            ("git@github.com:acme/shop.git", "https://github.com/acme/shop.git"),
            ("ssh://git@git.example.org/acme/shop", "https://git.example.org/acme/shop"),
            ("ssh://git@git.example.org:2222/acme/shop.git", "https://git.example.org/acme/shop.git"),
            ("http://git.example.org/acme/shop.git", ""),
            ("/srv/git/shop", ""),
            ("file:///srv/git/shop", ""),
            ("", ""),
        ],
    )
    def test_mirrors_from_the_host_that_is_recorded(self, url: str, address: str) -> None:
        assert address_of(url) == address
