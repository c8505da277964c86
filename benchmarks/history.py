"""The whole history of real repositories, indexed and asked: `python -m benchmarks.history REPO...`.

Each REPO is a repository on this machine; its HEAD branch is taken with all that leads to it. It is connected and
indexed by a worker in this process, then commits drawn by lot are searched, each for the first time, and once more.
`git grep` searches the same commits beside it. Prints a table in Markdown.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from grove.jobs import list_jobs
from grove.kit.tenancy import serving_all
from grove.search import Question
from grove.snapshots import generation_of, histories_of, known_commits, snapshots_named
from tests.support.git_repositories import git
from tests.support.grove import House, house
from tests.support.sources import connect

COMMITS_ASKED = 100
WORDS = ("return", "default", "version")
MEGABYTE = 1_000_000
COLUMNS = (
    "repository",
    "commits",
    "HEAD, MB",
    "unique chunks, MB",
    "index, MB",
    "x HEAD",
    "head ready, s",
    "history, s",
    "left out",
    "new commit p50 / p99, ms",
    "same again p50, ms",
    "`git grep` p50 / p99, ms",
)


class NotIndexed(Exception):
    """The repository could not be mirrored or indexed: most often a copy that lacks old objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """What the index of one repository takes, in bytes."""

    head: int
    chunks: int
    stored: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("repositories", nargs="+", type=Path)
    arguments = parser.parse_args()
    print("| " + " | ".join(COLUMNS) + " |")
    print("|---" * len(COLUMNS) + "|")
    shares = []
    for path in arguments.repositories:
        with tempfile.TemporaryDirectory(prefix="grove-bench-") as folder:
            try:
                row, share = measured(path, Path(folder))
            except NotIndexed as refused:
                print(f"| {path} | {refused} |" + " |" * (len(COLUMNS) - 2), flush=True)
                continue
        shares.append(share)
        print("| " + " | ".join(row) + " |", flush=True)
    if not shares:
        return 1
    print(f"\nIndex of the whole history, in the median: {statistics.median(shares):.1f} x HEAD's source.")
    return 0


def measured(origin: Path, folder: Path) -> tuple[list[str], float]:
    """One row of the table, and how many times HEAD's source the index is."""
    name = origin.parent.name.partition("+")[2] if origin.name == "repo" else origin.name.removesuffix(".git")
    upstream = folder / f"{name}.git"
    git(folder, "clone", "--quiet", "--bare", "--single-branch", "--no-tags", str(origin), str(upstream))
    commits = git(upstream, "rev-list", "HEAD").decode().split()
    with serving_all(), house(folder / "data", local_roots=(folder,), max_repo_size_mb=8_192) as made:
        repository = connect(made, str(upstream), name=name)
        head_seconds = _seconds(lambda: _work_until(made, "snapshot.index"))
        history_seconds = _seconds(made.work)
        with made.grove.database.reading() as tx:
            found = histories_of(tx, repositories=[repository.id]).get(repository.id)
            if found is None:
                failed = [job.error for job in list_jobs(tx, actor=made.admin) if job.error]
                raise NotIndexed(failed[0]["message"] if failed else "it is empty")
            history = found.record
        sizes = _sizes_of(made, repository.id)
        asked = random.Random(len(commits)).sample(commits, min(COMMITS_ASKED, len(commits)))
        _ask(made, commits[0], WORDS[0])
        first = [_seconds(partial(_ask, made, at, WORDS[0])) for at in asked]
        again = [_seconds(partial(_ask, made, at, WORDS[1])) for at in asked]
    grep = [_seconds(partial(_grep, upstream, at)) for at in asked]
    left_out = ", ".join(f"{count} {reason}" for reason, count in history.skipped.items()) or "nothing"
    share = sizes.stored / sizes.head
    return [
        name,
        f"{len(commits):,}",
        f"{sizes.head / MEGABYTE:.1f}",
        f"{sizes.chunks / MEGABYTE:.1f}",
        f"{sizes.stored / MEGABYTE:.1f}",
        f"{share:.1f}",
        f"{head_seconds:.1f}",
        f"{history_seconds:.1f}",
        left_out,
        _percentiles(first),
        f"{statistics.median(again) * 1000:.1f}",
        _percentiles(grep),
    ], share


def _work_until(made: House, kind: str) -> None:
    worker = made.worker()
    while worker.run_one():
        if made.has_ended(kind):
            return


def _sizes_of(made: House, repository_id: str) -> Sizes:
    with made.grove.database.reading() as tx:
        generation = generation_of(tx, tenant_id=made.admin.tenant_id)
        known = known_commits(tx, repository_id=repository_id)
        snapshots = snapshots_named(tx, names=known.values())
        histories = histories_of(tx, repositories=[repository_id])
    view = made.grove.indexes.view(made.admin.tenant_id, generation)
    return Sizes(
        head=sum(snapshot.source_bytes for snapshot in snapshots.values()),
        chunks=sum(int(segment.facts["source_bytes"]) for segment in view.open_segments),
        stored=sum(segment.reader.stored_bytes for segment in view.open_segments)
        + sum(snapshot.stored_bytes for snapshot in snapshots.values())
        + sum(history.record.stored_bytes for history in histories.values()),
    )


def _ask(made: House, commit: str, word: str) -> None:
    answer = made.grove.search.run(made.admin, Question(text=f'"{word}"', revisions=(commit,)))
    assert not answer.truth.skipped, answer.truth.skipped


def _grep(upstream: Path, commit: str) -> None:
    git(upstream, "grep", "--count", "--fixed-strings", "-e", WORDS[0], "-e", "e", commit)


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _percentiles(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    high = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"{statistics.median(ordered) * 1000:.1f} / {high * 1000:.1f}"


if __name__ == "__main__":
    raise SystemExit(main())
