"""`grove owners` in a terminal."""

from tests.cli.conftest import CommandLine, Site


class TestOwners:
    def test_names_owner_line_and_pattern(self, grove: CommandLine, site: Site) -> None:
        folder = site.source("owned.git", {"CODEOWNERS": "* @acme/core\n*.py @ada\n" + "!x @ada\n" * 30, "a.py": ""})
        added = grove("add", str(folder), "--name", "owned", "--yes")
        assert added.exit_code == 0, added.stderr

        shown = grove("owners", "owned", "a.py")

        assert shown.stdout == "@ada\t2\t*.py\t\n"
        assert "by CODEOWNERS" in shown.stderr
        assert "Lines that say nothing: 3, 4, 5," in shown.stderr
        assert "22 and 10 more" in shown.stderr
        grove("repo", "remove", "owned", "--yes")
