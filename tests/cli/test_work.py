import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine, Site

SLOW_BYTES_PER_SECOND = 20_000


class TestAdding:
    def test_shows_what_it_would_keep(self, grove: CommandLine, site: Site) -> None:
        address = site.remote("looked-at", {"a.py": "a = 1\n"})
        looked = grove("add", address, "--check", "-o", "table", "--name", "seen")

        assert looked.exit_code == Exit.DONE
        assert looked.stdout.splitlines()[0] == "name    seen"
        assert looked.stdout.splitlines()[4] == "refs    1 branch, 0 tags"
        assert grove("repo", "view", "seen").exit_code == Exit.NOT_FOUND

    def test_waits_until_it_can_be_searched(self, grove: CommandLine, site: Site) -> None:
        path = site.source("added", {"a.py": "def added_function(): ...\n"})
        added = grove("add", str(path), "--track", "main", "--json")

        assert added.exit_code == Exit.DONE
        repository = json.loads(added.stdout)
        assert (repository["name"], repository["status"], repository["tracked"]) == ("added", "ready", ["main"])
        told = [line.split()[1] for line in added.stderr.splitlines() if line.startswith("✓")]
        assert told == ["mirror", "index"]
        assert grove("search", "--symbol", "added_function").exit_code == Exit.DONE

    def test_takes_a_token_from_a_file_or_from_standard_input(
        self, grove: CommandLine, site: Site, tmp_path: Path
    ) -> None:
        address = site.remote("private", {"a.py": "a = 1\n"})
        file = tmp_path / "token"
        file.write_text("s3cret-token\n")
        site.git.behaviour.token = "s3cret-token"
        try:
            without = grove("add", address, "--check")
            wrong = grove("add", address, "--check", "--token-stdin", stdin="wrong-token\n")
            from_stdin = grove("add", address, "--check", "--token-stdin", stdin="s3cret-token\n")
            from_file = grove("repo", "add", address, "--token-file", str(file))
        finally:
            site.git.behaviour.token = None

        assert without.exit_code == Exit.DENIED
        assert without.stderr.splitlines()[2] == f" next: grove add {address} --ask-token"
        assert wrong.exit_code == Exit.DENIED
        assert from_stdin.exit_code == Exit.DONE
        assert from_file.exit_code == Exit.DONE
        for run in (without, wrong, from_stdin, from_file):
            assert "s3cret-token" not in run.output

    def test_refuses_what_is_kept_already(self, grove: CommandLine, site: Site) -> None:
        refused = grove("add", str(site.git.root / "payments-api"))

        assert refused.exit_code == Exit.CONFLICT
        assert refused.stderr.splitlines()[-1] == " next: grove repo view payments-api"

    @pytest.mark.parametrize("address", ["http://example.org/x", "https://user:pw@example.org/x", "ext::sh -c x"])
    def test_refuses_unsafe_addresses(self, grove: CommandLine, address: str) -> None:
        refused = grove("add", address)

        assert refused.exit_code == Exit.INVALID
        assert "pw" not in refused.output.replace(address, "")

    def test_fails_with_the_job(self, grove: CommandLine, site: Site) -> None:
        address = site.remote("vanishing", {"a.bin": os.urandom(50_000)})
        site.git.behaviour.cut_after_bytes = 1_000
        try:
            failed = grove("add", address)
        finally:
            site.git.behaviour.cut_after_bytes = None

        assert failed.exit_code == Exit.FAILED
        job = failed.stderr.splitlines()[-1].rpartition(" ")[2]
        assert failed.stderr.splitlines()[-3] == f"error: The mirror job {job} has failed."
        retried = grove("job", "retry", job)
        watched = grove("job", "watch", job)
        assert (retried.exit_code, watched.exit_code) == (Exit.DONE, Exit.DONE), watched.output

    def test_goes_on_when_nobody_watches(self, grove: CommandLine, site: Site) -> None:
        address = site.remote("large", {"a.bin": os.urandom(120_000)})
        site.git.behaviour.bytes_per_second = SLOW_BYTES_PER_SECOND
        process = subprocess.Popen(
            grove.argv("add", address),
            env=grove.variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if line.startswith("mirror: "):
                    break
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=30)
            jobs = json.loads(grove("job", "list", "--json").stdout)
        finally:
            site.git.behaviour.bytes_per_second = None

        assert process.returncode == Exit.INTERRUPTED
        assert stdout == ""
        [job] = [job["id"] for job in jobs if job["id"] in stderr and not job["cancel_requested"]]
        assert stderr.splitlines()[-1] == f"Detached; the job goes on. Watch it again: grove job watch {job}"
        assert grove("job", "watch", job).exit_code == Exit.DONE


class TestJobs:
    def test_are_listed_by_the_names_of_their_targets(self, grove: CommandLine) -> None:
        rows = [line.split("\t") for line in grove("job", "list", "-r", "payments-api").stdout.splitlines()]

        assert [(row[1], row[2], row[5]) for row in rows[-3:]] == [  # those before were caused by other tests
            ("history.index", "payments-api", "succeeded"),
            ("snapshot.index", "payments-api", "succeeded"),
            ("mirror.sync", "payments-api", "succeeded"),
        ]

    def test_are_found_by_the_beginning_of_their_id(self, grove: CommandLine) -> None:
        job = json.loads(grove("job", "list", "-r", "payments-api", "--json", "id,kind").stdout)[0]

        assert json.loads(grove("job", "view", job["id"][:13], "--json", "id,kind").stdout) == job
        assert grove("job", "view", "zz").exit_code == Exit.NOT_FOUND

    def test_that_are_over_cannot_be_cancelled(self, grove: CommandLine) -> None:
        job = json.loads(grove("job", "list", "--state", "succeeded", "-n", "1", "--json", "id").stdout)[0]["id"]
        refused = grove("job", "cancel", job)

        assert refused.exit_code == Exit.CONFLICT
        assert refused.stderr.splitlines()[2] == " next: grove job list"

    def test_that_are_over_are_watched_to_their_end(self, grove: CommandLine) -> None:
        job = json.loads(grove("job", "list", "-r", "hostile", "--json", "id,kind").stdout)[-1]["id"]
        watched = grove("job", "watch", job, "-o", "table")

        assert watched.exit_code == Exit.DONE
        assert watched.stderr.splitlines()[-1].startswith("✓ mirror")


class TestSynchronising:
    def test_brings_what_is_new(self, grove: CommandLine) -> None:
        synced = grove("repo", "sync", "hostile", "--json", "status")
        queued = grove("repo", "sync", "hostile", "--no-wait", "--quiet")

        assert json.loads(synced.stdout) == {"status": "ready"}
        assert queued.exit_code == Exit.DONE
        assert queued.stderr == ""

    def test_is_refused_for_what_is_not_there(self, grove: CommandLine) -> None:
        assert grove("repo", "sync", "nope").exit_code == Exit.NOT_FOUND


class TestRemoving:
    def test_removes_with_a_yes(self, grove: CommandLine, site: Site) -> None:
        grove("add", str(site.source("doomed", {"a.py": "a = 1\n"})))
        removed = grove("repo", "remove", "doomed", "--yes")
        job = removed.stderr.split()[-1]

        assert removed.exit_code == Exit.DONE
        assert grove("job", "watch", job).exit_code == Exit.DONE
        assert grove("repo", "view", "doomed").exit_code == Exit.NOT_FOUND
