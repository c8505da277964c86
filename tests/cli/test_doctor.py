import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine

from grove import jobs, migrations
from grove.cli.failure import Exit
from tests.cli.conftest import CommandLine
from tests.support.grove import house
from tests.support.postgres import Postgres

BOX = {"GROVE-BOX01", "GROVE-BOX02"}
"""What depends on the machine."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that a server has made."""
    with house(tmp_path / "data"):
        pass
    return tmp_path / "data"


def findings(stranger: CommandLine, data: Path, *, exit_code: Exit, **environment: str) -> dict[str, dict[str, str]]:
    """What the doctor finds, by code."""
    examined = stranger("doctor", "--data", str(data), "--json", **environment)
    assert examined.exit_code == exit_code, examined.output
    return {finding["code"]: finding for finding in json.loads(examined.stdout)}


class TestTheDoctor:
    def test_finds_nothing_wrong_with_a_good_folder(self, stranger: CommandLine, data: Path) -> None:
        found = findings(stranger, data, exit_code=Exit.DONE)

        assert {finding["state"] for code, finding in found.items() if code not in BOX} == {"pass"}
        assert "GROVE-BOX01" in found
        assert [code for code in found if code not in BOX] == [
            *(f"GROVE-GIT0{number}" for number in range(1, 9)),
            *(f"GROVE-DATA0{number}" for number in range(1, 6)),
            "GROVE-KEY01",
            *(f"GROVE-DB0{number}" for number in range(1, 5)),
            "GROVE-KEY02",
            "GROVE-KEY03",
            "GROVE-JOB01",
            "GROVE-JOB02",
            "GROVE-VEC01",
        ]

    def test_tells_where_source_is_sent_to(self, stranger: CommandLine, data: Path) -> None:
        told = {"GROVE_EMBEDDER": "http", "GROVE_EMBEDDER_MODEL": "m"}
        inside = findings(stranger, data, exit_code=Exit.DONE, GROVE_EMBEDDER_URL="http://127.0.0.1:9/v1", **told)
        assert inside["GROVE-VEC01"]["problem"] == "it is in this network"
        outside = {"GROVE_EMBEDDER_URL": "https://8.8.8.8/v1", **told}
        refused = findings(stranger, data, exit_code=Exit.FAILED, **outside)["GROVE-VEC01"]
        assert "GROVE_EMBEDDER_OUTSIDE" in refused["problem"]
        allowed = findings(stranger, data, exit_code=Exit.DONE, GROVE_EMBEDDER_OUTSIDE="true", **outside)
        assert "outside of this network" in allowed["GROVE-VEC01"]["problem"]

    def test_tells_by_what_commands_are_confined(self, stranger: CommandLine, data: Path) -> None:
        found = findings(stranger, data, exit_code=Exit.DONE)["GROVE-BOX01"]

        assert "confined" in found["title"]
        assert (found["state"] == "pass") == (found["problem"] == "")

    def test_tells_how_the_files_of_workspaces_are_laid_out_and_why_not_better(
        self, stranger: CommandLine, data: Path
    ) -> None:
        found = findings(stranger, data, exit_code=Exit.DONE, GROVE_CHECKOUT_METHODS="git")["GROVE-DATA05"]
        assert (found["state"], found["title"]) == ("pass", "the files of workspaces are laid out by git")
        assert "overlay: " in found["problem"]
        assert "GROVE_CHECKOUT_METHODS" in found["solution"]
        assert not list(data.glob(".probe-*"))

    def test_tells_who_holds_commands_to_their_bounds(self, stranger: CommandLine, data: Path) -> None:
        missing = str(data / "no-such-group")
        found = findings(stranger, data, exit_code=Exit.DONE, GROVE_CGROUP=missing)
        if found["GROVE-BOX01"]["state"] == "pass":
            assert found["GROVE-BOX02"]["state"] == "warn"
            assert missing in found["GROVE-BOX02"]["problem"]

    def test_warns_where_no_command_can_be_confined(self, stranger: CommandLine, data: Path) -> None:
        found = findings(stranger, data, exit_code=Exit.DONE, GROVE_CONFINEMENT="")["GROVE-BOX01"]

        assert (found["state"], found["solution"]) == ("warn", "set GROVE_CONFINEMENT")

    def test_makes_nothing_where_there_is_nothing(self, stranger: CommandLine, tmp_path: Path) -> None:
        found = findings(stranger, tmp_path / "none", exit_code=Exit.DONE)

        assert {code for code, finding in found.items() if finding["state"] == "warn"} - BOX == {
            "GROVE-DATA01",
            "GROVE-KEY01",
            "GROVE-DB02",
        }
        assert not (tmp_path / "none").exists()

    def test_says_what_to_do(self, stranger: CommandLine, data: Path) -> None:
        data.chmod(0o755)
        (data / "master.key").chmod(0o644)
        examined = stranger("doctor", "--data", str(data), "-o", "table")

        assert examined.exit_code == Exit.FAILED
        assert (
            "✗ GROVE-DATA04  only its owner can look into the data folder\n"
            "    Problem   its mode is 755\n"
            f"    Solution  chmod 700 {data}\n"
        ) in examined.stdout
        assert f"    Solution  chmod 600 {data}/master.key" in examined.stdout
        assert "2 to be put right" in examined.stderr

    def test_misses_a_key_that_is_needed(self, stranger: CommandLine, data: Path) -> None:
        (data / "master.key").unlink()
        found = findings(stranger, data, exit_code=Exit.FAILED)

        assert found["GROVE-KEY01"]["state"] == "fail"

    def test_refuses_a_weak_key(self, stranger: CommandLine, data: Path) -> None:
        found = findings(
            stranger, data, exit_code=Exit.FAILED, GROVE_MASTER_KEY="QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
        )

        assert found["GROVE-KEY01"]["state"] == "fail"

    def test_notices_that_there_is_no_room(self, stranger: CommandLine, data: Path) -> None:
        found = findings(stranger, data, exit_code=Exit.FAILED, GROVE_DISK_FREE_MB_MIN="999999999")

        assert found["GROVE-DATA03"]["state"] == "fail"

    def test_notices_a_damaged_database(self, stranger: CommandLine, data: Path) -> None:
        (data / "grove.db").write_bytes(b"this is no database" * 1000)
        found = findings(stranger, data, exit_code=Exit.FAILED)

        assert found["GROVE-DB02"]["state"] == "fail"

    def test_notices_a_database_that_nobody_reaches(self, stranger: CommandLine, data: Path) -> None:
        url = "postgresql+psycopg://nobody:s3cret@127.0.0.1:1/none"
        examined = stranger("doctor", "--data", str(data), "--json", GROVE_DATABASE_URL=url)

        assert examined.exit_code == Exit.FAILED
        assert "s3cret" not in examined.output

    def test_tells_whether_the_database_itself_keeps_tenants_apart(
        self, stranger: CommandLine, tmp_path: Path, postgres: Postgres
    ) -> None:
        def examined(url: str, *, exit_code: Exit = Exit.DONE) -> tuple[str, str]:
            found = findings(stranger, tmp_path / "data", exit_code=exit_code, GROVE_DATABASE_URL=url)["GROVE-DB06"]
            return found["state"], found["problem"]

        url, owner_url = postgres.new_databases_of_two_roles()
        superuser = url.replace(url.split("//")[1].split("@")[0], "grove")
        engine = create_engine(url)
        migrations.migrate(engine, owner_url=owner_url)
        engine.dispose()

        assert examined(url) == ("pass", "")
        assert examined(owner_url)[0] == "warn"
        assert examined(owner_url)[1].endswith("owns the tables, and could stop that")
        assert examined(superuser)[0] == "warn"
        assert "may bypass row-level security" in examined(superuser)[1]
        with psycopg.connect(owner_url.replace("+psycopg", "")) as connection:
            connection.execute("ALTER TABLE jobs NO FORCE ROW LEVEL SECURITY")
        assert examined(url, exit_code=Exit.FAILED) == ("fail", "these tables have no walls: jobs")

    def test_notices_jobs_that_nobody_does(self, stranger: CommandLine, tmp_path: Path) -> None:
        past = datetime.now(UTC) - timedelta(hours=1)
        with house(tmp_path / "data") as made, made.grove.database.transaction() as tx:
            for target in ("abandoned", "waiting"):
                jobs.enqueue(
                    tx,
                    tenant_id=made.admin.tenant_id,
                    kind="mirror.sync",
                    target_id=target,
                    requested_by=made.admin.id,
                    now=past,
                )
            jobs.claim(tx, worker="lost", now=past)
        found = findings(stranger, tmp_path / "data", exit_code=Exit.DONE)

        assert found["GROVE-JOB01"]["problem"] == "1 job of workers that have not been heard of"
        assert found["GROVE-JOB02"]["problem"] == "the oldest has waited 1h 0m"

    def test_looks_at_the_tokens_of_the_command_line(self, stranger: CommandLine, data: Path) -> None:
        stranger.config.mkdir()
        hosts = stranger.config / "hosts.json"
        hosts.write_text('{"hosts": []}')
        hosts.chmod(0o644)
        found = findings(stranger, data, exit_code=Exit.FAILED)

        assert found["GROVE-CONF01"]["solution"] == f"chmod 600 {hosts}"
