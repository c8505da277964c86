"""NDCG@10: a target is hit by the first result at its path that overlaps its lines; every target gains the same.

The headline is the mean over repositories of each repository's mean over its questions.
"""

import json
import math
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.relevance.dataset import Subject, Target

TOP = 10
RESAMPLES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A place that a search answered."""

    path: str
    first_line: int
    last_line: int


Key = tuple[str, str]
Predictions = dict[Key, list[Result]]
Scores = dict[Key, float]


def score(subjects: Sequence[Subject], predictions: Predictions) -> Scores:
    """The NDCG@10 of every question, 0 for those without an answer."""
    return {
        (subject.name, asked.text): ndcg(predictions.get((subject.name, asked.text), []), asked.targets)
        for subject in subjects
        for asked in subject.questions
    }


def ndcg(results: Sequence[Result], targets: Sequence[Target]) -> float:
    """How much of what could be gained the first ten results gain."""
    places = {
        next((at for at, result in enumerate(results[:TOP]) if _hits(result, target)), None) for target in targets
    }
    gained = sum(1 / math.log2(place + 2) for place in places if place is not None)
    return gained / sum(1 / math.log2(place + 2) for place in range(min(TOP, len(targets))))


def headline(scores: Scores) -> float:
    """The mean over repositories."""
    by_repository: defaultdict[str, list[float]] = defaultdict(list)
    for (repository, _), value in scores.items():
        by_repository[repository].append(value)
    return _mean([_mean(values) for values in by_repository.values()])


def report(subjects: Sequence[Subject], scores: Scores) -> list[str]:
    """Lines by category and language, then the headline."""
    groups: defaultdict[str, list[float]] = defaultdict(list)
    for subject in subjects:
        for asked in subject.questions:
            value = scores[subject.name, asked.text]
            groups[f"language {subject.language}"].append(value)
            groups[f"category {asked.category}"].append(value)
    lines = [f"{name:28} {_mean(values):.4f}  ({len(values)} questions)" for name, values in sorted(groups.items())]
    return [*lines, f"NDCG@10 {headline(scores):.4f} over {len(scores)} questions of {len(subjects)} repositories"]


def compare(scores: Scores, other: Scores) -> str:
    """Whether the difference of two runs' means is real: a paired bootstrap over the questions."""
    gaps = [value - other[key] for key, value in scores.items()]
    rng = random.Random(0)
    means = sorted(_mean(rng.choices(gaps, k=len(gaps))) for _ in range(RESAMPLES))
    low, high = means[RESAMPLES // 40], means[-RESAMPLES // 40 - 1]
    return f"difference {_mean(gaps):+.4f}, 95% interval {low:+.4f} to {high:+.4f}"


def write_predictions(file: Path, predictions: Predictions) -> None:
    """One line of JSON per question."""
    with file.open("w", encoding="utf-8") as out:
        for (repository, text), results in predictions.items():
            rows = [
                {"path": result.path, "start_line": result.first_line, "end_line": result.last_line}
                for result in results[:TOP]
            ]
            out.write(json.dumps({"repo": repository, "query": text, "results": rows}) + "\n")


def read_predictions(file: Path) -> Predictions:
    """What `write_predictions` wrote, or another tool in the same form."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {
        (row["repo"], row["query"]): [
            Result(path=found["path"], first_line=found["start_line"], last_line=found["end_line"])
            for found in row["results"]
        ]
        for row in rows
    }


def _hits(result: Result, target: Target) -> bool:
    if not same_path(result.path, target.path):
        return False
    return not target.first_line or (result.first_line <= target.last_line and target.first_line <= result.last_line)


def same_path(found: str, wanted: str) -> bool:
    """Whether one path is the other, or its end."""
    found, wanted = found.strip("/"), wanted.strip("/")
    return found == wanted or found.endswith("/" + wanted) or wanted.endswith("/" + found)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
