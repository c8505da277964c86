"""A Grove store made by the same calls as the worker's, without a database: what is built, and what it cost."""

import json
import resource
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.relevance.shelf import git_at
from benchmarks.speed.corpus import Revision
from grove.indexing import BuildTools, Built, IndexStore, IndexView, StaticEmbedder, build_snapshot, segments_to_join
from grove.languages import PooledParser
from grove.search import Corpus, Target
from grove.vectors import Meaning

STATE = "state.json"


@dataclass
class State:
    """What is in the store, as a file beside it says."""

    segments: list[str] = field(default_factory=list)
    targets: list[dict[str, str]] = field(default_factory=list)
    next_ordinal: int = 0
    source_bytes: int = 0
    unique_bytes: int = 0
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    joining_cpu_seconds: float = 0.0
    peak_bytes: int = 0


class StoreBuilder:
    """Builds revisions into a store, one after the other; what was built is in its state after each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = state_of(root) if (root / STATE).exists() else State()
        self._store = IndexStore(root)
        self._parser = PooledParser()
        self._tools = BuildTools(parser=self._parser, embedder=StaticEmbedder.load())
        (root / "git").mkdir(parents=True, exist_ok=True)
        self._git = git_at(root / "git")

    def view(self) -> IndexView:
        """What was built so far."""
        snapshots = [target["snapshot"] for target in self.state.targets]
        return self._store.open_view(segments=self.state.segments, snapshots=snapshots)

    def add(self, revision: Revision) -> Built:
        """Build one; what it cost is added up in the state."""
        view, entries = self.view(), revision.entries
        began = time.process_time() + _children_seconds()
        with self._git.objects(revision.git_dir) as objects:
            built = build_snapshot(
                store=self._store,
                view=view,
                job="speed",
                commit=revision.commit,
                entries=entries,
                blobs=objects,
                reserve=self._reserve,
                tools=self._tools,
                on_progress=lambda *_: None,
                check_cancelled=lambda: None,
            )
        self.state.cpu_seconds += time.process_time() + _children_seconds() - began
        self.state.source_bytes += revision.source_bytes
        if built.segment is not None:
            self.state.segments.append(built.segment.name)
            self.state.unique_bytes += built.segment.source_bytes
        age = "newest" if revision.is_head else "older"
        target = {"name": revision.name, "snapshot": built.snapshot.name, "commit": revision.commit, "age": age}
        self.state.targets.append(target)
        return built

    def targets(self) -> list[Target]:
        """What may be asked, in the order in which it was built."""
        return [target_of(row) for row in self.state.targets]

    def join(self) -> None:
        """Join segments as upkeep does."""
        began = time.process_time()
        while names := segments_to_join(view := self.view()):
            parts = [segment.ordinals for segment in view.open_segments if segment.name in names]
            joined = self._store.merge_segments(view, names, keep=np.sort(np.concatenate(parts)), job="speed")
            self.state.segments = [name for name in self.state.segments if name not in names]
            if joined is not None:
                self.state.segments.append(joined.name)
            self.save()
            del view
            for name in names:
                self._store.remove_segment(name)
        self.state.joining_cpu_seconds += time.process_time() - began

    def save(self) -> State:
        """Write down what is in the store."""
        whole = self.root / f"{STATE}.new"
        whole.write_text(json.dumps(asdict(self.state)))
        whole.replace(self.root / STATE)
        return self.state

    def finish(self) -> None:
        """End the children; what they cost is added up in the state."""
        before = _children_seconds()
        self._parser.close()
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.state.cpu_seconds += _children_seconds() - before
        self.state.peak_bytes = max(self.state.peak_bytes, (own + 2 * children) * 1024)

    def _reserve(self, count: int) -> int:
        first = self.state.next_ordinal
        self.state.next_ordinal += count
        return first


def build_store(root: Path, revisions: list[Revision]) -> State:
    """Build those revisions into a store that are not in it, and join its segments."""
    builder = StoreBuilder(root)
    for revision in revisions[len(builder.state.targets) :]:
        began = time.perf_counter()
        builder.add(revision)
        builder.state.seconds += time.perf_counter() - began
        builder.save()
    builder.finish()
    began = time.perf_counter()
    builder.join()
    builder.state.seconds += time.perf_counter() - began
    return builder.save()


def state_of(root: Path) -> State:
    """What is in a store."""
    return State(**json.loads((root / STATE).read_text()))


def corpus_at(root: Path, *, count: int, embedder: StaticEmbedder) -> Corpus:
    """The first so many revisions of a store, opened."""
    state = state_of(root)
    targets = state.targets[:count]
    view = IndexStore(root).open_view(
        segments=state.segments, snapshots=[target["snapshot"] for target in state.targets]
    )
    return Corpus(
        view=view,
        targets=tuple(target_of(target) for target in targets),
        generation=1,
        meaning=Meaning.of_table(embedder),
    )


def target_of(row: dict[str, str]) -> Target:
    """What a question may be asked of."""
    return Target(
        repository_id=row["name"],
        name=row["name"],
        revision="main",
        snapshot=row["snapshot"],
        commit=row["commit"],
    )


def bytes_by_part(root: Path) -> Counter[str]:
    """How large what is stored of each kind is, over all segments and snapshots."""
    state = state_of(root)
    sizes: Counter[str] = Counter()
    view = IndexStore(root).open_view(
        segments=state.segments, snapshots=[target["snapshot"] for target in state.targets]
    )
    for segment in view.open_segments:
        for name, size in segment.reader.stored_sizes().items():
            sizes[_KINDS.get(name.split("_")[0], "chunks")] += size
    for snapshot in view.snapshots.values():
        sizes["snapshots (paths of commits)"] += snapshot.reader.stored_bytes
    return sizes


_KINDS = {
    "content": "text, compressed",
    "gram": "trigrams",
    "grams": "trigrams",
    "term": "words",
    "terms": "words",
    "words": "words",
    "word": "words",
    "body": "words",
    "comment": "words",
    "vector": "vectors",
    "symbol": "definitions",
    "name": "definitions",
    "kind": "definitions",
    "container": "definitions",
    "blob": "blobs",
}


def _children_seconds() -> float:
    """The processor time of the children of this process: of those that ended and of those that live."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = ended.ru_utime + ended.ru_stime
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            try:
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += (int(fields[11]) + int(fields[12])) / 100
    return total
