"""The signals of ranked search: each is a small function that says something of every candidate file."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from grove.indexing import FieldWeights, Scores, are_among
from grove.languages import Mark
from grove.search.candidates import Candidates, Scored
from grove.search.inquiry import Inquiry, Telling, telling_of
from grove.search.naming import PathFacts, facts_of, names_platform, plain
from grove.search.stems import parts_of
from grove.search.wording import Wording

_PREFIX_LETTERS_MIN: Final = 3
_TOP_CHUNKS: Final = 3
_ALIKE: Final = 0.4
"""How alike the vectors of one file's chunks are on the average (their cosine)."""
_LENGTH_SCALE: Final = 8.0
_NAMES_ONLY: Final = FieldWeights(body=0.0, comment=0.0)
_DATA: Final = frozenset(
    ["", "markdown", "restructuredtext", "text", "json", "yaml", "toml", "ini", "xml", "html", "css", "csv"]
)
_MARKS: Final = {
    "test": (Mark.TEST, frozenset({"test", "tests", "testing", "spec", "specs", "fixture", "mock"})),
    "example": (Mark.EXAMPLE, frozenset({"example", "examples", "demo", "sample", "tutorial"})),
    "documentation": (
        Mark.DOCUMENTATION,
        frozenset({"docs", "documentation", "readme", "changelog", "license", "guide"}),
    ),
    "vendored": (Mark.VENDORED, frozenset({"vendor", "vendored"})),
    "generated": (Mark.GENERATED, frozenset({"generated"})),
}
"""Each with the words by which a question says that it means such files."""


def signals_of(inquiry: Inquiry) -> dict[str, Scores]:
    """Every signal by the name of its weight: a number per candidate file."""
    candidates, wording = inquiry.candidates, inquiry.wording
    telling = telling_of(inquiry)
    paths = [facts_of(file.path) for file in candidates.files]
    in_names = Scored(*candidates.hits.scores(wording.words, _NAMES_ONLY, among=np.sort(candidates.ordinals)))
    return {
        **_of_words(candidates, in_names),
        "coverage": telling.share(telling.held),
        "meaning": _meaning(candidates),
        **_of_paths(paths, telling),
        "definition": _definition(inquiry),
        "definition_words": _definition_words(inquiry, telling, in_names),
        "namesake": _flags([path.plain_title in {plain(name) for name in wording.names} for path in paths]),
        "length": _length(candidates),
        "depth": _depth(candidates, paths),
        **_of_kinds(candidates, paths, wording),
    }


def relative(scores: Scores) -> Scores:
    """1 for the best, the others in proportion; 0 for what is below 0."""
    best = scores.max(initial=0.0)
    return np.maximum(scores, 0) / best if best > 0 else np.zeros_like(scores)


def _of_words(candidates: Candidates, in_names: Scored) -> dict[str, Scores]:
    """What the words in a file's content tell."""
    by_score = candidates.words[np.lexsort((-candidates.words, candidates.file_of))]
    places = np.arange(len(candidates)) - candidates.begins[candidates.file_of]
    return {
        "words_best": relative(np.maximum.reduceat(candidates.words, candidates.begins)),
        "words_top": relative(np.add.reduceat(np.where(places < _TOP_CHUNKS, by_score, 0), candidates.begins)),
        "words_all": relative(np.add.reduceat(candidates.words, candidates.begins)),
        "words_defined": relative(np.add.reduceat(in_names.of(candidates.ordinals), candidates.begins)),
    }


def _meaning(candidates: Candidates) -> Scores:
    """How near the question is to the mean direction of a file's chunks; that is estimated from their cosines."""
    counts = np.diff(candidates.begins, append=len(candidates)).astype(np.float32)
    means = np.add.reduceat(candidates.cosines, candidates.begins) / counts
    return relative(means / np.sqrt(_ALIKE + (1 - _ALIKE) / counts))


def _of_paths(paths: list[PathFacts], telling: Telling) -> dict[str, Scores]:
    """What the words in a file's path tell."""
    begun = [
        [stem not in path.title_stems and _begins(stem, path.title_stems) for stem in telling.stems] for path in paths
    ]
    return {
        "title": telling.precision([path.title_parts for path in paths]),
        "path": telling.share(telling.within([path.stems for path in paths])),
        "folder": telling.share(telling.within([path.folder_stems for path in paths])),
        "beginnings": telling.share(np.array(begun, dtype=np.bool_).reshape(len(paths), len(telling.stems))),
    }


def _definition(inquiry: Inquiry) -> Scores:
    """Whether a file defines what the question names."""
    candidates, wording, weights = inquiry.candidates, inquiry.wording, inquiry.weights
    folded = 0.0 if candidates.is_spelt else weights.folded_definition
    found = np.zeros(len(candidates.files), dtype=np.float32)
    for row in np.flatnonzero(are_among(candidates.ordinals, candidates.defining)).tolist():
        file = candidates.file_of[row]
        for hit in candidates.defined[int(candidates.ordinals[row])]:
            titled = weights.titled_definition if hit.name in wording.titles else folded
            found[file] = max(found[file], 1.0 if hit.name in wording.names else titled)
    return found


def _definition_words(inquiry: Inquiry, telling: Telling, in_names: Scored) -> Scores:
    """The best harmonic mean of how much of the question is in a name, and how much of the name in the question."""
    candidates = inquiry.candidates
    found = np.zeros(len(candidates.files), dtype=np.float32)
    likely = in_names.best(inquiry.weights.definition_candidates)
    columns = {stem: column for column, stem in enumerate(telling.stems)}
    for row in np.flatnonzero(are_among(candidates.ordinals, np.sort(likely))).tolist():
        file = candidates.file_of[row]
        told: list[float] = telling.told[file].tolist()
        for hit in inquiry.view.symbols_of(int(candidates.ordinals[row])):
            parts = parts_of(hit.name)
            matching = [told[columns[part]] for part in parts if part in columns]
            if matching:
                recall, precision = sum(matching) / sum(told), len(matching) / len(parts)
                found[file] = max(found[file], 2 * recall * precision / (recall + precision))
    return found


def _length(candidates: Candidates) -> Scores:
    lasts = np.append(candidates.begins[1:], len(candidates)) - 1
    length: Scores = np.log1p(candidates.first_lines[lasts]).astype(np.float32) / np.float32(_LENGTH_SCALE)
    return length


def _depth(candidates: Candidates, paths: list[PathFacts]) -> Scores:
    """How many folders deeper a file lies than the shallowest of its commit's candidates."""
    snapshots = [file.selected.target.snapshot for file in candidates.files]
    least: dict[str, int] = {}
    for snapshot, path in zip(snapshots, paths, strict=True):
        least[snapshot] = min(path.depth, least.get(snapshot, path.depth))
    deeper = [path.depth - least[snapshot] for snapshot, path in zip(snapshots, paths, strict=True)]
    return np.array(deeper, dtype=np.float32)


def _of_kinds(candidates: Candidates, paths: list[PathFacts], wording: Wording) -> dict[str, Scores]:
    """What kind of file it is, unless the question says that it means this kind."""
    said = frozenset(wording.words)
    data = frozenset() if said & (_MARKS["documentation"][1] | _DATA) else _DATA
    platform = not names_platform(wording.text)
    marked = {
        name: _flags([mark in file.marks and said.isdisjoint(words) for file in candidates.files])
        for name, (mark, words) in _MARKS.items()
    }
    return marked | {
        "data": _flags([file.selected.snapshot.languages[file.path_number] in data for file in candidates.files]),
        "legacy": _flags([path.is_legacy for path in paths]),
        "declarations": _flags([path.is_declarations for path in paths]),
        "package_index": _flags([path.is_package_index for path in paths]),
        "platform": _flags([platform and path.is_of_platform for path in paths]),
    }


def _flags(values: list[bool]) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def _begins(stem: str, name: frozenset[str]) -> bool:
    """Whether one of the name's stems begins like this one, or the other way round."""
    if len(stem) < _PREFIX_LETTERS_MIN:
        return False
    return any(
        len(other) >= _PREFIX_LETTERS_MIN and (other.startswith(stem) or stem.startswith(other)) for other in name
    )
