"""The tables of a run, in Markdown."""

from collections.abc import Mapping, Sequence

from benchmarks.speed.asking import Latencies, key_of, percentiles
from benchmarks.speed.peers import Peer
from benchmarks.speed.pushing import Pushes
from benchmarks.speed.questions import KINDS
from benchmarks.speed.stages import Stages
from benchmarks.speed.store import State

MB = 1_000_000


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One table under its title."""
    lines = [f"### {title}", "", _row(head), _row(["---"] * len(head)), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def stages_table(stages: Stages) -> str:
    """What each stage costs."""
    size = stages.source_bytes / MB
    rows = [[name, f"{size / spent:.0f}", f"{spent / size * 1000:.1f}"] for name, spent in stages.seconds.items()]
    total = sum(stages.seconds.values())
    rows.append(["all", f"{size / total:.1f}", f"{total / size * 1000:.1f}"])
    return table(f"Building by stage, one core, {size:.0f} MB", ["stage", "MB/s", "ms per MB"], rows)


def building_table(state: State, peers: Sequence[Peer]) -> str:
    """What building and the index cost."""
    source, unique = state.source_bytes / MB, state.unique_bytes / MB
    rows = [
        ["source in all revisions", f"{source:.0f} MB; {unique:.0f} MB in different chunks"],
        [
            "Grove, per core",
            f"{source / state.cpu_seconds:.1f} MB/s of source, {unique / state.cpu_seconds:.1f} MB/s of what is new",
        ],
        ["Grove, wall, this machine", f"{state.seconds:.0f} s"],
        ["Grove, joining segments afterwards", f"{state.joining_cpu_seconds:.0f} s of one core"],
        ["Grove, peak memory of building", f"{state.peak_bytes / MB:.0f} MB with its two children"],
    ]
    for peer in peers:
        if peer.absent:
            rows.append([peer.name, peer.absent])
        elif peer.indexed.cpu_seconds:
            cpu, stored = peer.indexed.cpu_seconds, peer.indexed.stored_bytes / MB
            rows.append(
                [
                    f"{peer.name}, per core",
                    f"{source / cpu:.1f} MB/s; index {stored:.0f} MB, {stored / source:.2f} x source",
                ]
            )
    return table("Building", ["what", "measured"], rows)


def size_table(state: State, sizes: Mapping[str, int]) -> str:
    """How large the index is."""
    unique = state.unique_bytes
    rows = [
        [name, f"{size / MB:.0f} MB", f"{size / unique:.3f}"]
        for name, size in sorted(sizes.items(), key=lambda row: -row[1])
    ]
    total = sum(sizes.values())
    rows.append(["all", f"{total / MB:.0f} MB", f"{total / unique:.3f}"])
    rows.append(["all, per byte of source", "", f"{total / state.source_bytes:.3f}"])
    return table("Size of the index", ["part", "size", "per byte of different chunks"], rows)


def memory_table(grove: Mapping[int, Latencies], peers: Sequence[Peer]) -> str:
    """How much memory those who answer hold."""
    rows = []
    for name, latencies in [("Grove", grove), *((peer.name, peer.latencies) for peer in peers)]:
        for scale, found in latencies.items():
            if found.rest_bytes:
                shown = [
                    f"{both['VmRSS'] / MB:.0f} MB ({both['RssAnon'] / MB:.0f})"
                    for both in (found.rest_bytes, found.after_bytes)
                ]
                rows.append([name, str(scale), *shown, f"{found.open_seconds:.2f} s" if found.open_seconds else ""])
    head = ["tool", "repositories", "at rest (without mapped files)", "after all queries", "opening"]
    return table("Memory of the process that answers", head, rows)


def latency_table(scale: int, grove: Latencies, peers: Sequence[Peer], clients: Sequence[int]) -> str:
    """p50 / p95 / p99 in milliseconds, warm."""
    rows = []
    for kind in KINDS:
        rows.append([kind, *(_cell(grove, kind, count) for count in clients)])
        for column in peers:
            found = column.latencies.get(scale)
            if found is not None and any(key_of(kind, count) in found.seconds for count in clients):
                rows.append([f"{kind}: {column.name}", *(_cell(found, kind, count) for count in clients)])
    head = ["p50 / p95 / p99, ms", *(f"{count} client{'s' if count > 1 else ''}" for count in clients)]
    return table(f"Queries over {scale} repositories, warm", head, rows)


def cold_table(seconds: Mapping[str, float], peers: Sequence[Peer], scale: int) -> str:
    """The first answer of a process that has nothing in memory."""
    rows = [[f"Grove: {kind}", f"{value * 1000:.0f} ms"] for kind, value in seconds.items()]
    for peer in peers:
        cold = peer.latencies[scale].seconds.get("cold", []) if scale in peer.latencies else []
        rows += [[f"{peer.name}: exact, with its start", f"{value * 1000:.0f} ms"] for value in cold[:1]]
    return table(
        f"Cold: page cache dropped, a fresh process, opening included, {scale} repositories",
        ["query", "first answer"],
        rows,
    )


def push_table(pushes: Pushes) -> str:
    """How long a push takes to be searchable."""
    rows = [
        [str(push.files), f"{push.seconds:.2f} s", f"{push.cpu_seconds:.2f} s", str(push.found), zoekt]
        for push, zoekt in zip(
            pushes.grove,
            [f"{seconds:.2f} s" for seconds in pushes.zoekt_seconds] or ["not installed"] * len(pushes.grove),
            strict=True,
        )
    ]
    title = f"From a push to its being found: {pushes.files} files, {pushes.source_bytes / MB:.0f} MB"
    head = ["files pushed", "Grove", "processor", "files found", "zoekt -delta, to its index alone"]
    rows.append(["the first snapshot", f"{pushes.first_seconds:.0f} s", "", "", ""])
    return table(title, head, rows)


def _cell(found: Latencies, kind: str, clients: int) -> str:
    seconds = found.seconds.get(key_of(kind, clients))
    if not seconds:
        return ""
    p50, p95, p99 = percentiles(seconds)
    return f"{p50:.1f} / {p95:.1f} / {p99:.1f}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
