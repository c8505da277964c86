"""Comparing a question with chunks by meaning, with the best vectors that there are, and saying what is not the best.

One question is compared by one model. That is the chosen one as soon as it has nearly all chunks in scope; until then,
and when it cannot be asked, one that was used before or the table that ships. Whatever is left out is noted.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from grove.indexing import IndexView, Ordinals, Scope, Scores, StaticEmbedder
from grove.vectors.choice import Models
from grove.vectors.errors import EmbedderFailed, VectorStoreFailed
from grove.vectors.files import OpenSet, nearest_in, numbers_in
from grove.vectors.model import VectorSet
from grove.vectors.ports import Floats, Space
from grove.vectors.static import StaticTexts

SHARE_MIN: Final = 0.95
"""A model answers from this share of the chunks on; more of them than the others are then not missed for long."""
STORE_CHUNKS_MIN: Final = 2_000
"""Fewer chunks are compared on the spot, which is quicker than asking a server."""
USUAL_COSINE_MAX: Final = 0.9
_SAMPLE: Final = 256
_NOTHING: Final = (np.empty(0, dtype=np.uint32), np.empty(0, dtype=np.float32))


class Asked(NamedTuple):
    """A question's vector, and the space that it is in."""

    space: Space
    vector: Floats


class Comparison:
    """What a question is compared with; nothing, if nobody could make its vector.

    `notes` say what is not as it should be; more may come while it is compared.
    """

    def __init__(self, asked: Asked | None, *, view: IndexView, models: Models, notes: list[str]) -> None:
        self.notes = notes
        self._asked = asked
        self._view = view
        self._store = models.store
        self._is_shipped = asked is not None and asked.space.model == models.shipped.name
        self._copied: list[OpenSet] = []
        self._in_files: list[OpenSet] = []
        self._baseline = 0.0

    def look_into(self, opened: Sequence[tuple[VectorSet, OpenSet]], scope: Scope) -> None:
        """Compare with the vectors of these sets, too."""
        place = self._store.place if self._store else None
        for row, each in opened:
            (self._copied if place and row.copied_to == place else self._in_files).append(each)
        if self._asked is not None and not self._is_shipped:
            self._baseline = self._usual_cosine(self._asked.vector, scope)

    def near(self, scope: Scope, *, limit: int) -> tuple[Ordinals, Scores]:
        """The `limit` nearest chunks of a scope, best first, and how near they are: 1 is the same, 0 is nothing."""
        asked = self._asked
        if asked is None:
            return _NOTHING
        found = [
            self._view.score_vector(scope, asked.vector, limit=limit, embedder=asked.space.model),
            self._in_store(asked, scope, limit=limit),
        ]
        found.append(nearest_in(self._in_files, scope.ordinals, asked.vector, limit=limit))
        ordinals = np.concatenate([each for each, _ in found])
        scores = np.concatenate([each for _, each in found])
        order = np.lexsort((ordinals, -scores))[:limit]
        nearness: Scores = (scores[order] - np.float32(self._baseline)) / np.float32(1 - self._baseline)
        return ordinals[order], nearness

    def _in_store(self, asked: Asked, scope: Scope, *, limit: int) -> tuple[Ordinals, Scores]:
        """The nearest of those that the vector store has; if it does not answer, they are among the files from now."""
        if self._store is None or not self._copied:
            return _NOTHING
        if len(scope) < STORE_CHUNKS_MIN:
            return nearest_in(self._copied, scope.ordinals, asked.vector, limit=limit)
        among = [each.ordinals[numbers_in(each.ordinals, scope.ordinals)] for each in self._copied]
        try:
            return self._store.nearest(asked.space, np.sort(np.concatenate(among)), asked.vector, limit=limit)
        except VectorStoreFailed as error:
            self._in_files += self._copied
            self._copied = []
            self.notes.append(f"{_lower(error.message)}: its vectors were read from the index")
            return _NOTHING

    def _usual_cosine(self, vector: Floats, scope: Scope) -> float:
        """How near just any chunk is; with some models all are near to all, which tells nothing."""
        sample = scope.ordinals[:: max(1, len(scope) // _SAMPLE)]
        _, cosines = nearest_in([*self._copied, *self._in_files], sample, vector, limit=sample.size)
        return min(max(float(np.median(cosines)), 0.0), USUAL_COSINE_MAX) if cosines.size else 0.0


class Meaning:
    """What one tenant's questions can be compared with, as it stood when it was asked for."""

    def __init__(
        self,
        *,
        tenant_id: str,
        sets: Sequence[VectorSet],
        models: Models,
        opening: Callable[[Sequence[VectorSet]], list[tuple[VectorSet, OpenSet]]],
    ) -> None:
        self._tenant_id = tenant_id
        self._sets = sets
        self._models = models
        self._opening = opening

    @classmethod
    def of_table(cls, table: StaticEmbedder) -> "Meaning":
        """An index's own vectors alone."""
        shipped = StaticTexts(table)
        return cls(tenant_id="", sets=(), models=Models(shipped=shipped), opening=lambda _: [])

    def compare(self, text: str, *, view: IndexView, scope: Scope) -> Comparison:
        """The question, ready to be compared with chunks of a scope."""
        opened = self._opened()
        shares = self._shares(opened, scope)
        wanted = self._models.chosen.name
        notes: list[str] = []
        if shares[wanted] < SHARE_MIN:
            notes.append(f"{wanted} has made {shares[wanted]:.0%} of the vectors so far")
        for name in _by_preference(shares):
            embedder = self._models.named(name)
            if embedder is None:
                notes.append(f"{name} cannot be had any more")
                continue
            try:
                vector = embedder.embed_query(text)
            except EmbedderFailed as error:
                notes.append(f"{name}: {_lower(error.message)}")
                continue
            fitting = [pair for pair in opened.get(name, ()) if pair[1].dimensions == vector.size]
            if len(fitting) < len(opened.get(name, ())):
                notes.append(f"{name} gives vectors of another size than it did; what it made before is left out")
            if notes:
                notes.append(f"compared by {name}")
            if shares[name] < 1:
                notes.append(f"{1 - shares[name]:.0%} of the chunks have no vectors by it yet")
            question = Asked(Space(self._tenant_id, name), vector)
            found = Comparison(question, view=view, models=self._models, notes=notes)
            found.look_into(fitting, scope)
            return found
        notes.append("not compared by meaning, only by words, names and paths")
        return Comparison(None, view=view, models=self._models, notes=notes)

    def _opened(self) -> dict[str, list[tuple[VectorSet, OpenSet]]]:
        """The sets by model, the newest model first; a damaged one is left out, and will be made again."""
        found: dict[str, list[tuple[VectorSet, OpenSet]]] = {}
        for row, opened in self._opening(self._sets[::-1]):
            found.setdefault(row.model, []).append((row, opened))
        return found

    def _shares(self, opened: Mapping[str, Sequence[tuple[VectorSet, OpenSet]]], scope: Scope) -> dict[str, float]:
        """Which share of a scope each model has vectors of, the chosen one first, the one that ships last."""
        shipped = self._models.shipped.name
        names = dict.fromkeys([self._models.chosen.name, *opened, shipped])
        shares = {}
        for name in names:
            count = sum(part.numbers.size for part in scope.parts if part.segment.embedder == name)
            if count < len(scope):
                count += sum(numbers_in(each.ordinals, scope.ordinals).size for _, each in opened.get(name, ()))
            shares[name] = min(1.0, count / len(scope)) if len(scope) else 1.0
        return shares


def _by_preference(shares: Mapping[str, float]) -> list[str]:
    """The models that have nearly all chunks, in order; then those that have the most."""
    able = [name for name, share in shares.items() if share >= SHARE_MIN]
    others = sorted((name for name in shares if name not in able and shares[name]), key=lambda name: -shares[name])
    return [*able, *others]


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")
