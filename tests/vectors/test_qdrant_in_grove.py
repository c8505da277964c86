"""Qdrant finds the nearest in a whole Grove: filled, asked, told what goes, away, back, and begun anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grove import repositories
from grove.indexing import taking_out_of_index
from grove.jobs import Job, JobState, list_jobs
from grove.search import truth_line
from grove.vectors import EmbedArguments
from tests.support.embedding_server import EmbeddingServer
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.qdrant_server import KEY, QdrantServer, qdrant_server
from tests.support.sources import connect, sync
from tests.vectors.test_switching import RETRY, ask, http, notes, restarted, totals

FILES = 2_050
"""More chunks than are compared on the spot."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[QdrantServer]:
    with qdrant_server(tmp_path / "qdrant") as made:
        yield made


def qdrant(model_server: EmbeddingServer, server: QdrantServer, model: str = "words-16") -> dict[str, object]:
    return http(model_server, model, vector_store="qdrant", qdrant_url=server.url, qdrant_key=KEY)


@contextmanager
def shop(folder: Path, **settings: object) -> Iterator[tuple[House, dict[str, repositories.Repository]]]:
    """A Grove with a large repository and a small one, indexed."""
    with house(folder / "data", local_roots=[folder], **settings) as made:
        contents = {"web": {f"p{n}/f{n}.py": f"value_{n} = {n}\n" for n in range(FILES)}, "pay": {"retry.py": RETRY}}
        connected = {}
        for name, files in contents.items():
            upstream = Repository.new(folder / "up" / f"{name}.git")
            upstream.commit(files)
            connected[name] = connect(made, str(upstream.path), name=name)
            made.work_until_idle()
        yield made, connected


def last_job(made: House, kind: str) -> Job:
    with made.grove.database.reading() as tx:
        return next(job for job in list_jobs(tx, actor=made.admin, limit=200) if job.kind == kind)


def embed(made: House, *, refill: bool = False) -> Job:
    with made.grove.database.transaction() as tx:
        made.grove.vectors.request(tx, actor=made.admin, refill=refill, now=made.now)
    made.work_until_idle()
    return last_job(made, EmbedArguments.kind)


class TestQdrantInAGrove:
    def test_is_filled_asked_and_told_what_comes_and_goes(
        self, model_server: EmbeddingServer, server: QdrantServer, tmp_path: Path
    ) -> None:
        with shop(tmp_path, **qdrant(model_server, server)) as (made, connected):
            filled, points = totals(made), server.points()
            answer = ask(made)

            Repository(tmp_path / "up" / "pay.git").commit({"again.py": RETRY.replace("call_again", "once_more")})
            sync(made, connected["pay"])
            made.work_until_idle()
            pushed = server.points()

            with made.grove.database.transaction() as tx:
                repositories.remove_repository(tx, actor=made.admin, repository_id=connected["pay"].id, now=made.now)
            made.work_until_idle()
            removed = server.points()
            after = totals(made)

        assert filled.chunks_in_store == filled.chunks == points
        assert answer.files[0].address.path == "retry.py"
        assert answer.truth.notes == ()
        assert pushed == points + 1
        assert removed == FILES == after.chunks == after.chunks_in_store

    def test_that_is_away_is_said_and_asked_again_when_it_is_back(
        self, model_server: EmbeddingServer, server: QdrantServer, tmp_path: Path
    ) -> None:
        with shop(tmp_path, **qdrant(model_server, server)) as (made, connected):
            server.stop()
            away = ask(made)
            with made.grove.database.transaction() as tx:
                repositories.remove_repository(tx, actor=made.admin, repository_id=connected["pay"].id, now=made.now)
            made.work_until_idle()
            unfinished = last_job(made, "repository.remove")

            server.start()
            kept = server.points()
            again = embed(made)
            back = notes(made)
            told = server.points()

        assert away.files[0].address.path == "retry.py"
        assert "the vector store cannot be reached" in truth_line(away.truth)
        assert "read from the index" in truth_line(away.truth)
        assert unfinished.error is not None
        assert unfinished.error["code"] == "vector_store_unavailable"
        assert kept > told == FILES, "what was removed meanwhile is forgotten as soon as it can be told"
        assert again.state is JobState.SUCCEEDED
        assert back == ""

    def test_that_was_emptied_by_somebody_is_filled_again(
        self, model_server: EmbeddingServer, server: QdrantServer, tmp_path: Path
    ) -> None:
        with shop(tmp_path, **qdrant(model_server, server)) as (made, _):
            outside = server.client()
            for each in outside.get_collections().collections:
                outside.delete_collection(each.name)
            lost = notes(made)
            embed(made)
            found = totals(made), server.points(), notes(made)
            refilled = embed(made, refill=True)
            outside.close()

        assert "lacks the collection" in lost
        assert "--refill" in lost
        assert found[0].chunks_in_store == found[0].chunks == found[1]
        assert found[2] == ""
        assert refilled.state is JobState.SUCCEEDED

    def test_has_the_new_model_only_when_the_switch_is_done(
        self, model_server: EmbeddingServer, server: QdrantServer, tmp_path: Path
    ) -> None:
        with (
            shop(tmp_path, **qdrant(model_server, server)) as (before, _),
            restarted(before, tmp_path, **qdrant(model_server, server, "words-24")) as made,
        ):
            during = notes(made)
            made.work_until_idle()
            after, outside = notes(made), server.client()
            collections = outside.get_collections().collections
            points = server.points()
            outside.close()
            chunks = totals(made).chunks

        assert during == "http:words-24 has made 0% of the vectors so far; compared by http:words-16"
        assert after == ""
        assert len(collections) == 1
        assert points == chunks

    def test_with_a_wrong_key_says_so_and_is_not_tried_again(
        self, model_server: EmbeddingServer, server: QdrantServer, tmp_path: Path
    ) -> None:
        settings = {**qdrant(model_server, server), "qdrant_key": "wrong"}
        with house(tmp_path / "data", local_roots=[tmp_path], **settings) as made:
            upstream = Repository.new(tmp_path / "up" / "pay.git")
            upstream.commit({"retry.py": RETRY})
            connect(made, str(upstream.path), name="pay")
            made.work_until_idle()
            job = last_job(made, EmbedArguments.kind)
            answer = ask(made)

        assert job.error is not None
        assert job.error["code"] == "vector_store_key_refused"
        assert job.attempt == 1
        assert answer.files[0].address.path == "retry.py"


class TestTheIndex:
    def test_can_be_taken_out_of_while_the_model_is_asked(
        self, server: QdrantServer, tmp_path: Path, model_server: EmbeddingServer
    ) -> None:
        with shop(tmp_path) as (before, _), restarted(before, tmp_path, **qdrant(model_server, server)) as made:
            chosen, root = made.grove.vectors.models.chosen, made.grove.vectors.files(made.admin.tenant_id).root
            asked = []

            class Watching:
                """The chosen embedder, and whether the index was free while it was asked."""

                name, embed_query = chosen.name, chosen.embed_query

                def embed_texts(self, texts: list[bytes]) -> object:
                    with taking_out_of_index(root, check_cancelled=lambda: pytest.fail("the index is locked")):
                        asked.append(len(texts))
                    return chosen.embed_texts(texts)

            made.grove.vectors.models.chosen = Watching()  # type: ignore[assignment]
            made.work_until_idle()
            told = totals(made)

        assert sum(asked) == told.chunks == told.chunks_done
