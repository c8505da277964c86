"""A model server that is busy, slow, away, strict or wrong."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from grove.vectors import (
    EmbedderAnswerInvalid,
    EmbedderBusy,
    EmbedderDimensionsDiffer,
    EmbedderFailed,
    EmbedderKeyRefused,
    EmbedderModelMissing,
    EmbedderOutside,
    EmbedderRefused,
    EmbedderUnreachable,
    HttpEmbedder,
    HttpModel,
    Patience,
)
from tests.support.embedding_server import KEY, EmbeddingServer, embedding_server

Maker = Callable[..., HttpEmbedder]
QUICK = Patience(seconds_max=5, query_seconds_max=1, attempts_max=3, first_wait_seconds=0.01, wait_seconds_max=1)


@pytest.fixture
def embedder() -> Iterator[Callable[..., HttpEmbedder]]:
    """Makes embedders, which are closed with the test."""
    with ExitStack() as stack:

        def made(server: EmbeddingServer, model: str, **more: object) -> HttpEmbedder:
            given = {"key": KEY, "patience": QUICK} | more
            one = HttpEmbedder(HttpModel(url=server.url, model=model, **given))  # type: ignore[arg-type]
            return stack.enter_context(closing(one))

        yield made


def asked(server: EmbeddingServer, model: str) -> list[dict[str, object]]:
    return [request for request in server.asked() if request["model"] == model]


class TestBatches:
    def test_hold_so_many_texts_and_no_more(self, embedder: Maker, model_server: EmbeddingServer) -> None:
        made = embedder(model_server, "words-9", batch_texts_max=3).embed_texts([b"a", b"b", b"c", b"d"])

        assert made.vectors.shape == (4, 9)
        assert [len(request["sizes"]) for request in asked(model_server, "words-9")] == [3, 1]  # type: ignore[arg-type]

    def test_hold_so_many_bytes_and_no_more(self, embedder: Maker, model_server: EmbeddingServer) -> None:
        embedder(model_server, "words-10", batch_bytes_max=100).embed_texts([b"x" * 60, b"y" * 60, b"z" * 30])

        assert [request["sizes"] for request in asked(model_server, "words-10")] == [[60], [60, 30]]

    def test_cut_long_texts_between_characters_and_count_them(
        self, embedder: Maker, model_server: EmbeddingServer
    ) -> None:
        made = embedder(model_server, "words-11", text_bytes_max=9).embed_texts(["ääääää".encode(), b"short"])

        assert made.texts_cut == 1
        assert asked(model_server, "words-11")[0]["first"] == "ääää"


class TestAnEmbedderThatIsBusyOrAway:
    def test_is_asked_again_after_the_time_that_it_names(self, embedder: Maker, model_server: EmbeddingServer) -> None:
        embedder(model_server, "busy-1").embed_texts([b"a"])

        first, second = (float(str(request["at"])) for request in asked(model_server, "busy-1"))
        assert second - first >= 0.3

    def test_is_asked_again_after_an_error_of_its_own(self, embedder: Maker, model_server: EmbeddingServer) -> None:
        assert embedder(model_server, "away-2").embed_texts([b"a"]).vectors.shape == (1, 8)

    def test_is_asked_so_many_times_and_no_more(self, embedder: Maker, model_server: EmbeddingServer) -> None:
        with pytest.raises(EmbedderUnreachable):
            embedder(model_server, "away-99").embed_texts([b"a"])
        with pytest.raises(EmbedderBusy):
            embedder(model_server, "busy-98").embed_texts([b"a"])

        assert len(asked(model_server, "away-99")) == len(asked(model_server, "busy-98")) == 3

    def test_is_not_asked_by_questions_for_a_while(self, embedder: Maker, model_server: EmbeddingServer) -> None:
        resting = embedder(model_server, "away-97")

        for _ in range(3):
            with pytest.raises(EmbedderUnreachable):
                resting.embed_query("a")

        assert len(asked(model_server, "away-97")) == 1

    def test_keeps_a_question_waiting_for_a_moment_only(self, embedder: Maker, model_server: EmbeddingServer) -> None:
        began = time.monotonic()

        with pytest.raises(EmbedderUnreachable):
            embedder(model_server, "slow-30").embed_query("a")

        assert time.monotonic() - began < 10

    def test_may_not_be_there_at_all(self, embedder: Maker, tmp_path: Path) -> None:
        with embedding_server(tmp_path) as server:
            gone = embedder(server, "words-8")
            server.stop()

            with pytest.raises(EmbedderUnreachable):
                gone.embed_texts([b"a"])


class TestAnEmbedderThatIsWrong:
    @pytest.mark.parametrize(
        ("model", "given", "error"),
        [
            ("words-8", {"key": "sk-wrong"}, EmbedderKeyRefused),
            ("nothing-1", {}, EmbedderModelMissing),
            ("short-1", {}, EmbedderAnswerInvalid),
            ("prose-1", {}, EmbedderAnswerInvalid),
            ("nan-1", {}, EmbedderAnswerInvalid),
            ("endless-0", {}, EmbedderAnswerInvalid),
            ("redirect-1", {}, EmbedderRefused),
            ("words-8", {"dimensions": 16}, EmbedderDimensionsDiffer),
        ],
    )
    def test_is_told_by_what_is_wrong(
        self,
        *,
        embedder: Maker,
        model_server: EmbeddingServer,
        model: str,
        given: dict[str, object],
        error: type[EmbedderFailed],
    ) -> None:
        before = len(asked(model_server, model))

        with pytest.raises(error) as raised:
            embedder(model_server, model, **given).embed_texts([b"a"])

        assert raised.type is error
        assert len(asked(model_server, model)) == before + 1, "nothing is gained by asking again"

    def test_is_not_listened_to_for_ever(self, embedder: Maker, model_server: EmbeddingServer) -> None:
        began = time.monotonic()

        with pytest.raises(EmbedderUnreachable):
            embedder(model_server, "endless-0.1").embed_query("a")

        assert time.monotonic() - began < 10

    def test_may_not_change_the_size_of_its_vectors(self, embedder: Maker, model_server: EmbeddingServer) -> None:
        changing = embedder(model_server, "growing-1", batch_texts_max=1)

        with pytest.raises(EmbedderDimensionsDiffer):
            changing.embed_texts([b"a", b"b"])


class TestAnEmbedderOutside:
    @pytest.mark.parametrize("address", ["8.8.8.8", "[2606:4700:4700::1111]"])
    def test_is_sent_nothing_unless_somebody_has_said_so(self, address: str) -> None:
        made = HttpEmbedder(HttpModel(url=f"https://{address}/v1", model="m", patience=QUICK))
        with closing(made), pytest.raises(EmbedderOutside, match="GROVE_EMBEDDER_OUTSIDE"):
            made.embed_texts([b"private source"])

    @pytest.mark.parametrize("address", ["169.254.169.254", "[fe80::1]"])
    def test_is_never_what_tells_the_secrets_of_a_cloud(self, address: str) -> None:
        made = HttpEmbedder(HttpModel(url=f"http://{address}/v1", model="m", patience=QUICK, may_be_outside=True))
        with closing(made), pytest.raises(EmbedderOutside):
            made.embed_query("a")


class TestTheKey:
    def test_is_in_no_error_and_no_description(self, model_server: EmbeddingServer) -> None:
        model = HttpModel(url=model_server.url, model="nothing-2", key=KEY)

        with closing(HttpEmbedder(model)) as embedder, pytest.raises(EmbedderModelMissing) as raised:
            embedder.embed_texts([b"a"])

        assert KEY not in f"{raised.value} {raised.value.facts} {model!r}"


class TestTheName:
    def test_changes_with_what_is_put_before_texts_and_not_with_the_place(self) -> None:
        names = {
            HttpModel(url=url, model="m", text_prefix=prefix).name
            for url in ("http://a/v1", "http://b/v1")
            for prefix in ("", "passage: ")
        }

        assert len(names) == 2
