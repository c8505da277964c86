"""Fits the weights of ranked search to questions with known answers.

Each question is asked; every candidate file gives its signals. The weights are those under which the right files are
the likeliest (a softmax over the candidates, with a penalty on large weights), fitted apart for names and for questions
in words. Cross-validation leaves whole repositories out.

    python -m training.ranking DATASET=REPOSITORIES[*TIMES] ...

A data set counts TIMES times; REPOSITORIES is a folder with a clone of each of its repositories.
"""

import argparse
import random
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.relevance.asking import result_of, scoped
from benchmarks.relevance.dataset import Asked, Subject, load_dataset
from benchmarks.relevance.scoring import Result, ndcg
from benchmarks.relevance.shelf import ShelfBuilder
from grove.search import Corpus, RankingWeights, SignalWeights

NAMES = tuple(field.name for field in fields(SignalWeights))
FOLDS = 6
PENALTY = 60.0
EXPECTED = {
    "test": -2.0,
    "vendored": -2.0,
    "generated": -1.5,
    "example": -1.5,
    "documentation": -1.5,
    "data": -1.0,
    "legacy": -1.0,
}
"""Weights of signals that few questions try: at most half of this. A weight is penalised by how far it is from this,
or else from 0."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A question with the signals of its candidates, and which of them answer it."""

    dataset: str
    repository: str
    asked: Asked
    is_name: bool
    signals: Floats
    right: NDArray[np.bool_]
    results: tuple[Result, ...]

    def score(self, weights: Floats) -> float:
        """The NDCG@10 of its candidates in the order of their weighted signals."""
        order = np.argsort(-(self.signals @ weights), kind="stable")[:10]
        return ndcg([self.results[at] for at in order.tolist()], self.asked.targets)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights for questions that are names and for the others."""

    named: Floats
    described: Floats

    def of(self, example: Example) -> Floats:
        """The weights for a question of its sort."""
        return self.named if example.is_name else self.described


def examples_of(dataset: Path, repositories: Path) -> list[Example]:
    """Index the repositories of a data set and ask all of its questions."""
    subjects = load_dataset(dataset)
    with tempfile.TemporaryDirectory() as scratch:
        corpus = ShelfBuilder(Path(scratch)).build(subjects, repositories).corpus
        return [_example(dataset.name, subject, asked, corpus) for subject in subjects for asked in subject.questions]


def _example(dataset: str, subject: Subject, asked: Asked, corpus: Corpus) -> Example:
    ranking = scoped(asked.text, subject, corpus).ranking(RankingWeights())
    ranked = sorted(ranking.files, key=lambda each: each.number)
    results = tuple(result_of(each, ranking, corpus) for each in ranked)
    numbers = [each.number for each in ranked]
    columns = [ranking.signals[name][numbers] if ranked else np.zeros(0) for name in NAMES]
    return Example(
        dataset=dataset,
        repository=f"{dataset}/{subject.name}",
        asked=asked,
        is_name=ranking.wording.is_name,
        signals=np.stack(columns, axis=1).astype(np.float64),
        right=np.array(
            [any(ndcg([result], [target]) for target in asked.targets) for result in results], dtype=np.bool_
        ),
        results=results,
    )


def fit(examples: Sequence[Example], kept: NDArray[np.bool_], *, penalty: float = PENALTY) -> Fitted:
    """The likeliest weights; those of signals that are not kept are 0."""
    return Fitted(
        _fit([example for example in examples if example.is_name], kept, penalty),
        _fit([example for example in examples if not example.is_name], kept, penalty),
    )


def _fit(examples: Sequence[Example], kept: NDArray[np.bool_], penalty: float) -> Floats:
    usable = [example for example in examples if example.right.any()]
    signals = np.concatenate([example.signals for example in usable])
    right = np.concatenate([example.right / example.right.sum() for example in usable])
    sizes = [len(example.right) for example in usable]
    begins = np.cumsum(sizes) - sizes
    spread = np.where(kept & (signals.std(axis=0) > 0), signals.std(axis=0), np.inf)
    scaled = signals / spread
    expected = np.where(kept, [EXPECTED.get(name, 0.0) for name in NAMES], 0.0) * np.where(
        np.isinf(spread), 0.0, spread
    )

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = scaled @ weights
        highest = np.maximum.reduceat(scores, begins)
        powers = np.exp(scores - np.repeat(highest, sizes))
        sums = np.add.reduceat(powers, begins)
        chances = powers / np.repeat(sums, sizes)
        value = (
            (np.log(sums) + highest).sum() - right @ scores + penalty * ((weights - expected) @ (weights - expected))
        )
        return float(value) / len(usable), (scaled.T @ (chances - right) + 2 * penalty * (weights - expected)) / len(
            usable
        )

    bounds = [(None, each / 2 if each < 0 else None) for each in expected.tolist()]
    found = minimize(loss, expected, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    weights: Floats = found.x / spread
    return weights


def scores_of(examples: Sequence[Example], fitted: Fitted) -> dict[str, float]:
    """The mean NDCG@10 of a data set (the mean of its repositories' means), and of each category of its questions."""
    scores = [(example, example.score(fitted.of(example))) for example in examples]
    return _means(scores)


def cross_validated(
    examples: Sequence[Example], target: str, kept: NDArray[np.bool_], *, times: Mapping[str, int]
) -> dict[str, float]:
    """The same of the data set `target`, every repository being scored by weights that never saw it."""
    repositories = sorted({example.repository for example in examples if example.dataset == target})
    random.Random(1).shuffle(repositories)
    scores: list[tuple[Example, float]] = []
    for fold in range(FOLDS):
        left_out = set(repositories[fold::FOLDS])
        seen = [example for example in examples if example.repository not in left_out]
        fitted = fit(repeated(seen, times), kept)
        scores += [(each, each.score(fitted.of(each))) for each in examples if each.repository in left_out]
    return _means(scores)


def repeated(examples: Sequence[Example], times: Mapping[str, int]) -> list[Example]:
    """Each example as often as its data set is to count."""
    return [example for example in examples for _ in range(times[example.dataset])]


def report(examples: Sequence[Example], *, times: Mapping[str, int], ablate: bool) -> None:
    """Print figures on what the weights never saw, those without each signal, and the weights fitted to everything."""
    everything = np.ones(len(NAMES), dtype=np.bool_)
    for target in times:
        theirs = [example for example in examples if example.dataset == target]
        others = [example for example in examples if example.dataset != target]
        if others:
            print(f"{target}, fitted to the others alone: {_line(scores_of(theirs, fit(others, everything)))}")
        whole = cross_validated(examples, target, everything, times=times)
        print(f"{target}, cross-validated by repository: {_line(whole)}")
        for at, name in enumerate(NAMES if ablate else ()):
            without = cross_validated(examples, target, np.arange(len(NAMES)) != at, times=times)
            print(f"  without {name:20} {_line({part: without[part] - whole[part] for part in whole}, sign='+')}")
    fitted = fit(repeated(examples, times), everything)
    for sort, weights in (("named", fitted.named), ("described", fitted.described)):
        print(f"{sort} = SignalWeights(")
        for name, weight in zip(NAMES, weights.tolist(), strict=True):
            print(f"    {name}={weight:.2f},")
        print(")")


def _means(scores: Sequence[tuple[Example, float]]) -> dict[str, float]:
    repositories: defaultdict[str, list[float]] = defaultdict(list)
    categories: defaultdict[str, list[float]] = defaultdict(list)
    for example, score in scores:
        repositories[example.repository].append(score)
        categories[example.asked.category].append(score)
    whole = float(np.mean([np.mean(of_one) for of_one in repositories.values()]))
    return {"all": whole, **{name: float(np.mean(categories[name])) for name in sorted(categories)}}


def _line(means: Mapping[str, float], *, sign: str = "") -> str:
    return ", ".join(f"{name} {value:{sign}.4f}" for name, value in means.items())


def main() -> None:
    """Index, ask, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="DATASET=REPOSITORIES[*TIMES]")
    parser.add_argument("--ablate", action="store_true", help="also leave out every signal in turn")
    args = parser.parse_args()
    examples: list[Example] = []
    times: dict[str, int] = {}
    for name, _, place in (pair.partition("=") for pair in args.sets):
        repositories, _, count = place.partition("*")
        times[Path(name).name] = int(count or 1)
        examples += examples_of(Path(name), Path(repositories))
    report(examples, times=times, ablate=args.ablate)


if __name__ == "__main__":
    main()
