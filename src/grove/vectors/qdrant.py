"""A vector store in Qdrant: a collection for each tenant and model, a point for each chunk.

What a question may see is told to Qdrant as ranges and lists of ordinals, so that it looks at nothing else; too many
for one request become several, whose best are put together. Needs the extra `grove[qdrant]`.
"""

import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, Final, TypeVar

import numpy as np

from grove.indexing import Ordinals, Scores
from grove.vectors.errors import EmbedderMisconfigured, VectorStoreUnavailable
from grove.vectors.ports import Floats, Space

RANGES_MAX: Final = 500
IDS_MAX: Final = 10_000
RUN_MIN: Final = 64
EXACT_CHUNKS_MAX: Final = 20_000
"""So many chunks are compared one by one; among more Qdrant's graph is trusted to find the nearest."""
REST_SECONDS: Final = 15.0
SECONDS_MAX: Final = 10
_ORDINAL: Final = "ordinal"
MEMORY: Final = ":memory:"
Answered = TypeVar("Answered")


class QdrantVectors:
    """Keeps vectors in a Qdrant server, or in the memory of this process for `location=":memory:"`."""

    def __init__(self, location: str, *, key: str | None = None) -> None:
        try:
            import qdrant_client  # noqa: PLC0415 - an extra that most installations do not have
        except ImportError as error:
            raise EmbedderMisconfigured(missing="the extra grove[qdrant]") from error
        self.place = f"qdrant:{location}"[:300]
        self._models: Any = qdrant_client.models
        self._client: Any = (
            qdrant_client.QdrantClient(location)
            if location == MEMORY
            else qdrant_client.QdrantClient(url=location, api_key=key, timeout=SECONDS_MAX, check_compatibility=False)
        )
        self._is_server = location != MEMORY
        self._rests_until = 0.0

    def put(self, space: Space, ordinals: Ordinals, vectors: Floats) -> None:
        """Keep vectors; the collection is made when there is none."""
        models = self._models
        name = collection_of(space)

        def keep() -> None:
            if not self._client.collection_exists(name):
                config = models.VectorParams(size=int(vectors.shape[1]), distance=models.Distance.COSINE)
                self._client.create_collection(name, vectors_config=config)
                if self._is_server:
                    self._client.create_payload_index(name, _ORDINAL, models.PayloadSchemaType.INTEGER)
            points = models.Batch(
                ids=ordinals.tolist(),
                vectors=vectors.tolist(),
                payloads=[{_ORDINAL: ordinal} for ordinal in ordinals.tolist()],
            )
            self._client.upsert(name, points=points, wait=True)

        self._asked(keep)

    def delete(self, space: Space, ordinals: Ordinals) -> None:
        """Forget the vectors of some chunks."""
        name = collection_of(space)
        chosen = self._models.PointIdsList(points=ordinals.tolist())

        def forget() -> None:
            if self._client.collection_exists(name):
                self._client.delete(name, points_selector=chosen, wait=True)

        self._asked(forget)

    def drop(self, space: Space) -> None:
        """Forget a whole space."""
        self._asked(lambda: self._client.delete_collection(collection_of(space)))

    def nearest(self, space: Space, among: Ordinals, vector: Floats, *, limit: int) -> tuple[Ordinals, Scores]:
        """The nearest of some chunks; a space that was never filled is an error, not an empty answer."""
        if time.monotonic() < self._rests_until:
            raise VectorStoreUnavailable(store=self.place)
        models = self._models
        exact = models.SearchParams(exact=among.size <= EXACT_CHUNKS_MAX) if self._is_server else None
        requests = [
            models.QueryRequest(query=vector.tolist(), filter=chosen, limit=limit, params=exact)
            for chosen in self._filters(among)
        ]
        if not requests:
            return np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.float32)
        answers = self._asked(lambda: self._client.query_batch_points(collection_of(space), requests=requests))
        points = [point for answer in answers for point in answer.points]
        ordinals = np.array([point.id for point in points], dtype=np.uint32)
        scores = np.array([point.score for point in points], dtype=np.float32)
        order = np.lexsort((ordinals, -scores))[:limit]
        return ordinals[order], scores[order]

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _filters(self, among: Ordinals) -> Iterator[Any]:
        """Conditions that together admit just these chunks: long runs as ranges, the others one by one."""
        models = self._models
        long, short = runs_of(among)
        for at in range(0, len(long), RANGES_MAX):
            ranges = [models.Range(gte=first, lte=last) for first, last in long[at : at + RANGES_MAX]]
            yield models.Filter(should=[models.FieldCondition(key=_ORDINAL, range=each) for each in ranges])
        for at in range(0, short.size, IDS_MAX):
            yield models.Filter(must=[models.HasIdCondition(has_id=short[at : at + IDS_MAX].tolist())])

    def _asked(self, ask: Callable[[], Answered]) -> Answered:
        try:
            return ask()
        except Exception as error:  # the client has no common class for what its transports raise
            self._rests_until = time.monotonic() + REST_SECONDS
            raise VectorStoreUnavailable(store=self.place, reason=type(error).__name__) from error


def collection_of(space: Space) -> str:
    """The collection of a tenant's vectors by one model."""
    return f"grove-{space.tenant_id}-{sha256(space.model.encode()).hexdigest()[:16]}"


def runs_of(ordinals: Ordinals) -> tuple[list[tuple[int, int]], Ordinals]:
    """The first and the last of each long run of ascending ordinals without a gap; and those that are in none."""
    breaks = np.flatnonzero(np.diff(ordinals.astype(np.int64)) > 1) + 1
    begins = np.concatenate(([0], breaks)) if ordinals.size else breaks
    ends = np.concatenate((breaks, [ordinals.size])) if ordinals.size else breaks
    are_long = ends - begins >= RUN_MIN
    pairs = zip(ordinals[begins[are_long]].tolist(), ordinals[ends[are_long] - 1].tolist(), strict=True)
    return list(pairs), ordinals[np.repeat(~are_long, ends - begins)]
