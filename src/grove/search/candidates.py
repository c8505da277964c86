"""The files that a ranked search looks at closely, gathered from every index that may know a good one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing import IndexView, Ordinals, Scope, Scores, Selection, SymbolHit, SymbolMatch, WordHits
from grove.languages import Mark
from grove.search.corpus import Corpus
from grove.search.selection import Field, Selected
from grove.search.weights import RankingWeights
from grove.search.wording import Wording
from grove.vectors import Comparison

_NONE: Final = np.empty(0, dtype=np.uint32)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateFile:
    """A file that may answer the question; `copies` are other files in the field with the very same content."""

    selected: Selected
    path_number: int
    path: str
    marks: Mark
    copies: tuple[tuple[Selected, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Files and all of their chunks, one chunk per row, the rows of a file together and in the order of its lines.

    `file_of` are positions in `files`, `begins` the first row of each file, `first_lines` where each chunk begins.
    `words` (BM25F) is 0 where a chunk holds none of the question's words, `cosines` without vectors. `hits` says where
    else they stand. `defined` holds the definitions of the question's names, by chunk; `is_spelt` if some are spelt as
    it spells them. `scope` is these
    chunks, `searched` all that were looked at. `is_cut` if there may be other files that answer.
    """

    files: tuple[CandidateFile, ...]
    ordinals: Ordinals
    first_lines: NDArray[np.uint32]
    begins: NDArray[np.intp]
    file_of: NDArray[np.intp]
    words: Scores
    cosines: Scores
    hits: WordHits
    defined: Mapping[int, list[SymbolHit]]
    is_spelt: bool
    scope: Scope
    searched: Scope
    is_cut: bool

    def __len__(self) -> int:
        """How many chunks there are."""
        return len(self.ordinals)

    @property
    def defining(self) -> Ordinals:
        """The chunks that define what the question names, ascending."""
        return np.array(sorted(self.defined), dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class Scored:
    """Ascending ordinals and their scores."""

    ordinals: Ordinals
    scores: Scores

    def of(self, ordinals: Ordinals) -> Scores:
        """The score of each of some ordinals, 0 for those that have none."""
        found = np.zeros(len(ordinals), dtype=np.float32)
        if len(self.ordinals):
            at = np.minimum(np.searchsorted(self.ordinals, ordinals), len(self.ordinals) - 1)
            same = self.ordinals[at] == ordinals
            found[same] = self.scores[at[same]]
        return found

    def best(self, count: int) -> Ordinals:
        """The ordinals with the highest scores."""
        return self.ordinals[_best(self.scores, count)]


def gather(
    wording: Wording, meaning: Comparison | None, *, corpus: Corpus, field: Field, weights: RankingWeights
) -> Candidates:
    """Ask the words, the vectors, the symbols and the paths for their best files."""
    view = corpus.view
    hits = view.look_up_words(field.scope, wording.words)
    by_words = Scored(*hits.scores(wording.words, weights.fields))
    is_small = len(field.scope) <= weights.compared_chunks
    near = _near(meaning, field.scope, limit=weights.compared_chunks if is_small else weights.vector_candidates)
    defined = _definitions(wording, corpus, field, weights)
    pools = [
        by_words.best(weights.word_candidates),
        near.best(weights.vector_candidates),
        np.fromiter(defined, dtype=np.uint32, count=len(defined)),
    ]
    named = field.scope.files_of(np.unique(np.concatenate(pools)).astype(np.uint32))
    by_path = _by_path(wording, field, weights)
    chosen = [
        (each, sorted({*named.get(each.target.snapshot, _NONE).tolist(), *by_path.get(each.target.snapshot, ())}))
        for each in field.selected
    ]
    files, chunks = _likeliest(chosen, by_words, weights.file_candidates)
    ordinals = np.concatenate([*chunks, _NONE])
    sizes = np.array([len(each) for each in chunks], dtype=np.intp)
    scope = _scope_of(files, view)
    return Candidates(
        files=tuple(files),
        ordinals=ordinals,
        first_lines=_first_lines(files),
        begins=np.cumsum(sizes) - sizes,
        file_of=np.repeat(np.arange(len(files)), sizes),
        words=by_words.of(ordinals),
        cosines=(near if is_small else _near(meaning, scope, limit=len(scope))).of(ordinals),
        hits=hits,
        defined=defined,
        is_spelt=any(hit.name in wording.names for hits in defined.values() for hit in hits),
        scope=scope,
        searched=field.scope,
        is_cut=len(by_words.ordinals) > weights.word_candidates,
    )


def _near(meaning: Comparison | None, scope: Scope, *, limit: int) -> Scored:
    """The chunks of a scope that mean most nearly what is asked."""
    if meaning is None or not len(scope):
        return Scored(_NONE, np.empty(0, dtype=np.float32))
    ordinals, cosines = meaning.near(scope, limit=limit)
    order = np.argsort(ordinals)
    return Scored(ordinals[order], cosines[order])


def _definitions(wording: Wording, corpus: Corpus, field: Field, weights: RankingWeights) -> dict[int, list[SymbolHit]]:
    found: dict[int, list[SymbolHit]] = {}
    wanted = [(name, SymbolMatch.FOLDED) for name in wording.names]
    wanted += [(title, SymbolMatch.EXACT) for title in sorted(wording.titles)]
    for name, match in wanted:
        for hit in corpus.view.find_symbols(field.scope, name, match=match, limit=weights.symbol_candidates):
            found.setdefault(hit.ordinal, []).append(hit)
    return found


def _by_path(wording: Wording, field: Field, weights: RankingWeights) -> dict[str, list[int]]:
    """Per snapshot the numbers of the paths that match best."""
    rows: list[tuple[float, str, int]] = []
    for selected, words in zip(field.selected, field.paths.words_by_snapshot(wording.words), strict=True):
        if not words:
            continue
        scores = np.where(selected.admitted, selected.snapshot.match_words(words), 0)
        best = _best(scores, weights.path_candidates).tolist()
        rows += [(float(scores[number]), selected.target.snapshot, number) for number in best if scores[number] > 0]
    rows.sort(key=lambda row: -row[0])
    found: dict[str, list[int]] = {}
    for _, snapshot, number in rows[: weights.path_candidates]:
        found.setdefault(snapshot, []).append(number)
    return found


def _likeliest(
    chosen: Sequence[tuple[Selected, Sequence[int]]], by_words: Scored, count: int
) -> tuple[list[CandidateFile], list[Ordinals]]:
    """The `count` files whose best chunks have the highest scores, each content once, and their chunks."""
    contents: dict[bytes, list[CandidateFile]] = {}
    chunks: dict[bytes, Ordinals] = {}
    for file, ordinals in _files(chosen):
        key = ordinals.tobytes()
        contents.setdefault(key, []).append(file)
        chunks[key] = ordinals
    kept = list(contents)
    if len(kept) > count:
        kept.sort(key=lambda key: -float(by_words.of(chunks[key]).max()))
        del kept[count:]
    return [_with_copies(contents[key]) for key in kept], [chunks[key] for key in kept]


def _files(chosen: Sequence[tuple[Selected, Sequence[int]]]) -> Iterator[tuple[CandidateFile, Ordinals]]:
    for selected, numbers in chosen:
        snapshot = selected.snapshot
        for number in numbers:
            ordinals = snapshot.chunks_of(number)
            if len(ordinals):
                marks = Mark(int(snapshot.marks[number]))
                yield (
                    CandidateFile(selected=selected, path_number=number, path=snapshot.paths[number], marks=marks),
                    ordinals,
                )


def _with_copies(same: list[CandidateFile]) -> CandidateFile:
    """One of several files of the same content, the one with the fewest marks; the others are its copies."""
    if len(same) == 1:
        return same[0]
    first, *others = sorted(same, key=lambda file: file.marks.bit_count())
    return replace(first, copies=tuple((other.selected, other.path_number) for other in others))


def _first_lines(files: list[CandidateFile]) -> NDArray[np.uint32]:
    found = [file.selected.snapshot.first_lines_of(file.path_number) for file in files]
    return np.concatenate([*found, _NONE])


def _scope_of(files: list[CandidateFile], view: IndexView) -> Scope:
    numbers: dict[str, list[int]] = {}
    for file in files:
        numbers.setdefault(file.selected.target.snapshot, []).append(file.path_number)
    return view.scope(
        [
            Selection(snapshot=snapshot, path_numbers=np.array(sorted(of_snapshot), dtype=np.uint32))
            for snapshot, of_snapshot in numbers.items()
        ]
    )


def _best(scores: Scores, count: int) -> NDArray[np.intp]:
    """The positions of the highest scores."""
    if len(scores) <= count:
        return np.arange(len(scores))
    return np.argpartition(scores, -count)[-count:]
