"""How fast, how small and how heavy Grove is, beside the tools that people use today.

    python -m benchmarks.speed FOLDER [--scales 10,100,1000] [--tables build,size,memory,query,cold,push] [--store PATH]
        [--json FILE]

FOLDER holds bare git repositories (`NAME.git` or `NAME/repo`). Their newest commits come first, in an order that a seed
makes; where more repositories are asked for than there are, commits a third of their history back follow, then others.
Everything is made below a temporary folder and removed, except a store that `--store` names: it is kept, and a run that
was cut off while building it goes on with it. `make peers` installs the tools beside Grove.
"""

import argparse
import json
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.speed import tables
from benchmarks.speed.asking import Latencies, ask_cold, ask_grove
from benchmarks.speed.corpus import Revision, revisions_of
from benchmarks.speed.peers import Peer, check_out, peers_of
from benchmarks.speed.pushing import measure_pushes
from benchmarks.speed.questions import KINDS, questions_of
from benchmarks.speed.stages import measure_stages
from benchmarks.speed.store import build_store, bytes_by_part

TABLES = ("build", "size", "memory", "query", "cold", "push")
CLIENTS = (1, 8, 32)
STAGES_BYTES = 60_000_000
Result = TypeVar("Result")


def main() -> int:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scales", default="10,100,1000", help="numbers of repositories")
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--seconds", type=float, default=1.0, help="for each kind of query and number of clients")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help="where everything is made; it takes about four times the source")
    parser.add_argument("--store", type=Path, help="where Grove's index is kept for the next run")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grove-speed-", dir=arguments.work) as name:
        run = _Run(arguments, Path(name))
        run.measure()
    if arguments.json:
        arguments.json.write_text(json.dumps(run.figures, indent=1))
    return 0


class _Run:
    """One run: what it measures, and what it has found."""

    def __init__(self, arguments: argparse.Namespace, work: Path) -> None:
        self._arguments = arguments
        self._work = work
        self._scales = [int(scale) for scale in arguments.scales.split(",")]
        self._wanted = set(arguments.tables.split(","))
        self.figures: dict[str, Any] = {
            "machine": f"{platform.processor() or platform.machine()}, {platform.release()}"
        }

    def measure(self) -> None:
        """Measure all that is wanted, and print each table as it is known."""
        revisions = revisions_of(self._arguments.folder, count=max(self._scales), seed=self._arguments.seed)
        self._say(f"{len(revisions)} revisions of {len({one.git_dir for one in revisions})} repositories")
        if "build" in self._wanted:
            stages = _apart(measure_stages, revisions, bytes_max=STAGES_BYTES)
            self._show("stages", stages, tables.stages_table(stages))
        if self._wanted - {"push"}:
            self._measure_store(revisions)
        if "push" in self._wanted:
            pushes = _apart(measure_pushes, revisions, self._work / "push")
            self._show("push", pushes, tables.push_table(pushes))

    def _measure_store(self, revisions: list[Revision]) -> None:
        store = self._arguments.store or self._work / "store"
        state = _apart(build_store, store, revisions)
        self._say("built; now asking")
        grove = self._ask(store, revisions)
        peers = self._peers(revisions)
        largest = max(self._scales)
        if "build" in self._wanted:
            self._show("build", state, tables.building_table(state, peers))
        if "size" in self._wanted:
            sizes = bytes_by_part(store)
            print(tables.size_table(state, sizes))
            self.figures["size"] = dict(sizes)
        if "memory" in self._wanted:
            print(tables.memory_table(grove, peers))
        for scale in self._scales if "query" in self._wanted else ():
            print(tables.latency_table(scale, grove[scale], peers, CLIENTS))
        if "cold" in self._wanted:
            asked = questions_of(revisions, seed=self._arguments.seed)
            first = {one.kind: one for one in reversed(asked)}
            cold = {kind: _apart(ask_cold, store, count=largest, asked=first[kind]) for kind in KINDS if kind in first}
            self.figures["cold"] = cold
            print(tables.cold_table(cold, peers, largest))
        self.figures["grove"] = {scale: asdict(found) for scale, found in grove.items()}
        self.figures["peers"] = [asdict(peer) for peer in peers]

    def _ask(self, store: Path, revisions: list[Revision]) -> dict[int, Latencies]:
        if not self._wanted & {"query", "memory"}:
            return {}
        asked = questions_of(revisions, seed=self._arguments.seed)
        seconds = self._arguments.seconds
        return {
            scale: _apart(ask_grove, store, count=scale, clients=CLIENTS, seconds=seconds, asked=asked)
            for scale in self._scales
        }

    def _peers(self, revisions: list[Revision]) -> list[Peer]:
        if self._arguments.no_peers or not self._wanted & {"build", "query", "memory", "cold"}:
            return []
        asked = questions_of(revisions, seed=self._arguments.seed)
        checkouts = self._work / "checkouts"
        check_out(revisions, checkouts)
        self._say("checked out for the tools beside Grove")
        found = peers_of(checkouts, self._work, scales=self._scales, seconds=self._arguments.seconds, asked=asked)
        shutil.rmtree(checkouts)
        return found

    def _show(self, name: str, figures: Any, shown: str) -> None:
        self.figures[name] = asdict(figures)
        print(shown, flush=True)

    @staticmethod
    def _say(what: str) -> None:
        print(what, file=sys.stderr, flush=True)


def _apart(act: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
    """Act in a process of its own, so that its memory and its time are its own."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        return process.submit(act, *arguments, **named).result()


if __name__ == "__main__":
    sys.exit(main())
