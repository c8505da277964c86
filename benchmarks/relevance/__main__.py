"""How often the right file comes first, on any data set of questions about public repositories.

    python -m benchmarks.relevance DATASET --repos FOLDER --predictions FILE

DATASET is a folder with `repos.json` (name, language, revision, root) and `annotations/NAME.json` (query, category,
relevant, secondary); FOLDER/NAME is a git repository for each name. Every repository's given root at its given revision
is indexed into one Grove store; each question is asked of its own repository; FILE gets the first ten results of each.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.relevance.asking import Reply, ask, predictions_of, recalled_within
from benchmarks.relevance.dataset import load_dataset
from benchmarks.relevance.scoring import report, score, write_predictions
from benchmarks.relevance.shelf import Shelf, ShelfBuilder

MEGABYTE = 1_000_000
TOKEN_BUDGETS = (500, 1_000, 2_000)


def main() -> int:
    """Index, ask, and print what came of it."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.relevance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--repos", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--predictions", type=Path, required=True, metavar="FILE")
    args = parser.parse_args()
    subjects = load_dataset(args.dataset)
    with tempfile.TemporaryDirectory(prefix="grove-relevance-") as scratch:
        shelf = ShelfBuilder(Path(scratch)).build(subjects, args.repos)
        indexed = [subject for subject in subjects if subject.name not in shelf.missing]
        replies = list(ask(indexed, shelf.corpus))
    predictions = predictions_of(replies)
    write_predictions(args.predictions, predictions)
    print("\n".join([*report(subjects, score(subjects, predictions)), *_recall(replies), *_costs(shelf, replies)]))
    for name, reason in shelf.missing.items():
        print(f"NOT INDEXED, so each of its questions counts 0: {name}: {reason}", file=sys.stderr)
    return 1 if shelf.missing else 0


def _recall(replies: Sequence[Reply]) -> list[str]:
    shares = (
        (tokens, float(np.mean([recalled_within(reply, tokens) for reply in replies]))) for tokens in TOKEN_BUDGETS
    )
    return [f"a right file within {tokens:,} tokens of the answer: {share:.3f}" for tokens, share in shares]


def _costs(shelf: Shelf, replies: Sequence[Reply]) -> list[str]:
    middle, high, most = np.percentile([reply.seconds * 1_000 for reply in replies], [50, 99, 100])
    source, stored = shelf.source_bytes / MEGABYTE, shelf.stored_bytes / MEGABYTE
    return [
        f"{len(shelf.corpus.targets)} repositories of {source:.1f} MB: {shelf.seconds:.1f} s; index {stored:.1f} MB",
        f"a question, in process, with its excerpts: p50 {middle:.1f} ms, p99 {high:.1f} ms, most {most:.1f} ms",
    ]


if __name__ == "__main__":
    sys.exit(main())
