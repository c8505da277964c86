"""What may be exchanged: who makes vectors of texts, and who finds the nearest of them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from grove.indexing import Ordinals, Scores

Floats = NDArray[np.float32]


class Embedded(NamedTuple):
    """One vector of unit length per text; a text without anything in it may have zeros. Some texts were cut off."""

    vectors: Floats
    texts_cut: int


class Embedder(Protocol):
    """Turns texts and questions into vectors of the same space. Safe to share between threads."""

    @property
    def name(self) -> str:
        """What tells this model's vectors from another's; vectors of different names are never compared."""
        ...

    def embed_texts(self, texts: Sequence[bytes]) -> Embedded:
        """One vector per text (UTF-8), whatever stands beside it; takes its time.

        :raises EmbedderFailed: or one of its kinds, if there are none to be had.
        """
        ...

    def embed_query(self, text: str) -> Floats:
        """The vector of a question, at once or not at all.

        :raises EmbedderFailed: or one of its kinds, if there is none to be had.
        """
        ...


class Space(NamedTuple):
    """A tenant's vectors by one model: nothing is ever found across spaces."""

    tenant_id: str
    model: str


class VectorStore(Protocol):
    """Keeps vectors by the ordinals of their chunks, and finds the nearest. Safe to share between threads.

    :raises VectorStoreFailed: or one of its kinds, from any method.
    """

    @property
    def place(self) -> str:
        """Which store this is, to remember what was put where."""
        ...

    def put(self, space: Space, ordinals: Ordinals, vectors: Floats) -> None:
        """Keep vectors, in the place of those that the same chunks had."""
        ...

    def delete(self, space: Space, ordinals: Ordinals) -> None:
        """Forget the vectors of some chunks; those that are not there are no matter."""
        ...

    def has(self, space: Space) -> bool:
        """Whether anything was ever put into a space, and it was not dropped since."""
        ...

    def drop(self, space: Space) -> None:
        """Forget a whole space."""
        ...

    def close(self) -> None:
        """Let go of the connections."""
        ...

    def nearest(self, space: Space, among: Ordinals, vector: Floats, *, limit: int) -> tuple[Ordinals, Scores]:
        """The `limit` nearest of these ascending chunks and their cosines, best first; the others are not looked at."""
        ...
