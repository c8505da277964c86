"""Fits the weights of ranked search to questions with known answers.

Each question is asked; every candidate file gives its signals. The weights are those under which the right files are
the likeliest (a softmax over the candidates, with a penalty on large weights), fitted apart for names and for questions
in words. Cross-validation leaves whole repositories out.

    python -m training.ranking DATASET=REPOSITORIES [DATASET=REPOSITORIES ...]
"""

import argparse
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
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
PENALTY = 10.0
EXPECTED = {
    "test": -2.0,
    "vendored": -2.0,
    "generated": -1.5,
    "example": -1.5,
    "documentation": -1.5,
    "data": -1.0,
    "legacy": -1.0,
}
"""Weights of signals that few questions try; a weight is penalised by how far it is from this, or else from 0."""
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
    columns = [ranking.signals[name] for name in NAMES] if ranked else [np.zeros(0)] * len(NAMES)
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

    found = minimize(loss, expected, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    weights: Floats = found.x / spread
    return weights


def cross_validated(
    examples: Sequence[Example], kept: NDArray[np.bool_], *, penalty: float = PENALTY
) -> dict[str, float]:
    """The mean NDCG@10 of each data set and category, every repository being scored by weights that never saw it."""
    repositories = sorted({example.repository for example in examples})
    random.Random(1).shuffle(repositories)
    groups: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for fold in range(FOLDS):
        left_out = set(repositories[fold::FOLDS])
        fitted = fit([each for each in examples if each.repository not in left_out], kept, penalty=penalty)
        for example in examples:
            if example.repository in left_out:
                score = example.score(fitted.of(example))
                groups[example.dataset][example.repository].append(score)
                groups[f"{example.dataset} {example.asked.category}"][""].append(score)
    return {name: float(np.mean([np.mean(scores) for scores in parts.values()])) for name, parts in groups.items()}


def report(examples: Sequence[Example], *, ablate: bool) -> None:
    """Print cross-validated figures, those without each signal, and the weights fitted to everything."""
    everything = np.ones(len(NAMES), dtype=np.bool_)
    whole = cross_validated(examples, everything)
    print("all signals:", {name: round(value, 4) for name, value in sorted(whole.items())})
    datasets = sorted({example.dataset for example in examples})
    for at, name in enumerate(NAMES if ablate else ()):
        without = cross_validated(examples, np.arange(len(NAMES)) != at)
        print(f"without {name:20}", " ".join(f"{set_}: {without[set_] - whole[set_]:+.4f}" for set_ in datasets))
    fitted = fit(examples, everything)
    for sort, weights in (("named", fitted.named), ("described", fitted.described)):
        print(f"{sort} = SignalWeights(")
        for name, weight in zip(NAMES, weights.tolist(), strict=True):
            print(f"    {name}={weight:.2f},")
        print(")")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="DATASET=REPOSITORIES")
    parser.add_argument("--ablate", action="store_true", help="also leave out every signal in turn")
    args = parser.parse_args()
    pairs = [pair.partition("=") for pair in args.sets]
    examples = [example for name, _, place in pairs for example in examples_of(Path(name), Path(place))]
    report(examples, ablate=args.ablate)


if __name__ == "__main__":
    main()
