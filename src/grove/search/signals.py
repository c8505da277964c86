"""The signals of ranked search: each is a small function that says, for every candidate, something between 0 and 1."""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing import IndexView, Mark, Scores, split_words
from grove.search.candidates import CandidateFile, Candidates
from grove.search.weights import QuestionWeights, RankingWeights
from grove.search.wording import Wording, stem_of

_PREFIX_LETTERS_MIN: Final = 3
_REMEMBERED: Final = 1 << 15
_LEGACY: Final = re.compile(
    r"(?:^|[/_.-])(?:compat|compatibility|legacy|deprecated|obsolete)(?:[/_.-]|$)", re.IGNORECASE
)
_PACKAGE_INDEX: Final = re.compile(r"(?:^|/)(?:__init__\.pyi?|package-info\.java)$")
_NAMED_BY_FOLDER: Final = re.compile(r"(?:__init__|index|mod|main|init)\.\w+$")
_DECLARATIONS: Final = re.compile(r"\.d\.[mc]?ts$|\.pyi$")
_MARK_WORDS: Final = {
    Mark.TEST: frozenset({"test", "tests", "testing", "spec", "specs", "fixture", "mock"}),
    Mark.VENDORED: frozenset({"vendor", "vendored"}),
    Mark.GENERATED: frozenset({"generated"}),
    Mark.EXAMPLE: frozenset({"example", "examples", "demo", "sample", "tutorial"}),
    Mark.DOCUMENTATION: frozenset({"docs", "documentation", "readme", "changelog", "license", "guide"}),
}


def by_rank(scores: Scores, *, offset: float) -> Scores:
    """1 for the best, falling with the place; 0 for what was not named."""
    order = np.argsort(-scores, kind="stable")
    ranks = np.empty(len(scores), dtype=np.float32)
    ranks[order] = np.arange(len(scores), dtype=np.float32)
    return np.where(scores > 0, np.float32(offset + 1) / (np.float32(offset + 1) + ranks), np.float32(0))


def by_score(scores: Scores) -> Scores:
    """1 for the best, the others relative to it; 0 for what was not named."""
    best = scores.max(initial=0.0)
    return np.maximum(scores, 0) / best if best > 0 else np.zeros_like(scores)


def coherence(candidates: Candidates, base: Scores) -> Scores:
    """For the best candidate of each file, what all of the file's candidates have of the `base` score."""
    sums = np.zeros(len(candidates.files), dtype=np.float32)
    np.add.at(sums, candidates.file_of, base)
    gathered = by_score(sums)
    found = np.zeros(len(candidates), dtype=np.float32)
    order = np.argsort(-base, kind="stable")
    _, firsts = np.unique(candidates.file_of[order], return_index=True)
    best = order[firsts]
    found[best] = gathered[candidates.file_of[best]]
    return found


def definition(candidates: Candidates, wording: Wording, weights: RankingWeights) -> Scores:
    """Whether a candidate defines what the question names."""
    names = frozenset(wording.names)
    found = np.zeros(len(candidates), dtype=np.float32)
    for row, ordinal in enumerate(candidates.ordinals.tolist()):
        for hit in candidates.defined.get(ordinal, ()):
            exact = weights.titled_definition if hit.name in wording.titles else 1.0
            found[row] = max(found[row], exact if hit.name in names | wording.titles else weights.folded_definition)
    return found


def definition_words(candidates: Candidates, wording: Wording, view: IndexView, *, rows: NDArray[np.intp]) -> Scores:
    """The share of the question's words in the names that a candidate defines; told for some rows only."""
    wanted = [stem_of(word) for word in wording.keywords]
    found = np.zeros(len(candidates), dtype=np.float32)
    for row in rows.tolist() if wanted else ():
        hits = view.symbols_of(int(candidates.ordinals[row]))
        defined = set[str]().union(*(_stems_of(hit.name) for hit in hits))
        found[row] = sum(word in defined for word in wanted) / len(wanted)
    return found


def stem(candidates: Candidates, wording: Wording) -> Scores:
    """Whether a candidate's file is named like something that the question names."""
    names = {_plain(name) for name in wording.names}
    return _by_file(candidates, lambda file: float(_plain(_title_of(file.path)) in names))


def path_words(candidates: Candidates, wording: Wording) -> Scores:
    """The share of the question's words in a file's name and last folder, whole or as a beginning."""
    wanted = [stem_of(word) for word in wording.keywords]

    def share(file: CandidateFile) -> float:
        parts = _path_stems_of(file.path)
        return sum(any(_alike(word, part) for part in parts) for word in wanted) / max(len(wanted), 1)

    return _by_file(candidates, share)


def path_score(candidates: Candidates) -> Scores:
    """How well the whole path matches, relative to the best."""
    return by_score(_by_file(candidates, lambda file: file.path_score))


def factor(candidates: Candidates, wording: Wording, weights: RankingWeights) -> Scores:
    """What a candidate's score is multiplied by, for files that are seldom what is looked for.

    A question that says so means them.
    """
    said = frozenset(wording.words)
    marks = {
        Mark.TEST: weights.test,
        Mark.VENDORED: weights.vendored,
        Mark.GENERATED: weights.generated,
        Mark.EXAMPLE: weights.example,
        Mark.DOCUMENTATION: weights.documentation,
    }
    patterns = (
        (_LEGACY, weights.legacy),
        (_PACKAGE_INDEX, weights.package_index),
        (_DECLARATIONS, weights.declarations),
    )

    def of_file(file: CandidateFile) -> float:
        product = 1.0
        for mark, value in marks.items():
            product *= value if mark in file.marks and said.isdisjoint(_MARK_WORDS[mark]) else 1.0
        for pattern, value in patterns:
            product *= value if pattern.search(file.path) else 1.0
        return product

    return _by_file(candidates, of_file)


def signals_of(
    candidates: Candidates, wording: Wording, *, view: IndexView, weights: RankingWeights
) -> tuple[dict[str, Scores], Scores]:
    """What each signal gives to each candidate's score, and the sum of it all, demoted."""
    chosen: QuestionWeights = weights.named if wording.is_name else weights.described
    given = {
        "words_rank": chosen.words_rank * by_rank(candidates.words, offset=weights.rank_offset),
        "words_score": chosen.words_score * by_score(candidates.words),
        "meaning_rank": chosen.meaning_rank * by_rank(candidates.meaning, offset=weights.rank_offset),
        "meaning_score": chosen.meaning_score * by_score(candidates.meaning),
    }
    base = _summed(given)
    given |= {
        "coherence": chosen.coherence * coherence(candidates, base),
        "definition": chosen.definition * definition(candidates, wording, weights),
        "stem": chosen.stem * stem(candidates, wording),
        "path_words": chosen.path_words * path_words(candidates, wording),
        "path_score": chosen.path_score * path_score(candidates),
    }
    factors = factor(candidates, wording, weights)
    likely = np.argsort(-_summed(given) * factors, kind="stable")[: weights.definition_candidates]
    given["definition_words"] = chosen.definition_words * definition_words(candidates, wording, view, rows=likely)
    return given | {"factor": factors}, _summed(given) * factors


def _summed(given: dict[str, Scores]) -> Scores:
    total: Scores = np.sum(np.stack(list(given.values())), axis=0, dtype=np.float32)
    return total


def _by_file(candidates: Candidates, value: Callable[[CandidateFile], float]) -> Scores:
    values = np.array([value(file) for file in candidates.files], dtype=np.float32)
    return values[candidates.file_of] if len(candidates) else np.zeros(0, dtype=np.float32)


def _alike(one: str, other: str) -> bool:
    shorter, longer = (one, other) if len(one) <= len(other) else (other, one)
    return longer.startswith(shorter) and (len(shorter) >= _PREFIX_LETTERS_MIN or one == other)


@lru_cache(maxsize=_REMEMBERED)
def _stems_of(name: str) -> frozenset[str]:
    return frozenset(map(stem_of, split_words(name)))


def _title_of(path: str) -> str:
    """What a file is called: by its name without endings, or by its folder if the name says nothing."""
    pure = PurePosixPath(path)
    return pure.parent.name if _NAMED_BY_FOLDER.fullmatch(pure.name) else pure.name.partition(".")[0]


@lru_cache(maxsize=_REMEMBERED)
def _path_stems_of(path: str) -> frozenset[str]:
    """The stems of the words of a file's name, without its endings, and of its folder's."""
    pure = PurePosixPath(path)
    return _stems_of(f"{pure.parent.name} {pure.name.partition('.')[0]}")


def _plain(name: str) -> str:
    """A name as it compares with a file's: without case and separators, in the singular."""
    return re.sub(r"[^a-z0-9]", "", name.lower()).removesuffix("s")
