"""From the texts of chunks to counted words: each distinct token is split once, the rest is arrays."""

from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from grove.indexing.arrays import distinct, run_lengths, run_starts, spans
from grove.indexing.chunks import CHUNK_BYTES_MAX
from grove.indexing.comments import parted
from grove.indexing.ports import WordCounts
from grove.indexing.postings import Packed
from grove.indexing.terms import pack_terms, payload_of
from grove.indexing.words import tokens_of, words_of_token

LENGTH_MAX: Final = np.iinfo(np.uint16).max
_OWNER_BITS: Final = np.uint64(24)
_FIELD_BITS: Final = np.uint64(2)
_SHORT_BITS: Final = 32
_DEFINITION: Final = 2  # fields are the code, its comments, the names defined in it


class Counted(NamedTuple):
    """The words of a batch of chunks: postings, field lengths, and the same words for an embedder."""

    postings: Packed
    body_lengths: NDArray[np.uint16]
    comment_lengths: NDArray[np.uint16]
    words: list[str]
    counts: WordCounts


class _Numbers(dict[bytes, int]):
    """Numbers distinct tokens as they are looked up, and remembers which are new."""

    def __init__(self) -> None:
        self.new: list[bytes] = []

    def __missing__(self, token: bytes) -> int:
        number = self[token] = len(self)
        self.new.append(token)
        return number


class Vocabulary:
    """All words of a segment under construction, numbered as they come."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._terms: dict[str, int] = {}
        self._tokens = _Numbers()
        self._parts = array("q")
        self._part_ends = array("q", [0])

    def term(self, word: str) -> int | None:
        """The number of a word, if it has occurred."""
        return self._terms.get(word)

    def count(
        self, texts: Sequence[bytes], *, languages: Sequence[str], definitions: Sequence[Sequence[str]], first: int
    ) -> Counted:
        """Count the words of chunks numbered from `first`; `definitions` are the names defined in each."""
        parts = [parted(text[:CHUNK_BYTES_MAX], language) for text, language in zip(texts, languages, strict=True)]
        named = ["\n".join(names).encode("utf-8", "replace") if names else b"" for names in definitions]
        fields = ([body for body, _ in parts], [comment for _, comment in parts], named)
        terms, owners = zip(*(self.terms_of(field) for field in fields), strict=True)
        kinds = [np.full(of_field.size, field, dtype=np.uint64) for field, of_field in enumerate(terms)]
        lengths = [np.bincount(owner, minlength=len(texts))[: len(texts)] for owner in owners]
        body, comment = (np.minimum(length, LENGTH_MAX).astype(np.uint16) for length in lengths[:2])
        keys = np.concatenate(terms).astype(np.uint64) << _OWNER_BITS
        keys = ((keys | np.concatenate(owners).astype(np.uint64)) << _FIELD_BITS) | np.concatenate(kinds)
        keys.sort()
        return self._counted(keys, body, comment, first)

    def terms_of(self, texts: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The numbers of all words of some texts, and whose they are."""
        number = self._tokens.__getitem__
        tokens: list[int] = []
        sizes: list[int] = []
        for text in texts:
            found = tokens_of(text)
            tokens.extend(map(number, found))
            sizes.append(len(found))
        self._split_new()
        ends = np.array(self._part_ends, dtype=np.int64)
        of_token = np.array(tokens, dtype=np.int64)
        owners = np.repeat(np.arange(len(texts)), sizes)
        counts = ends[of_token + 1] - ends[of_token]
        terms = np.array(self._parts, dtype=np.int64)[spans(ends[of_token], counts)]
        return terms, np.repeat(owners, counts)

    def _split_new(self) -> None:
        """Split the tokens that were numbered since the last time."""
        for token in self._tokens.new:
            for word in words_of_token(token):
                term = self._terms.get(word)
                if term is None:
                    term = self._terms[word] = len(self.words)
                    self.words.append(word)
                self._parts.append(term)
            self._part_ends.append(len(self._parts))
        self._tokens.new.clear()

    def _counted(
        self, keys: NDArray[np.uint64], body: NDArray[np.uint16], comment: NDArray[np.uint16], first: int
    ) -> Counted:
        starts = run_starts(keys)
        counts = run_lengths(starts, keys.size)
        fields = (keys[starts] & np.uint64(3)).astype(np.uint8)
        pairs = keys[starts] >> _FIELD_BITS
        pair_starts = run_starts(pairs)
        payload = np.add.reduceat(payload_of(counts, fields), pair_starts) if pairs.size else counts
        in_text = np.where(fields == _DEFINITION, 0, counts)
        totals = np.add.reduceat(in_text, pair_starts) if pairs.size else counts
        pairs = pairs[pair_starts]
        terms = pairs >> _OWNER_BITS
        owners = pairs & np.uint64((1 << 24) - 1)
        words, counted = self._for_embedder(terms, owners, totals, body.size)
        return Counted(pack_terms(terms, owners + np.uint64(first), payload), body, comment, words, counted)

    def _for_embedder(
        self, terms: NDArray[np.uint64], owners: NDArray[np.uint64], totals: NDArray[np.int64], chunks: int
    ) -> tuple[list[str], WordCounts]:
        starts = run_starts(terms)
        positions = np.repeat(np.arange(starts.size), run_lengths(starts, terms.size))
        order = np.argsort(owners.astype(np.uint16 if chunks <= LENGTH_MAX else np.uint64), kind="stable")
        indptr = np.zeros(chunks + 1, dtype=np.int64)
        np.cumsum(np.bincount(owners.astype(np.int64), minlength=chunks), out=indptr[1:])
        words = [self.words[term] for term in terms[starts].tolist()]
        return words, WordCounts(indptr, positions[order].astype(np.int32), totals[order].astype(np.float32))


def count_words(texts: Sequence[bytes]) -> tuple[list[str], WordCounts]:
    """The words of some texts, whatever their languages, for an embedder."""
    counted = Vocabulary().count(texts, languages=[""] * len(texts), definitions=[()] * len(texts), first=0)
    return counted.words, counted.counts


class Inverted:
    """In which of some short texts each word stands."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._vocabulary = Vocabulary()
        terms, owners = self._vocabulary.terms_of(texts)
        self._pairs = distinct((terms << _SHORT_BITS) | owners)

    def holding(self, word: str) -> NDArray[np.int64]:
        """The numbers of the texts that have a word, ascending."""
        term = self._vocabulary.term(word)
        if term is None:
            return self._pairs[:0]
        begin, end = np.searchsorted(self._pairs, [term << _SHORT_BITS, (term + 1) << _SHORT_BITS]).tolist()
        numbers: NDArray[np.int64] = self._pairs[begin:end] & ((1 << _SHORT_BITS) - 1)
        return numbers
