"""What every place must do that finds the nearest vectors. Another joins by one more line in `store`.

Qdrant is asked through its own client: in the client's memory, over HTTP (`tests.support.qdrant_server`), and on the
server that GROVE_TEST_QDRANT_URL names.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from grove.indexing import Ordinals, Scores
from grove.kit.ids import new_id
from grove.vectors import (
    Patience,
    QdrantVectors,
    Space,
    VectorFiles,
    VectorSet,
    VectorStore,
    VectorStoreCollectionMissing,
    VectorStoreDimensionsDiffer,
    VectorStoreFailed,
    VectorStoreKeyRefused,
    VectorStoreUnavailable,
    qdrant,
)
from grove.vectors.files import nearest_in
from tests.support.embedding_server import embedding_server
from tests.support.qdrant_server import BUSY, KEY, QdrantServer, qdrant_server

Floats = NDArray[np.float32]
DIMENSIONS = 32
QDRANT_URL = os.environ.get("GROVE_TEST_QDRANT_URL", "")


class Segments:
    """The files of sets as a store: what the index itself does, set by set."""

    place = "segments"

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sets: dict[Space, list[VectorSet]] = {}

    def put(self, space: Space, ordinals: Ordinals, vectors: Floats) -> None:
        self.delete(space, ordinals)
        files = self._files(space)
        self._sets.setdefault(space, []).append(
            files.write(
                job="test",
                model=space.model,
                ordinals=ordinals,
                rows=lambda begin, end: vectors[begin:end],
                texts_cut=0,
            )
        )

    def delete(self, space: Space, ordinals: Ordinals) -> None:
        files, sets = self._files(space), self._sets.get(space, [])
        if sets:
            present = np.concatenate([files.open(each.name).ordinals for each in sets])
            folded = files.fold(sets, keep=np.setdiff1d(present, ordinals), job="test")
            self._sets[space] = [folded] if folded else []

    def has(self, space: Space) -> bool:
        return space in self._sets

    def drop(self, space: Space) -> None:
        self._sets.pop(space, None)

    def nearest(self, space: Space, among: Ordinals, vector: Floats, *, limit: int) -> tuple[Ordinals, Scores]:
        files = self._files(space)
        return nearest_in([files.open(each.name) for each in self._sets[space]], among, vector, limit=limit)

    def close(self) -> None:
        pass

    def _files(self, space: Space) -> VectorFiles:
        return VectorFiles(self._root / space.tenant_id)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QdrantServer]:
    with qdrant_server(tmp_path_factory.mktemp("qdrant")) as made:
        yield made


@pytest.fixture(
    params=[
        "segments",
        "qdrant in memory",
        "qdrant over http",
        pytest.param(
            "qdrant's own server",
            marks=pytest.mark.skipif(not QDRANT_URL, reason="no Qdrant server: GROVE_TEST_QDRANT_URL is not set"),
        ),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorStore]:
    if request.param == "segments":
        yield Segments(tmp_path)
        return
    if request.param == "qdrant over http":
        made = QdrantVectors(request.getfixturevalue("server").url, key=KEY)
    else:
        made = QdrantVectors(":memory:" if request.param == "qdrant in memory" else QDRANT_URL)
    yield made
    made.close()


@pytest.fixture
def space(store: VectorStore) -> Iterator[Space]:
    chosen = Space(new_id(), "http:words")
    yield chosen
    store.drop(chosen)


def directions(count: int, *, seed: int = 1) -> Floats:
    """Vectors that codes of four bits give back as they are, so that every store has the same."""
    found = np.random.default_rng(seed).integers(-7, 8, (count, DIMENSIONS)).astype(np.float32)
    found[:, 0] = 7
    unit: Floats = found / np.linalg.norm(found, axis=1, keepdims=True)
    return unit


def ordinals_of(*numbers: int) -> Ordinals:
    return np.array(numbers, dtype=np.uint32)


def found_in(
    store: VectorStore, space: Space, among: Ordinals, vector: Floats, *, limit: int = 10
) -> Mapping[int, float]:
    ordinals, scores = store.nearest(space, among, vector, limit=limit)
    assert (np.diff(scores) <= 0).all(), "best first"
    return dict(zip(ordinals.tolist(), scores.tolist(), strict=True))


class TestEveryStore:
    def test_finds_the_nearest_of_what_it_was_given(self, store: VectorStore, space: Space) -> None:
        vectors = directions(200)
        store.put(space, np.arange(1000, 1200, dtype=np.uint32), vectors)

        found = found_in(store, space, np.arange(1000, 1200, dtype=np.uint32), vectors[42], limit=3)

        assert next(iter(found)) == 1042
        assert found[1042] == pytest.approx(1.0, abs=0.03)
        assert len(found) == 3

    def test_looks_at_nothing_that_is_not_admissible(self, store: VectorStore, space: Space) -> None:
        vectors = directions(300)
        store.put(space, np.arange(300, dtype=np.uint32), vectors)

        found = found_in(store, space, ordinals_of(7, 8, 9, 200, 299), vectors[42])

        assert set(found) == {7, 8, 9, 200, 299}
        assert not found_in(store, space, ordinals_of(), vectors[42])

    def test_keeps_the_newest_vector_of_a_chunk(self, store: VectorStore, space: Space) -> None:
        old, new = directions(2), directions(2, seed=2)
        store.put(space, ordinals_of(4, 5), old)
        store.put(space, ordinals_of(5, 6), new)

        assert next(iter(found_in(store, space, ordinals_of(4, 5, 6), new[0]))) == 5
        assert found_in(store, space, ordinals_of(5), old[1])[5] < 0.9

    def test_forgets_what_it_is_told_to(self, store: VectorStore, space: Space) -> None:
        vectors = directions(10)
        store.put(space, np.arange(10, dtype=np.uint32), vectors)

        store.delete(space, ordinals_of(3, 4, 77))

        assert set(found_in(store, space, np.arange(10, dtype=np.uint32), vectors[3])) == {0, 1, 2, 5, 6, 7, 8, 9}

    def test_never_finds_across_tenants_and_models(self, store: VectorStore, space: Space) -> None:
        others = [Space(new_id(), space.model), Space(space.tenant_id, "http:others")]
        mine, theirs = directions(5), directions(5, seed=2)
        store.put(space, np.arange(5, dtype=np.uint32), mine)
        for other in others:
            store.put(other, np.arange(5, 10, dtype=np.uint32), theirs)

        everything = np.arange(10, dtype=np.uint32)
        assert set(found_in(store, space, everything, theirs[0])) == set(range(5))
        for other in others:
            assert set(found_in(store, other, everything, mine[0])) == set(range(5, 10))
            store.drop(other)

    def test_forgets_nothing_of_other_tenants(self, store: VectorStore, space: Space) -> None:
        other = Space(new_id(), space.model)
        vectors = directions(5)
        for each in (space, other):
            store.put(each, np.arange(5, dtype=np.uint32), vectors)

        store.delete(other, ordinals_of(1))
        store.drop(other)

        assert set(found_in(store, space, np.arange(5, dtype=np.uint32), vectors[1])) == set(range(5))

    def test_loses_nothing_by_a_filter_that_admits_one_chunk_in_a_hundred(
        self, store: VectorStore, space: Space
    ) -> None:
        vectors = directions(4_000)
        everything = np.arange(4_000, dtype=np.uint32)
        store.put(space, everything, vectors)
        random = np.random.default_rng(3)
        missed = 0

        for question in directions(8, seed=4):
            admitted = np.sort(random.choice(everything, 40, replace=False))
            best = admitted[np.argsort(-(vectors[admitted] @ question))]
            found = set(found_in(store, space, admitted, question))
            missed += len(set(best[:10].tolist()) - found)

        assert missed == 0

    def test_is_filled_again_from_the_segments(self, store: VectorStore, space: Space, tmp_path: Path) -> None:
        vectors, everything = directions(50), np.arange(50, dtype=np.uint32)
        files = VectorFiles(tmp_path / "sets")
        made = files.write(job="t", model=space.model, ordinals=everything, rows=lambda a, b: vectors[a:b], texts_cut=0)
        store.put(space, everything, directions(50, seed=9))

        store.drop(space)
        opened = files.open(made.name)
        store.put(space, opened.ordinals, opened.vectors.vectors(np.arange(50)))

        assert next(iter(found_in(store, space, everything, vectors[13]))) == 13


HASTY = Patience(seconds_max=2, attempts_max=2, first_wait_seconds=0.01, wait_seconds_max=2, rest_seconds=0.5)


class TestASpace:
    def test_is_there_from_the_first_vector_until_it_is_dropped(self, store: VectorStore, space: Space) -> None:
        before = store.has(space)
        store.put(space, ordinals_of(1), directions(1))
        during = store.has(space)
        store.drop(space)

        assert (before, during, store.has(space)) == (False, True, False)
        store.drop(space)


class TestQdrantThatRefuses:
    @pytest.mark.parametrize("place", ["memory", "server"])
    def test_says_that_it_lacks_a_space(self, server: QdrantServer, place: str) -> None:
        with (
            closing(QdrantVectors(":memory:" if place == "memory" else server.url, key=KEY)) as made,
            pytest.raises(VectorStoreCollectionMissing, match="--refill"),
        ):
            made.nearest(Space(new_id(), "m"), ordinals_of(1), directions(1)[0], limit=1)

    @pytest.mark.parametrize("place", ["memory", "server"])
    def test_says_that_vectors_are_of_another_size(self, server: QdrantServer, place: str) -> None:
        space = Space(new_id(), "m")
        with closing(QdrantVectors(":memory:" if place == "memory" else server.url, key=KEY)) as made:
            made.put(space, ordinals_of(1), directions(1))
            with pytest.raises(VectorStoreDimensionsDiffer):
                made.put(space, ordinals_of(2), directions(1)[:, :8])
            with pytest.raises(VectorStoreDimensionsDiffer):
                made.nearest(space, ordinals_of(1), directions(1)[0][:8], limit=1)

    def test_says_that_the_key_is_wrong_and_does_not_repeat_it(self, server: QdrantServer) -> None:
        with (
            closing(QdrantVectors(server.url, key="sk-wrong", patience=HASTY)) as made,
            pytest.raises(VectorStoreKeyRefused, match="GROVE_QDRANT_KEY") as raised,
        ):
            made.put(Space(new_id(), "m"), ordinals_of(1), directions(1))

        assert "sk-wrong" not in f"{raised.value} {raised.value.facts}"

    def test_says_that_something_else_listens_there(self, tmp_path: Path) -> None:
        with (
            embedding_server(tmp_path) as other,
            closing(QdrantVectors(other.url, patience=HASTY)) as made,
            pytest.raises(VectorStoreFailed) as raised,
        ):
            made.put(Space(new_id(), "m"), ordinals_of(1), directions(1))

        assert not isinstance(raised.value, VectorStoreKeyRefused)


class TestQdrantThatIsAway:
    def test_is_asked_again_by_jobs_and_left_alone_by_questions(self, server: QdrantServer) -> None:
        busy = server.folder / BUSY
        with closing(QdrantVectors(server.url, key=KEY, patience=HASTY)) as made:
            space = Space(new_id(), "m")
            busy.touch()
            try:
                began = time.monotonic()
                with pytest.raises(VectorStoreUnavailable):
                    made.put(space, ordinals_of(1), directions(1))
                waited = time.monotonic() - began
            finally:
                busy.unlink()
            with pytest.raises(VectorStoreUnavailable):
                made.nearest(space, ordinals_of(1), directions(1)[0], limit=1)
            made.put(space, ordinals_of(1), directions(1))
            at_once, _ = made.nearest(space, ordinals_of(1), directions(1)[0], limit=1)

        assert waited >= 1, "it said when to come back"
        assert at_once.tolist() == [1]

    def test_is_asked_by_questions_again_after_a_while(self, server: QdrantServer) -> None:
        space, busy = Space(new_id(), "m"), server.folder / BUSY
        with closing(QdrantVectors(server.url, key=KEY, patience=HASTY)) as made:
            made.put(space, ordinals_of(1), directions(1))
            busy.touch()
            try:
                with pytest.raises(VectorStoreUnavailable):
                    made.nearest(space, ordinals_of(1), directions(1)[0], limit=1)
            finally:
                busy.unlink()
            time.sleep(HASTY.rest_seconds)
            found, _ = made.nearest(space, ordinals_of(1), directions(1)[0], limit=1)

        assert found.tolist() == [1]

    def test_may_not_be_there_at_all(self) -> None:
        with closing(QdrantVectors("http://127.0.0.1:9", patience=HASTY)) as made:
            for _ in range(2):
                with pytest.raises(VectorStoreUnavailable):
                    made.nearest(Space(new_id(), "m"), ordinals_of(1), directions(1)[0], limit=1)


class TestWhatIsAdmissible:
    def test_is_told_to_qdrant_exactly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(qdrant, "IDS_MAX", 100)
        monkeypatch.setattr(qdrant, "RANGES_MAX", 1)
        made, space = QdrantVectors(":memory:"), Space(new_id(), "m")
        vectors = directions(1_000)
        made.put(space, np.arange(1_000, dtype=np.uint32), vectors)

        odd = np.arange(1, 500, 2, dtype=np.uint32)
        admitted = np.concatenate((odd, np.arange(600, 700, dtype=np.uint32), np.arange(800, 900, dtype=np.uint32)))
        for place in (101, 650, 899):
            ordinals, _ = made.nearest(space, admitted, vectors[place], limit=450)
            assert ordinals[0] == place
            assert sorted(ordinals.tolist()) == admitted.tolist()
        made.close()
