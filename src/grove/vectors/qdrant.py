"""A vector store in Qdrant: a collection for each tenant and model, a point for each chunk.

What a question may see is told to Qdrant as ranges and lists of ordinals, so that it looks at nothing else; too many
for one request become several, whose best are put together. A server that is away or overloaded is asked again by jobs;
a question asks once, and after a failure not at all for a while. Needs the extra `grove[qdrant]`.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any, Final, TypeVar

import numpy as np
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from grove.indexing import Ordinals, Scores
from grove.kit.logging import logger
from grove.vectors.errors import EmbedderMisconfigured, VectorStoreFailed, VectorStoreUnavailable
from grove.vectors.patience import Patience
from grove.vectors.ports import Floats, Space
from grove.vectors.qdrant_refusals import refusal_of

RANGES_MAX: Final = 500
IDS_MAX: Final = 10_000
RUN_MIN: Final = 64
EXACT_CHUNKS_MAX: Final = 20_000
"""So many chunks are compared one by one; among more Qdrant's graph is trusted to find the nearest."""
PATIENCE: Final = Patience(seconds_max=10.0, attempts_max=4, first_wait_seconds=0.5, wait_seconds_max=10.0)
_ORDINAL: Final = "ordinal"
MEMORY: Final = ":memory:"
Answered = TypeVar("Answered")
log = logger(__name__)


class QdrantVectors:
    """Keeps vectors in a Qdrant server, or in the memory of this process for `location=":memory:"`."""

    def __init__(self, location: str, *, key: str | None = None, patience: Patience = PATIENCE) -> None:
        try:
            import qdrant_client  # noqa: PLC0415 - an extra that most installations do not have
        except ImportError as error:
            raise EmbedderMisconfigured(missing="the extra grove[qdrant]") from error
        self.place = f"qdrant:{location}"[:300]
        self._models: Any = qdrant_client.models
        with warnings.catch_warnings():  # the client warns of a key without TLS; here the log says so
            warnings.simplefilter("ignore", UserWarning)
            self._client: Any = (
                qdrant_client.QdrantClient(location)
                if location == MEMORY
                else qdrant_client.QdrantClient(
                    url=location, api_key=key, timeout=_whole(patience.seconds_max), check_compatibility=False
                )
            )
        if key and location.startswith("http://"):
            log.warning("qdrant_key_without_tls", store=self.place)
        self._is_server = location != MEMORY
        self._patience = patience
        self._rests_until = 0.0
        self._failure: VectorStoreFailed | None = None

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

        self._patiently(keep)

    def has(self, space: Space) -> bool:
        """Whether there is a collection."""
        return bool(self._patiently(lambda: self._client.collection_exists(collection_of(space))))

    def delete(self, space: Space, ordinals: Ordinals) -> None:
        """Forget the vectors of some chunks."""
        name = collection_of(space)
        chosen = self._models.PointIdsList(points=ordinals.tolist())

        def forget() -> None:
            if self._client.collection_exists(name):
                self._client.delete(name, points_selector=chosen, wait=True)

        self._patiently(forget)

    def drop(self, space: Space) -> None:
        """Forget a whole space."""
        name = collection_of(space)

        def forget() -> None:
            if self._client.collection_exists(name):
                self._client.delete_collection(name)

        self._patiently(forget)

    def nearest(self, space: Space, among: Ordinals, vector: Floats, *, limit: int) -> tuple[Ordinals, Scores]:
        """The nearest of some chunks; a space that was never filled is an error, not an empty answer."""
        if self._failure is not None and time.monotonic() < self._rests_until:
            raise self._failure
        models = self._models
        exact = models.SearchParams(exact=among.size <= EXACT_CHUNKS_MAX) if self._is_server else None
        requests = [
            models.QueryRequest(query=vector.tolist(), filter=chosen, limit=limit, params=exact)
            for chosen in self._filters(among)
        ]
        if not requests:
            return np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.float32)
        seconds = _whole(self._patience.query_seconds_max)
        answers = self._asked(
            lambda: self._client.query_batch_points(collection_of(space), requests=requests, timeout=seconds)
        )
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

    def _patiently(self, ask: Callable[[], Answered]) -> Answered:
        """Ask again while the server is away or overloaded; what it refuses it would refuse again."""
        patience = self._patience
        asking = Retrying(
            retry=retry_if_exception_type(VectorStoreUnavailable),
            stop=stop_after_attempt(patience.attempts_max),
            wait=patience.wait_seconds,
            reraise=True,
        )
        answered: Answered = asking(self._asked, ask)
        return answered

    def _asked(self, ask: Callable[[], Answered]) -> Answered:
        try:
            answered = ask()
        except Exception as error:  # the client has no common class for what its transports raise
            self._failure = refusal_of(error, store=self.place)
            self._rests_until = time.monotonic() + self._patience.rest_seconds
            raise self._failure from error
        self._failure = None
        return answered


def _whole(seconds: float) -> int:
    """Qdrant counts in whole seconds."""
    return max(1, round(seconds))


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
