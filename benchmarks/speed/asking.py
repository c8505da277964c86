"""How long Grove takes to answer, in a process of its own: many threads over one open index, as a server has them."""

import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks.speed.questions import ANY_COMMIT, KINDS, NO_LITERALS, Asked
from benchmarks.speed.store import corpus_at, state_of, target_of
from grove.indexing import StaticEmbedder
from grove.kit.memory import share_arenas
from grove.search import Corpus, Question, search

Ask = Callable[[Asked], object]


@dataclass
class Latencies:
    """Seconds by kind of question and number of clients, and the memory of the process that answered."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    open_seconds: float = 0.0
    rest_bytes: dict[str, int] = field(default_factory=dict)
    after_bytes: dict[str, int] = field(default_factory=dict)


def ask_grove(root: Path, *, count: int, clients: Sequence[int], seconds: float, asked: Sequence[Asked]) -> Latencies:
    """Open a store in this process, and ask everything, first once each and then by so many clients at once."""
    share_arenas()  # as a server does
    embedder = StaticEmbedder.load()
    found = Latencies()
    began = time.perf_counter()
    corpus = corpus_at(root, count=count, embedder=embedder)
    found.open_seconds = time.perf_counter() - began
    found.rest_bytes = memory()
    answer = _asker(root, corpus)
    measure(answer, found, clients=clients, seconds=seconds, asked=asked)
    found.after_bytes = memory()
    return found


def ask_cold(root: Path, *, count: int, asked: Asked) -> float:
    """Seconds from opening a store, none of which is in memory, to the first answer."""
    forget(root)
    embedder = StaticEmbedder.load()
    began = time.perf_counter()
    _asker(root, corpus_at(root, count=count, embedder=embedder))(asked)
    return time.perf_counter() - began


def measure(answer: Ask, found: Latencies, *, clients: Sequence[int], seconds: float, asked: Sequence[Asked]) -> None:
    """Ask the questions of each kind over and over, by so many clients at once, for some seconds.

    What has to be looked for in all texts is asked by one client at a time: it takes all that the machine has.
    """
    for kind in KINDS:
        of_kind = [one for one in asked if one.kind == kind]
        for one in of_kind if len(clients) > 1 and kind != NO_LITERALS else ():
            answer(one)
        for count in (clients[:1] if kind == NO_LITERALS else clients) if of_kind else ():
            found.seconds[key_of(kind, count)] = _times(answer, of_kind, clients=count, seconds=seconds)


def key_of(kind: str, clients: int) -> str:
    """Under what latencies are found."""
    return f"{kind}|{clients}"


def forget(folder: Path) -> None:
    """Drop a folder's files from the page cache; what another process maps stays."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def memory(process: str = "self") -> dict[str, int]:
    """How much memory a process holds: all of it, and without the pages of files that it maps."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    rows = dict(line.split(":", 1) for line in lines if line.startswith(("VmRSS", "RssAnon")))
    return {name: int(value.split()[0]) * 1024 for name, value in rows.items()}


def percentiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    """The 50th, 95th and 99th, in milliseconds."""
    p50, p95, p99 = np.percentile(np.array(seconds) * 1000, [50, 95, 99]).tolist()
    return p50, p95, p99


def _times(answer: Ask, asked: Sequence[Asked], *, clients: int, seconds: float) -> list[float]:
    ends = time.perf_counter() + seconds

    def client(number: int) -> list[float]:
        draw = random.Random(number)
        times: list[float] = []
        order = list(asked)
        while not times or time.perf_counter() < ends:
            draw.shuffle(order)
            for one in order:
                began = time.perf_counter()
                answer(one)
                times.append(time.perf_counter() - began)
                if began > ends:
                    break
        return times

    with ThreadPoolExecutor(max_workers=clients) as threads:
        return [each for times in threads.map(client, range(clients)) for each in times]


def _asker(root: Path, corpus: Corpus) -> Ask:
    rows = state_of(root).targets
    older = [row for row in rows if row["age"] == "older"] or rows
    draw = random.Random(0)

    def answer(one: Asked) -> object:
        within = corpus
        if one.kind == ANY_COMMIT:
            within = replace(corpus, targets=(target_of(draw.choice(older)),))
        return search(Question(text=one.text, mode=one.mode, limit=50), within)

    return answer
