"""Trains the table of words that ranked search embeds texts with.

    python -m training.embeddings REPOSITORIES words.npz [--without DATASET ...]

REPOSITORIES is a folder of git repositories (`NAME`, `NAME/.git` or `NAME/repo`). What is learnt from: chunks of files
(which words stand together), comments with the code under them, and commit messages with the lines that they changed.
The repositories of a DATASET are left out: the relevance benchmark's always, those of the training questions when
ranking weights are to be fitted.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.corpus import Numbering, Repository, read_repository
from training.directions import first_directions
from training.history import git_dir_of
from training.model import BATCH, RUNS_SCALE, Model, Trainer
from training.vocabulary import Lesson, choose_words, lessons_of

WORDS = 24_000
BUCKETS = 4_096
DIMENSIONS = 256
EPOCHS = 2
PAIRS_PER_REPOSITORY_MAX = 30_000
BYTES_PER_REPOSITORY_MAX = 9_000_000
COMMITS_PER_REPOSITORY_MAX = 5_000
UNKNOWN_WEIGHT = 0.5
"""What a word counts that has no row of its own."""
SEED = 0


def main() -> None:
    """Read, learn, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--without", type=Path, action="append", default=[], metavar="DATASET")
    parser.add_argument("--name", default="static-3", help="What tells the table's vectors from another's.")
    args = parser.parse_args()
    numbering = Numbering()
    repositories = read(args.repositories, numbering, without=names_in(args.without))
    words = choose_words(numbering, repositories, count=WORDS)
    model = train(lessons_of(numbering, repositories, words), words)
    write(args.out, model, words, name=args.name)


def names_in(datasets: Sequence[Path]) -> frozenset[str]:
    """The addresses of a data set's repositories, without what is before the owner."""
    rows = [row for dataset in datasets for row in json.loads((dataset / "repos.json").read_text(encoding="utf-8"))]
    return frozenset("/".join(row["url"].removesuffix(".git").rstrip("/").split("/")[-2:]).lower() for row in rows)


def read(folder: Path, numbering: Numbering, *, without: frozenset[str]) -> list[Repository]:
    """Read every repository of a folder, in the order of their names."""
    found = []
    for place in sorted(folder.iterdir()):
        if not (git_dir_of(place) / "HEAD").is_file() or place.name.replace("+", "/").lower() in without:
            continue
        repository = read_repository(
            place, numbering, bytes_max=BYTES_PER_REPOSITORY_MAX, commits_max=COMMITS_PER_REPOSITORY_MAX
        )
        if repository.chunks:
            found.append(repository)
            print(f"{repository.name} at {repository.revision[:12]}: {len(repository.prose):,} pairs", flush=True)
    return found


def train(lessons: Sequence[Lesson], words: Sequence[str]) -> Model:
    """Learn every lesson `EPOCHS` times, a batch of one repository after a batch of another."""
    directions, rarity = first_directions(lessons, dimensions=DIMENSIONS, seed=SEED)
    model = Model.begun(words, directions, rarity, buckets=BUCKETS)
    rng = np.random.default_rng(SEED)
    batches = [_batches(lesson, rng) for _ in range(EPOCHS) for lesson in lessons]
    trainer = Trainer(model, steps=sum(map(len, batches)))
    for epoch in range(EPOCHS):
        of_epoch = batches[epoch * len(lessons) : (epoch + 1) * len(lessons)]
        order = [(lesson, pairs) for lesson, some in zip(lessons, of_epoch, strict=True) for pairs in some]
        losses = [trainer.learn(*order[at]) for at in rng.permutation(len(order)).tolist()]
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}", flush=True)
    return model


def write(file: Path, model: Model, words: Sequence[str], *, name: str) -> None:
    """Write the table as `StaticEmbedder` reads it: bytes with a scale per row."""
    rows = np.concatenate([model.rows(), model.runs * np.float32(RUNS_SCALE)])
    scales = np.maximum(np.abs(rows).max(axis=1), 1e-6) / 127
    np.savez(
        file,
        name=np.array(name),
        words=np.frombuffer("\n".join(words).encode(), dtype=np.uint8),
        codes=np.rint(rows / scales[:, None]).astype(np.int8),
        scales=scales.astype(np.float32),
        code_weights=np.exp(model.code_weights).astype(np.float32),
        question_weights=np.exp(model.prose_weights).astype(np.float32),
        unknown_weight=np.float32(UNKNOWN_WEIGHT),
    )


def _batches(lesson: Lesson, rng: np.random.Generator) -> list[np.ndarray]:
    chosen = rng.permutation(lesson.prose.shape[0])[:PAIRS_PER_REPOSITORY_MAX]
    return np.array_split(chosen, max(1, round(len(chosen) / BATCH)))


if __name__ == "__main__":
    main()
