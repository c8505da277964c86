"""Exports in a whole Grove: every place that answers, written by a job, for those who may read it."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grove import exports
from grove.accounts import Role
from grove.exports import Export, ExportForm, ExportGone, ExportNotFound, ExportsTooMany, ExportUnfinished
from grove.kit.errors import GroveError
from grove.kit.gate import Actor
from grove.repositories import list_visible, remove_repository
from grove.search import FilterUnknown, Mode, ModeConflict, Question
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect

FILES = {f"src/part{number}.py": "needle = 1\n" * 120 for number in range(30)} | {
    "sums.csv": "=needle(1)\n",
    "needle.txt": "nothing\n",
}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    upstream = Repository.new(tmp_path / "up" / "shop.git")
    upstream.commit(FILES)
    with house(tmp_path / "data", local_roots=(tmp_path,)) as made:
        connect(made, str(upstream.path), name="shop")
        made.work()
        yield made


def create(
    made: House, text: str, form: ExportForm = ExportForm.JSONL, *, actor: Actor | None = None, mode: Mode = Mode.AUTO
) -> Export:
    with made.grove.database.transaction() as tx:
        question = Question(text=text, mode=mode, wants_all=True)
        return exports.create_export(tx, actor=actor or made.admin, question=question, form=form, now=made.now)[0]


def finished(made: House, export: Export, *, actor: Actor | None = None) -> Export:
    with made.grove.database.reading() as tx:
        return exports.export_to_read(tx, actor=actor or made.admin, export_id=export.id, now=made.now)


def content(made: House, export: Export) -> str:
    path = made.grove.export_tools.file(tenant_id=export.tenant_id, export_id=export.id)
    return path.read_text(encoding="utf-8")


class TestAnExport:
    def test_holds_every_line_that_matches(self, made: House) -> None:
        export = create(made, "needle")
        made.work()

        rows: list[dict[str, Any]] = [json.loads(line) for line in content(made, export).splitlines()]
        in_files = [(row["path"], row["line"]) for row in rows if "line" in row]
        expected = [(path, number) for path in FILES for number in range(1, FILES[path].count("needle") + 1)]
        assert sorted(in_files) == sorted(expected)
        assert [row["path"] for row in rows if "line" not in row] == ["needle.txt"]
        assert finished(made, export).rows == len(rows)
        assert "32 files in 1 repository" in (finished(made, export).truth_line or "")

    def test_is_a_table_that_no_spreadsheet_runs(self, made: House) -> None:
        export = create(made, "needle file:sums", ExportForm.CSV)
        made.work()

        (row,) = csv.DictReader(io.StringIO(content(made, export)))
        assert (row["path"], row["line"], row["text"], row["matches"]) == ("sums.csv", "1", "'=needle(1)", "1-7")

    def test_lists_repositories_when_those_are_selected(self, made: House) -> None:
        export = create(made, "needle select:repo")
        made.work()

        assert [json.loads(line)["repository"] for line in content(made, export).splitlines()] == ["shop"]

    def test_is_the_same_when_its_job_is_done_again(self, made: House) -> None:
        export = create(made, "needle")
        path = made.grove.export_tools.file(tenant_id=export.tenant_id, export_id=export.id)
        path.parent.mkdir(parents=True)
        path.with_name("export.part").write_text("what a worker wrote before it died")
        made.work()

        assert content(made, export).count("\n") == finished(made, export).rows

    @pytest.mark.parametrize(
        ("text", "mode", "error"),
        [
            ("langg:x y", Mode.AUTO, FilterUnknown),
            ("how it works", Mode.SEMANTIC, ModeConflict),
            ("type:commit x", Mode.AUTO, ModeConflict),
        ],
    )
    def test_of_what_has_no_end_or_no_meaning_is_refused(
        self, made: House, text: str, mode: Mode, error: type[GroveError]
    ) -> None:
        with pytest.raises(error):
            create(made, text, mode=mode)


class TestReadingAnExport:
    def test_waits_until_it_is_written(self, made: House) -> None:
        with pytest.raises(ExportUnfinished):
            finished(made, create(made, "needle"))

    def test_is_for_those_who_asked_and_for_administrators(self, made: House) -> None:
        viewer, other = made.actor(Role.VIEWER)[0], made.actor(Role.MAINTAINER)[0]
        export = create(made, "needle", actor=viewer)
        made.work()

        assert finished(made, export, actor=viewer).rows
        assert finished(made, export).rows
        with pytest.raises(ExportNotFound):
            finished(made, export, actor=other)
        with pytest.raises(ExportNotFound), made.grove.database.transaction() as tx:
            exports.remove_export(tx, actor=other, export_id=export.id, now=made.now)

    def test_ends_when_a_repository_in_it_is_gone(self, made: House) -> None:
        export = create(made, "needle")
        made.work()
        with made.grove.database.transaction() as tx:
            (repository,) = list_visible(tx, actor=made.admin)
            remove_repository(tx, actor=made.admin, repository_id=repository.id, now=made.now)

        with pytest.raises(ExportGone):
            finished(made, export)

    def test_ends_with_its_time(self, made: House) -> None:
        export = create(made, "needle")
        made.work()
        later = made.now + timedelta(days=2)
        with made.grove.database.reading() as tx, pytest.raises(ExportNotFound):
            exports.export_to_read(tx, actor=made.admin, export_id=export.id, now=later)

        exports.sweep_exports(made.grove.database, made.grove.locator, now=later)
        assert not made.grove.locator.export(tenant_id=export.tenant_id, export_id=export.id).exists()


class TestKeepingExports:
    def test_has_a_limit(self, made: House) -> None:
        for _ in range(50):
            create(made, "needle")
        with pytest.raises(ExportsTooMany):
            create(made, "needle")

    def test_ends_with_their_removal(self, made: House) -> None:
        export = create(made, "needle")
        made.work()
        with made.grove.database.transaction() as tx:
            exports.remove_export(tx, actor=made.admin, export_id=export.id, now=made.now)
        create(made, "needle")
        made.work()

        assert not made.grove.locator.export(tenant_id=export.tenant_id, export_id=export.id).exists()
