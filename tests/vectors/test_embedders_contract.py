"""What every embedder must do. Another joins by one more line in `embedder`."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from grove.indexing import StaticEmbedder
from grove.vectors import Embedder, HttpEmbedder, HttpModel, StaticTexts
from tests.support.embedding_server import EmbeddingServer

TEXTS = [b"def retry(call):\n    backoff()\n", b"class Invoice:\n    total = 0\n", b"def parse(token):\n    pass\n"]


@pytest.fixture(params=["static", "http"])
def embedder(request: pytest.FixtureRequest) -> Iterator[Embedder]:
    if request.param == "static":
        yield StaticTexts(StaticEmbedder.load())
        return
    server: EmbeddingServer = request.getfixturevalue("model_server")
    with closing(HttpEmbedder(HttpModel(url=server.url, model="words-64", batch_texts_max=2))) as made:
        yield made


class TestEveryEmbedder:
    def test_has_a_name(self, embedder: Embedder) -> None:
        assert embedder.name

    def test_gives_each_text_a_vector_of_unit_length(self, embedder: Embedder) -> None:
        made = embedder.embed_texts(TEXTS)

        assert made.vectors.shape[0] == len(TEXTS)
        assert made.vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(made.vectors, axis=1), 1, atol=1e-5)
        assert made.texts_cut == 0

    def test_gives_a_text_the_same_vector_whatever_stands_beside_it(self, embedder: Embedder) -> None:
        together = embedder.embed_texts(TEXTS).vectors
        alone = np.concatenate([embedder.embed_texts([text]).vectors for text in TEXTS])

        assert np.allclose(together, alone, atol=1e-5)

    def test_puts_questions_and_texts_in_one_space(self, embedder: Embedder) -> None:
        vectors = embedder.embed_texts(TEXTS).vectors

        for asked, best in (("retry with backoff", 0), ("total of an invoice", 1), ("parse a token", 2)):
            assert int(np.argmax(vectors @ embedder.embed_query(asked))) == best

    def test_takes_no_texts_empty_ones_and_such_that_are_no_text(self, embedder: Embedder) -> None:
        dimensions = embedder.embed_query("retry").size

        assert embedder.embed_texts([]).vectors.shape[0] == 0
        assert embedder.embed_texts([b"", b"\xff\xfe", b"\n"]).vectors.shape == (3, dimensions)
        assert np.isfinite(embedder.embed_query("")).all()
