import json
from pathlib import Path

from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine
from tests.support.scip_index import scip_index


class TestScip:
    def test_is_uploaded_listed_and_removed(self, grove: CommandLine, tmp_path: Path) -> None:
        file = tmp_path / "index.scip"
        file.write_bytes(scip_index({"src/net/retry.py": [("s m p v retry_call().", (3, 4, 14), 1)]}))

        kept = grove("scip", "upload", str(file), "--repo", "payments-api", "--json", "commit,documents")
        listed = grove("scip", "list", "--repo", "payments-api")
        commit = listed.stdout.split("\t")[0]
        removed = grove("scip", "rm", commit, "--repo", "payments-api", "--yes")

        assert kept.exit_code == Exit.DONE
        assert commit in kept.stdout
        assert removed.exit_code == Exit.DONE
        assert grove("scip", "list", "--repo", "payments-api").stdout == ""

    def test_that_is_no_file_is_not_uploaded(self, grove: CommandLine, tmp_path: Path) -> None:
        refused = grove("scip", "upload", str(tmp_path / "none.scip"), "--repo", "payments-api")

        assert refused.exit_code == Exit.INVALID
        assert "No such file" in refused.stderr


class TestMakingThemHere:
    def test_is_turned_on_shown_and_turned_off(self, grove: CommandLine) -> None:
        before = grove("scip", "status", "--repo", "payments-api", "--json", "wanted,state")
        on = grove("repo", "set", "payments-api", "--scip", "on", "--json", "scip,index")
        off = grove("repo", "set", "payments-api", "--scip", "off", "-o", "table")

        assert json.loads(before.stdout) == {"wanted": False, "state": ""}
        assert json.loads(on.stdout)["scip"]["wanted"] is True
        assert "if uploaded" in off.stdout

    def test_knows_two_words(self, grove: CommandLine) -> None:
        assert grove("repo", "set", "payments-api", "--scip", "maybe").exit_code == Exit.INVALID
