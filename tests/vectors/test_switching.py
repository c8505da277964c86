"""Another model is chosen, is away, is changed again; the embedding is cut off: in a whole Grove."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from grove import activity, jobs, repositories
from grove.accounts import Role
from grove.indexing import request_verification
from grove.kit.gate import Denied
from grove.kit.transactions import Database
from grove.search import Answer, Mode, Question, truth_line
from grove.settings import Settings
from grove.vectors import EmbedArguments, EmbedderMisconfigured, VectorTotals, sets_of
from grove.wiring import build
from tests.support.embedding_server import EmbeddingServer, embedding_server
from tests.support.git_repositories import Repository
from tests.support.grove import House, house, settings_for
from tests.support.sources import connect
from tests.support.upkeep import flip

LEASE_SECONDS_OVER = 0.6
RETRY = "def call_again(fn):\n    # backoff and jitter between attempts\n    return fn()\n"
ROWS = "".join(f"value_{number} = {number}\n" for number in range(400))


def http(server: EmbeddingServer, model: str = "words-64", **more: object) -> dict[str, object]:
    return {"embedder": "http", "embedder_url": server.url, "embedder_model": model, **more}


@contextmanager
def shop(folder: Path, **settings: object) -> Iterator[House]:
    """A Grove with one repository, indexed."""
    with house(folder / "data", local_roots=[folder], **settings) as made:
        upstream = Repository.new(folder / "up" / "web.git")
        upstream.commit({"retry.py": RETRY, "rows.py": ROWS})
        connect(made, str(upstream.path), name="web")
        made.work_until_idle()
        yield made


@contextmanager
def restarted(made: House, folder: Path, **settings: object) -> Iterator[House]:
    """The same data folder with other settings, as the next start of the server finds it."""
    grove = build(settings_for(folder / "data", local_roots=[folder], **settings))
    try:
        grove.vectors.catch_up([made.admin.tenant_id], now=datetime.now(UTC))
        yield House(grove=grove, admin=made.admin)
    finally:
        grove.close()


def find(made: House, name: str) -> repositories.Repository:
    with made.grove.database.reading() as tx:
        return repositories.find_repository(tx, actor=made.admin, name=name)


def newest(made: House, kind: str) -> jobs.Job:
    with made.grove.database.reading() as tx:
        return next(job for job in jobs.list_jobs(tx, actor=made.admin, limit=200) if job.kind == kind)


def verify(made: House, repository_id: str | None) -> jobs.Job:
    with made.grove.database.transaction() as tx:
        request_verification(tx, actor=made.admin, repository_id=repository_id, now=made.now)
    made.work()
    return newest(made, "index.verify")


def ask(made: House, text: str = "backoff between attempts") -> Answer:
    return made.grove.search.run(made.admin, Question(text=text, mode=Mode.SEMANTIC))


def notes(made: House, text: str = "backoff between attempts") -> str:
    return "; ".join(ask(made, text).truth.notes)


def totals(made: House) -> VectorTotals:
    with made.grove.database.reading() as tx:
        return made.grove.vectors.totals(tx, actor=made.admin)


def set_names(database: Database, tenant_id: str) -> list[str]:
    with database.reading() as tx:
        return [each.name for each in sets_of(tx, tenant_id=tenant_id)]


def embedding_jobs(made: House) -> list[jobs.Job]:
    with made.grove.database.reading() as tx:
        found = jobs.list_jobs(tx, actor=made.admin, limit=200)
    return [job for job in found if job.kind == EmbedArguments.kind]


class TestAModelServer:
    def test_makes_the_vectors_of_what_is_pushed(self, model_server: EmbeddingServer, tmp_path: Path) -> None:
        with shop(tmp_path, **http(model_server)) as made:
            told = totals(made)
            answer = ask(made)

        assert told.model == "http:words-64"
        assert told.chunks_done == told.chunks > 0
        assert answer.files[0].address.path == "retry.py"
        assert answer.truth.notes == ()

    def test_that_is_away_is_said_and_the_table_answers(self, tmp_path: Path) -> None:
        with embedding_server(tmp_path / "models") as server, shop(tmp_path, **http(server)) as made:
            server.stop()
            answer = ask(made)

        assert answer.files[0].address.path == "retry.py"
        assert "http:words-64: the embedder cannot be reached" in truth_line(answer.truth)
        assert "compared by" in truth_line(answer.truth)

    def test_that_is_away_while_it_should_embed_is_tried_again(self, tmp_path: Path) -> None:
        with embedding_server(tmp_path / "models") as server:
            settings = http(server)
            server.stop()
        with shop(tmp_path, **settings) as made:
            [job] = embedding_jobs(made)

        assert job.error is not None
        assert job.error["code"] == "embedder_unreachable"
        assert job.attempt == job.attempts_max

    def test_tells_that_it_took_every_text_whole(self, model_server: EmbeddingServer, tmp_path: Path) -> None:
        with shop(tmp_path, **http(model_server, "words-65", embedder_text_kb=1)) as made:
            assert totals(made).texts_cut == 0
            assert totals(made).chunks_done == totals(made).chunks


class TestSwitching:
    def test_lets_the_old_vectors_serve_until_the_new_ones_are_there(
        self, model_server: EmbeddingServer, tmp_path: Path
    ) -> None:
        with (
            shop(tmp_path, **http(model_server, "words-32")) as before,
            restarted(before, tmp_path, **http(model_server, "words-48")) as made,
        ):
            during, meanwhile = notes(made), totals(made)
            made.work_until_idle()
            after, finally_ = notes(made), totals(made)

        assert during == "http:words-48 has made 0% of the vectors so far; compared by http:words-32"
        assert (meanwhile.chunks_done, dict(meanwhile.others)) == (0, {"http:words-32": meanwhile.chunks})
        assert after == ""
        assert (finally_.chunks_done, dict(finally_.others)) == (finally_.chunks, {})

    def test_says_when_the_old_model_cannot_be_had(self, model_server: EmbeddingServer, tmp_path: Path) -> None:
        with (
            shop(tmp_path, **http(model_server, "words-32", embedder_text_prefix="passage: ")) as before,
            restarted(before, tmp_path, **http(model_server, "words-48")) as made,
        ):
            told = notes(made)

        assert "cannot be had any more" in told
        assert "compared by" in told

    def test_back_to_the_table_needs_no_work_and_leaves_nothing(
        self, model_server: EmbeddingServer, tmp_path: Path
    ) -> None:
        with shop(tmp_path, **http(model_server)) as before, restarted(before, tmp_path) as made:
            at_once = notes(made)
            made.work_until_idle()
            names = set_names(made.grove.database, made.admin.tenant_id)
            folders = list(made.grove.vectors.files(made.admin.tenant_id).root.glob("vectors/*"))

        assert at_once == ""
        assert not names
        assert not folders

    @pytest.mark.parametrize("fault", ["vectors.set_written", "vectors.set_published"])
    def test_survives_a_crash_in_the_midst(self, model_server: EmbeddingServer, tmp_path: Path, fault: str) -> None:
        with shop(tmp_path) as before:
            with restarted(before, tmp_path, **http(model_server), lease_seconds=0.5) as made:
                environment = {**made.grove.settings.environment(), "GROVE_FAULT": fault}
            crashed = subprocess.run(
                [sys.executable, "-c", CRASHING], env={**os.environ, **environment}, check=False, capture_output=True
            )
            with restarted(before, tmp_path, **http(model_server), lease_seconds=0.5) as made:
                tenant = made.admin.tenant_id
                made.grove.vectors.sweep(tenant)
                time.sleep(LEASE_SECONDS_OVER)
                assert ask(made).files[0].address.path == "retry.py"
                made.work_until_idle()
                named = set_names(made.grove.database, tenant)
                on_disk = [path.name for path in made.grove.vectors.files(tenant).root.glob("vectors/*")]
                told = totals(made)

        assert crashed.returncode != 0, crashed.stderr
        assert sorted(on_disk) == sorted(named)
        assert told.chunks_done == told.chunks


CRASHING = """
from grove.settings import load_settings
from grove.wiring import build
grove = build(load_settings())
worker = Worker(grove, name="crashing/test")
while worker.run_one():
    pass
"""


class TestDamage:
    def test_of_a_set_is_told_taken_out_of_service_and_made_again(
        self, model_server: EmbeddingServer, tmp_path: Path
    ) -> None:
        with shop(tmp_path, **http(model_server)) as before:
            tenant = before.admin.tenant_id
            [name] = set_names(before.grove.database, tenant)
            flip(before.grove.vectors.files(tenant).folder(name) / "vectors.grove", 20)
            with restarted(before, tmp_path, **http(model_server)) as made:
                damaged = notes(made)
                made.work_until_idle()
                mended, told = notes(made), totals(made)

        assert "has made 0% of the vectors so far" in damaged
        assert mended == ""
        assert told.chunks_done == told.chunks


class TestVerifying:
    def test_finds_a_flipped_byte_and_only_its_repository_is_made_again(
        self, model_server: EmbeddingServer, tmp_path: Path
    ) -> None:
        with shop(tmp_path, **http(model_server)) as made:
            files, tenant = made.grove.vectors.files(made.admin.tenant_id), made.admin.tenant_id
            [of_web] = set_names(made.grove.database, tenant)
            upstream = Repository.new(tmp_path / "up" / "ship.git")
            upstream.commit({"parcel.py": "def parcel_of(order):\n    return order.weight\n"})
            connect(made, str(upstream.path), name="ship")
            made.work_until_idle()
            [of_ship] = set(set_names(made.grove.database, tenant)) - {of_web}
            flip(files.folder(of_ship) / "vectors.grove", 300)

            clean = verify(made, find(made, "web").id)
            unread = set_names(made.grove.database, tenant)
            with made.grove.database.transaction() as tx:
                request_verification(tx, actor=made.admin, repository_id=None, now=made.now)
            made.worker().run_one()
            struck, during = set_names(made.grove.database, tenant), notes(made, "parcel repo:ship")
            unharmed = notes(made, "backoff repo:web")
            found = newest(made, "index.verify")
            made.work_until_idle()
            after, told = notes(made, "parcel repo:ship"), totals(made)
            with made.grove.database.reading() as tx:
                trail = [entry.action for entry in activity.list_entries(tx, actor=made.admin, limit=50)]

        assert clean.state is jobs.JobState.SUCCEEDED
        assert unread == [of_web, of_ship], "another repository's vectors are not its business"
        assert struck == [of_web]
        assert "has made 0% of the vectors so far" in during
        assert unharmed == after == ""
        assert "vectors.damaged" in trail
        assert found.state is jobs.JobState.SUCCEEDED
        assert told.chunks_done == told.chunks

    def test_tells_vectors_that_are_not_those_that_were_published(
        self, model_server: EmbeddingServer, tmp_path: Path
    ) -> None:
        with shop(tmp_path, **http(model_server)) as made:
            files, tenant = made.grove.vectors.files(made.admin.tenant_id), made.admin.tenant_id
            [name] = set_names(made.grove.database, tenant)
            other = files.write(
                job="other",
                model="http:words-64",
                ordinals=np.array([1], dtype=np.uint32),
                rows=lambda _begin, _end: np.ones((1, 64), dtype=np.float32),
                texts_cut=0,
            )
            (files.folder(other.name) / "vectors.grove").replace(files.folder(name) / "vectors.grove")
            verify(made, None)
            made.work_until_idle()
            told, left = totals(made), set_names(made.grove.database, tenant)

        assert name not in left
        assert told.chunks_done == told.chunks


class TestAModelThatHasChangedUnderItsName:
    def test_is_not_compared_with_what_it_made_before(self, model_server: EmbeddingServer, tmp_path: Path) -> None:
        with (
            shop(tmp_path, **http(model_server, "words-32", embedder_dimensions=32)) as before,
            restarted(before, tmp_path, **http(model_server, "words-32")) as made,
        ):
            during = notes(made)
            made.work_until_idle()

            assert "has made 0% of the vectors so far" in during
            assert notes(made) == ""


class TestWhoMayHaveVectorsMade:
    def test_are_those_who_may_rebuild_an_index(self, tmp_path: Path) -> None:
        with house(tmp_path / "data") as made:
            reader, _ = made.actor(Role.VIEWER)
            with made.grove.database.transaction() as tx, pytest.raises(Denied):
                made.grove.vectors.request(tx, actor=reader, refill=False, now=made.now)


class TestASetting:
    def test_that_is_missing_is_named(self, tmp_path: Path) -> None:
        for settings in ({"embedder": "http"}, {"vector_store": "qdrant"}, {"embedder_url": "ftp://x"}):
            with pytest.raises(EmbedderMisconfigured):
                build(settings_for(tmp_path, **settings))

    def test_with_a_key_may_be_a_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "key").write_text("sk-1\n")
        monkeypatch.setenv("GROVE_EMBEDDER_KEY_FILE", str(tmp_path / "key"))

        settings = Settings()

        assert settings.embedder_key is not None
        assert settings.embedder_key.get_secret_value() == "sk-1"
        assert "sk-1" not in repr(settings)
