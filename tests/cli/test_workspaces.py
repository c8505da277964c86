import json
from pathlib import Path

from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine


class TestWorkspaces:
    def test_are_opened_changed_committed_and_restored(self, grove: CommandLine, tmp_path: Path) -> None:
        source = tmp_path / "new.py"
        source.write_text("answer = 42\n")
        made = grove("ws", "create", "payments-api", "--name", "cli-fix", "--json")
        assert made.exit_code == Exit.DONE, made.output
        assert json.loads(made.stdout)["branch"] == "ws/cli-fix"
        for words in (
            ("write", "cli-fix", "src/new.py", "--from", str(source), "--expected", ""),
            ("mv", "cli-fix", "src/new.py", "src/newer.py"),
        ):
            done = grove("ws", *words)
            assert done.exit_code == Exit.DONE, done.output
        assert "answer = 42" in grove("ws", "read", "cli-fix", "src/newer.py").stdout
        assert "src/newer.py" in grove("ws", "status", "cli-fix").stdout
        assert "+answer = 42" in grove("ws", "diff", "cli-fix").stdout
        assert grove("ws", "commit", "cli-fix", "-m", "Answer").exit_code == Exit.DONE
        assert "src" in grove("ws", "files", "cli-fix").stdout
        assert grove("ws", "rm", "cli-fix", "src/newer.py").exit_code == Exit.DONE
        ended = json.loads(grove("ws", "delete", "cli-fix", "--yes", "--json").stdout)
        assert "cli-fix" in grove("ws", "list", "--ended").stdout
        assert json.loads(grove("ws", "restore", "cli-fix", "--json").stdout)["id"] == ended["id"]
        every = json.loads(grove("ws", "list", "--all", "--json").stdout)
        (listed,) = [each for each in every if each["id"] == ended["id"]]
        assert (listed["name"], listed["owner"], listed["repository"]) == ("cli-fix", "admin", "payments-api")

        refused = grove("ws", "read", "cli-fix", "src/newer.py")
        assert refused.exit_code == Exit.NOT_FOUND
        assert " next: grove ws files cli-fix" in refused.stderr
        nowhere = grove("ws", "create", "payments-api", "--name", "other", "--ref", "nowhere")
        assert "(revision=nowhere, repository=payments-api)" in nowhere.stderr
        assert " next: grove repo refs payments-api" in nowhere.stderr
        assert "has nothing of main that is not here" in grove("ws", "refresh", "cli-fix").stderr
        assert "Follows main." in grove("ws", "follow", "cli-fix").stderr
        assert "which it follows" in grove("ws", "status", "cli-fix").stderr
        clash = grove("ws", "write", "cli-fix", "new.txt", "--expected", "0" * 40, stdin="x")
        assert " next: grove ws status cli-fix" in clash.stderr
        unknown = grove("ws", "status", "nothing")
        assert " next: grove ws list" in unknown.stderr

    def test_are_laid_out_in_a_folder_and_taken_away_again(self, grove: CommandLine) -> None:
        assert grove("ws", "create", "payments-api", "--name", "on-disk").exit_code == Exit.DONE
        done = grove("ws", "checkout", "on-disk")
        assert done.exit_code == Exit.DONE, done.output
        assert "by copy in" in done.stderr
        made = json.loads(grove("ws", "checkout", "on-disk", "--json").stdout)
        assert (Path(made["path"]) / ".git" / "index").is_file()
        (Path(made["path"]) / "note.txt").write_text("note\n")
        assert "1 file from the folder" in grove("ws", "collect", "on-disk").stderr
        ran = grove("ws", "exec", "on-disk", "--", "cat", "note.txt")
        assert "note" in ran.stdout or "confinement_unavailable" in ran.stderr
        gone = grove("ws", "checkout", "on-disk", "--remove", "--yes")
        assert gone.exit_code == Exit.DONE, gone.output
        assert not Path(made["path"]).exists()
        assert grove("ws", "delete", "on-disk", "--yes").exit_code == Exit.DONE

    def test_take_files_that_are_larger_than_other_requests(self, grove: CommandLine) -> None:
        assert grove("ws", "create", "payments-api", "--name", "roomy").exit_code == Exit.DONE
        large = "x" * 3_000_000
        written = grove("ws", "write", "roomy", "large.txt", "--expected", "", stdin=large)
        assert written.exit_code == Exit.DONE, written.output
        assert grove("ws", "read", "roomy", "large.txt").stdout == large
        assert grove("ws", "write", "roomy", "large.txt", "--expected", "", stdin="y").exit_code == Exit.CONFLICT

    def test_take_patches_and_list_their_commits(self, grove: CommandLine, tmp_path: Path) -> None:
        assert grove("ws", "create", "payments-api", "--name", "patched").exit_code == Exit.DONE
        patch = "--- /dev/null\n+++ b/made.txt\n@@ -0,0 +1 @@\n+made\n"
        applied = grove("ws", "apply", "patched", stdin=patch)
        assert applied.exit_code == Exit.DONE, applied.output
        again = grove("ws", "apply", "patched", stdin=patch)
        assert again.exit_code == Exit.CONFLICT
        assert "made.txt" in again.stdout
        assert grove("ws", "stash", "save", "patched", "-m", "Later").exit_code == Exit.DONE
        (stash,) = json.loads(grove("ws", "stash", "list", "patched", "--json").stdout)
        assert stash["message"] == "Later\n"
        assert stash["branch"] == "ws/patched"
        assert grove("ws", "write", "patched", "made.txt", stdin="other\n").exit_code == Exit.DONE
        clash = grove("ws", "stash", "apply", "patched", "--write", str(tmp_path / "conflicts"))
        assert clash.exit_code == Exit.CONFLICT
        assert "grove ws stash apply patched --write DIR" in clash.stderr
        assert "<<<<<<<" not in clash.stderr
        assert "other" in (tmp_path / "conflicts" / "made.txt").read_text()
        settled = grove("ws", "stash", "apply", "patched", "--keep", "--theirs", "made.txt")
        assert settled.exit_code == Exit.DONE, settled.output
        assert grove("ws", "stash", "drop", "patched", stash["oid"]).exit_code == Exit.DONE
        assert grove("ws", "stash", "drop", "patched", stash["oid"]).exit_code == Exit.NOT_FOUND
        assert grove("ws", "commit", "patched", "-m", "Made").exit_code == Exit.DONE
        (first, *_) = json.loads(grove("ws", "log", "patched", "--json").stdout)
        assert first["message"] == "Made\n"
        for act in ("merge", "rebase"):
            assert grove("ws", act, "patched").exit_code == Exit.DONE
        self._try_branches(grove)
        assert grove("ws", "delete", "patched", "--yes").exit_code == Exit.DONE

    def test_are_where_names_are_looked_up(self, grove: CommandLine) -> None:
        assert grove("ws", "create", "payments-api", "--name", "named").exit_code == Exit.DONE
        code = "def freshly():\n    return 1\n\n\ndef using():\n    return freshly()\n"
        assert grove("ws", "write", "named", "src/fresh.py", stdin=code).exit_code == Exit.DONE
        within = ("--workspace", "named")
        assert "src/fresh.py:1" in grove("def", "freshly", *within).stdout
        assert "src/fresh.py:6" in grove("refs", "freshly", *within).stdout
        assert "using" in grove("callers", "freshly", *within).stdout
        assert "freshly" in grove("callees", "using", *within).stdout
        assert "src/fresh.py" in grove("find", "fresh", *within).stdout
        outline = grove("outline", "src/fresh.py", *within)
        assert outline.stdout.startswith("1-2\tfunction\tfreshly")
        assert "named as it is now" in outline.stderr
        assert grove("def", "freshly").exit_code == Exit.FAILED
        assert grove("ws", "delete", "named", "--yes").exit_code == Exit.DONE
        assert grove("outline", "src/fresh.py", *within).exit_code == Exit.NOT_FOUND

    def _try_branches(self, grove: CommandLine) -> None:
        assert "ws switch patched trial" in grove("ws", "branch", "patched", "trial", "--ref", "main").stderr
        assert grove("ws", "write", "patched", "made.txt", stdin="changed\n").exit_code == Exit.DONE
        refused = grove("ws", "switch", "patched", "trial")
        assert refused.exit_code == Exit.CONFLICT
        assert "made.txt" in refused.stderr
        assert grove("ws", "stash", "save", "patched").exit_code == Exit.DONE
        assert grove("ws", "switch", "patched", "trial").exit_code == Exit.DONE
        listed = json.loads(grove("ws", "branch", "patched", "--json").stdout)
        assert [(each["name"], each["ahead"]) for each in listed] == [("ws/trial", 0), ("ws/patched", 1)]
        assert "on ws/trial" in grove("ws", "status", "patched").stderr
        assert grove("ws", "branch", "patched", "patched", "--delete").exit_code == Exit.CONFLICT
        assert grove("ws", "branch", "patched", "ws/patched", "--delete", "--discard").exit_code == Exit.DONE


class TestTheInboxOfPromotions:
    def test_says_when_nothing_waits(self, grove: CommandLine) -> None:
        assert "Nothing waits." in grove("ws", "inbox").stdout + grove("ws", "inbox").stderr
        refused = grove("ws", "approve", "nowhere")
        assert refused.exit_code == Exit.NOT_FOUND
        assert "nothing of that workspace waits for approval" in refused.stderr
        assert grove("ws", "reject", "nowhere", "--reason", "no").exit_code == Exit.NOT_FOUND
