"""The table of words that ships with Grove, as one embedder among others."""

from collections.abc import Sequence

from grove.indexing import StaticEmbedder, count_words
from grove.vectors.ports import Embedded, Floats


class StaticTexts:
    """Embeds by the table of words: no network, always there, the vectors that every segment has from the beginning."""

    def __init__(self, table: StaticEmbedder) -> None:
        self._table = table

    @property
    def name(self) -> str:
        """The table's."""
        return self._table.name

    def embed_texts(self, texts: Sequence[bytes]) -> Embedded:
        """One vector per text; a text without a word has zeros."""
        words, counts = count_words(texts)
        return Embedded(self._table.embed_counts(words, counts), 0)

    def embed_query(self, text: str) -> Floats:
        """The vector of a question."""
        return self._table.embed_query(text)
