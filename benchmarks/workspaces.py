"""How fast a workspace's files are in a folder: `python -m benchmarks.workspaces FOLDER [REPO...] [--minutes 5]`.

FOLDER decides which disk is measured; each REPO is a bare repository, of which a copy is made there. Without any,
repositories of 500, 5,000 and 38,000 files are made. Everything is done in turns, in an order drawn by lot, until there
are enough runs or the time is over; the median counts, since something else always runs too. The first `git status` is
asked for a moment after a folder is handed out, as people and agents do. `--snapshots` is a folder on btrfs, where
snapshots are measured besides. In the end each goal stands beside what was measured, met or not.
"""

import argparse
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from grove.checkouts import CheckoutLimits, CheckoutMethod, Preparation
from grove.checkouts.git_folder import GitFolder
from grove.checkouts.methods import working_methods
from grove.checkouts.placing import Placer
from grove.checkouts.preparing import Preparer
from grove.checkouts.store import TreeStore
from grove.checkouts.trash import empty_trash, throw_away
from grove.git import Git, GitConfig
from grove.kit.ids import new_id
from grove.sandbox import Confiner
from grove.workspaces import WorkspaceLimits

GB = 1024**3
NEARBY = "HEAD~20"
CLONE_LOCAL = "git clone --local"
COPY = "Grove, copy"
FIRST = "Grove, copy, first of its tree"
WARM = ("Grove, warm, same commit", "Grove, warm, 20 commits away")
AT_ONCE = ("Grove, overlay", "Grove, btrfs")
MANY_FILES = 4_000
VERY_MANY_FILES = 30_000
SIZES = (500, 5_000, 38_000)
COMMITS = 25
METHODS = tuple(method for method in CheckoutMethod if method is not CheckoutMethod.SPARSE)
PAUSE_SECONDS = 1.0
ONCE = {"git clone file://"}
"""It takes so long that once is enough."""


@dataclass
class Seen:
    """What was seen of one way, run by run."""

    seconds: list[float] = field(default_factory=list)
    status_seconds: list[float] = field(default_factory=list)
    remove_seconds: list[float] = field(default_factory=list)
    size_bytes: list[int] = field(default_factory=list)


@dataclass
class Bench:
    """One repository on the disk that is measured."""

    folder: Path
    mirror: Path
    head: str
    nearby: str
    files: int
    seen: dict[str, Seen] = field(default_factory=dict)

    def git(self) -> Git:
        """Git as Grove runs it."""
        home, jobs = self.folder / "home", self.folder / "jobs"
        for place in (home, jobs):
            place.mkdir(exist_ok=True)
        executable = Path(shutil.which("git") or "/usr/bin/git")
        return Git(GitConfig(executable=executable, home=home, job_root=jobs, data_root=self.folder))

    def placer(self, method: CheckoutMethod, *, warm: int = 0, trees: str = "trees") -> Placer:
        """What lays folders out."""
        git = self.git()
        limits = CheckoutLimits(
            bytes_max=100 * GB,
            file_bytes_max=GB,
            trees_bytes_max=100 * GB,
            written=WorkspaceLimits(count_max=100, written_bytes_max=GB),
            methods=(method,),
            warm_max=warm,
        )
        store = TreeStore(git=git, git_dir=self.mirror, folder=self.folder / trees, limits=limits)
        return Placer(
            git=git,
            git_dir=self.mirror,
            trees=store,
            pool=self.folder / "pool",
            trash=self.folder / "trash",
            root=self.folder,
            limits=limits,
            preparer=Preparer(
                confiner=Confiner(self.folder, methods=()), preparation=Preparation(), readable=[self.mirror]
            ),
        )

    def tree(self, commit: str) -> str:
        """The tree of a commit."""
        return words("git", "--git-dir", self.mirror, "rev-parse", f"{commit}^{{tree}}")


def words(*argv: str | Path) -> str:
    done = subprocess.run([str(word) for word in argv], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def prepare(folder: Path, repository: Path) -> Bench:
    place = folder / repository.resolve().parent.name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    mirror = place / "mirror.git"
    shutil.copytree(repository, mirror, symlinks=True)
    head = words("git", "--git-dir", mirror, "rev-parse", "HEAD")
    head = without_holes(mirror, head)
    nearby = words("git", "--git-dir", mirror, "rev-parse", NEARBY)
    nearby = without_holes(mirror, nearby, move=False)
    files = len(words("git", "--git-dir", mirror, "ls-tree", "-r", "--name-only", head).splitlines())
    return Bench(folder=place, mirror=mirror, head=head, nearby=nearby, files=files)


def without_holes(mirror: Path, commit: str, *, move: bool = True) -> str:
    """The commit, or one after it without the files that a mirror lacks, which git cannot check out."""
    walk = ("rev-list", "--objects", "--missing=print", "--no-object-names", f"{commit}^{{tree}}")
    missing = {line[1:] for line in words("git", "--git-dir", mirror, *walk).splitlines() if line.startswith("?")}
    if not missing:
        return commit
    env = {**os.environ, "GIT_INDEX_FILE": str(mirror / "bench-index"), "GIT_DIR": str(mirror)}
    people = {f"GIT_{who}_{what}": "bench@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def run(*argv: str) -> str:
        done = subprocess.run(["git", *argv], check=True, capture_output=True, text=True, env={**env, **people})
        return done.stdout.strip()

    run("read-tree", commit)
    for line in run("ls-tree", "-r", commit).splitlines():
        if line.split()[2] in missing:
            run("update-index", "--force-remove", line.split("\t")[1])
    whole = run("commit-tree", run("write-tree"), "-p", commit, "-m", "Leave out what is missing")
    if move:
        run("update-ref", "HEAD", whole)
    return whole


def git_ways(bench: Bench) -> dict[str, Callable[[Path], object]]:
    mirror, template = bench.mirror, bench.folder / "template"
    words("git", "clone", "-q", "--shared", mirror, template)
    return {
        "git clone file://": lambda to: words("git", "clone", "-q", f"file://{mirror}", to),
        CLONE_LOCAL: lambda to: words("git", "clone", "-q", "--local", mirror, to),
        "git clone --shared": lambda to: words("git", "clone", "-q", "--shared", mirror, to),
        "git worktree add": lambda to: words(
            "git", "--git-dir", mirror, "worktree", "add", "-q", "--detach", to, bench.head
        ),
        "cp -a of the mirror": lambda to: copied(mirror, to),
        "cp -a of a shared clone": lambda to: words("cp", "-a", template, to),
    }


def copied(mirror: Path, to: Path) -> None:
    """What is done without git: the repository itself is copied, and its files are checked out."""
    to.mkdir()
    words("cp", "-a", mirror, to / ".git")
    words("git", "-C", to, "config", "core.bare", "false")
    words("git", "-C", to, "reset", "-q", "--hard")


def grove_ways(
    bench: Bench, allowed: tuple[CheckoutMethod, ...], *, others: bool = True
) -> dict[str, Callable[[Path], object]]:
    tree = bench.tree(bench.head)

    def placing(method: CheckoutMethod, *, first: bool = False) -> Callable[[Path], object]:
        def place(to: Path) -> None:
            placer = bench.placer(method, trees=f"first-{new_id()}" if first else "trees")
            lay(bench, placer, to, commit=bench.head, tree=tree)

        return place

    ways: dict[str, Callable[[Path], object]] = {
        f"Grove, {method}": placing(method) for method in working_methods(bench.folder, allowed)
    }
    for number, way in enumerate(list(ways.values())):  # the tree is published once, and that is measured below
        way(bench.folder / f"published-{number}")
        throw_away(bench.folder / f"published-{number}", bench.folder / "trash")
    empty_trash(bench.folder / "trash")
    if not others:
        return ways
    ways[FIRST] = placing(CheckoutMethod.COPY, first=True)
    warm = bench.placer(CheckoutMethod.COPY, warm=1)
    ways[WARM[0]] = lambda to: lay(bench, warm, to, commit=bench.head, tree=tree)
    nearby = bench.tree(bench.nearby)
    ways[WARM[1]] = lambda to: lay(bench, warm, to, commit=bench.nearby, tree=nearby)
    return ways


def lay(bench: Bench, placer: Placer, to: Path, *, commit: str, tree: str) -> None:
    wanted = GitFolder(
        branch="ws/bench",
        head=commit,
        golden=bench.mirror,
        objects=(bench.mirror / "objects",),
        origin="https://example.org/bench.git",
        refs={},
        upstream="",
        user_name="bench",
        user_email="bench@localhost",
    )
    placer.place(to, commit=commit, tree=tree, wanted=wanted)


def measure(bench: Bench, name: str, way: Callable[[Path], object]) -> None:
    to = bench.folder / f"work-{new_id()}"
    if "warm" in name:
        bench.placer(CheckoutMethod.COPY, warm=1).warm(tree=bench.tree(bench.head))
    elif (bench.folder / "pool").exists():
        shutil.rmtree(bench.folder / "pool")
    os.sync()
    before = used_bytes(bench.folder)
    began = time.perf_counter()
    way(to)
    seconds = time.perf_counter() - began
    os.sync()
    grown = used_bytes(bench.folder) - before
    time.sleep(PAUSE_SECONDS)
    files = to / "files" if (to / "files").is_dir() and "Grove" in name else to
    began = time.perf_counter()
    said = subprocess.run(["git", "-C", files, "status", "--porcelain"], check=True, capture_output=True).stdout
    status_seconds = time.perf_counter() - began
    assert said == b"", f"{name}: {said[:200]!r}"
    began = time.perf_counter()
    throw_away(to, bench.folder / "trash")
    remove_seconds = time.perf_counter() - began
    empty_trash(bench.folder / "trash")
    for trees in bench.folder.glob("first-*"):
        shutil.rmtree(trees, ignore_errors=True)
    words("git", "--git-dir", bench.mirror, "worktree", "prune")
    seen = bench.seen.setdefault(name, Seen())
    seen.seconds.append(seconds)
    seen.status_seconds.append(status_seconds)
    seen.remove_seconds.append(remove_seconds)
    seen.size_bytes.append(grown)


def used_bytes(folder: Path) -> int:
    found = os.statvfs(folder)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def show(bench: Bench) -> None:
    beside = median(bench.seen[CLONE_LOCAL].seconds)
    print(f"\n{bench.folder.name}: {bench.files:,} files\n")
    print("| way | runs | seconds | times as fast as clone --local | MB | first git status, ms | remove, ms |")
    print("|---|---|---|---|---|---|---|")
    for name, seen in bench.seen.items():
        seconds = median(seen.seconds)
        numbers = f"{seconds:.3f} | {beside / seconds:.2f} | {max(0, median(seen.size_bytes)) / 1e6:.1f}"
        removed = f"{median(seen.remove_seconds) * 1000:.1f}" if "Grove" in name else ""
        status = f"{median(seen.status_seconds) * 1000:.0f}"
        print(f"| {name} | {len(seen.seconds)} | {numbers} | {status} | {removed} |", flush=True)


def judge(bench: Bench) -> Iterator[tuple[str, str, str, bool]]:
    """What was to be reached with one repository, what was, and whether that is it."""
    beside = median(bench.seen[CLONE_LOCAL].seconds)
    for way, seen in bench.seen.items():
        if not way.startswith("Grove"):
            continue
        seconds, status, removed = (median(s) for s in (seen.seconds, seen.status_seconds, seen.remove_seconds))
        least = (1.5 if bench.files >= VERY_MANY_FILES else 1.2) if way == COPY else 1.0
        most = 0.05 if way in AT_ONCE else 0.3
        if way in {COPY, FIRST} and bench.files >= MANY_FILES:
            times = beside / seconds
            yield f"{way}: as fast as {CLONE_LOCAL}", f">= {least} x", f"{times:.2f} x", times >= least
        if way in {*WARM, *AT_ONCE}:
            yield f"{way}: seconds", f"< {most}", f"{seconds:.3f}", seconds < most
        if bench.files >= VERY_MANY_FILES:
            yield f"{way}: first git status, ms", "< 250", f"{status * 1000:.0f}", status < 0.25
        yield f"{way}: removed, ms", "< 10", f"{removed * 1000:.1f}", removed < 0.01


def show_goals(benches: list[Bench]) -> None:
    print("\n| files | goal | asked | measured | met |")
    print("|---|---|---|---|---|")
    for bench in benches:
        for what, asked, measured, is_met in judge(bench):
            print(f"| {bench.files:,} | {what} | {asked} | {measured} | {'yes' if is_met else 'no'} |", flush=True)


def made(folder: Path, count: int) -> Path:
    """A bare repository of so many files, a dozen in a folder, with some commits."""
    place = folder / "sources" / f"made-{count}" / "repo.git"
    place.parent.mkdir(parents=True)
    words("git", "init", "-q", "--bare", "-b", "main", place)
    stream = ["blob\nmark :1\ndata 6\nempty\n\n"]
    chance = random.Random(count)
    for number in range(count):
        text = "".join(
            f"line {line} of file {number}: {chance.random()}\n" for line in range(chance.randrange(20, 280))
        )
        stream.append(f"blob\nmark :{number + 2}\ndata {len(text)}\n{text}\n")
    people = "committer bench <bench@localhost> {when} +0000\ndata 4\nmade\n"
    for commit in range(COMMITS):
        stream.append("commit refs/heads/main\n" + people.format(when=1_700_000_000 + commit))
        changed = range(count) if commit == 0 else [(commit * 7 + step) % count for step in range(20)]
        for number in changed:
            shown = number + 2 if commit == 0 else (number + commit) % count + 2
            stream.append(f"M 100644 :{shown} part{number // 1200}/sub{number // 12}/file{number}.txt\n")
        stream.append("\n")
    subprocess.run(["git", "--git-dir", place, "fast-import", "--quiet"], input="".join(stream).encode(), check=True)
    return place


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("repositories", type=Path, nargs="*")
    parser.add_argument("--snapshots", type=Path, help="a folder on btrfs")
    parser.add_argument("--runs", type=int, default=5, help="at most")
    parser.add_argument("--minutes", type=float, default=5.0, help="for all repositories together")
    given = parser.parse_args()
    folder = given.folder.resolve()
    sources: list[Path | int] = list(given.repositories) or list(SIZES)
    began = time.monotonic()
    benches: list[Bench] = []
    for number, source in enumerate(sources):
        # What the small ones leave of their share is the large ones'.
        deadline = began + 60 * given.minutes * (number + 1) / len(sources)
        repository = made(folder, source) if isinstance(source, int) else source
        bench = prepare(folder, repository)
        run_all(bench, {**git_ways(bench), **grove_ways(bench, METHODS)}, runs_max=given.runs, deadline=deadline)
        if given.snapshots:
            beside = prepare(given.snapshots.resolve(), repository)
            snapshots = grove_ways(beside, (CheckoutMethod.BTRFS,), others=False)
            run_all(beside, snapshots, runs_max=given.runs, deadline=deadline)
            bench.seen |= beside.seen
            shutil.rmtree(beside.folder, ignore_errors=True)
        show(bench)
        benches.append(bench)
        shutil.rmtree(bench.folder, ignore_errors=True)
    shutil.rmtree(folder / "sources", ignore_errors=True)
    show_goals(benches)


def run_all(bench: Bench, ways: dict[str, Callable[[Path], object]], *, runs_max: int, deadline: float) -> None:
    """Measure every way once, and all again while there is time."""
    order = random.Random(1)
    for run in range(runs_max):
        names = [name for name in ways if run == 0 or name not in ONCE]
        if run:
            order.shuffle(names)
        for name in names:
            if run and time.monotonic() > deadline:
                return
            try:
                measure(bench, name, ways[name])
            except subprocess.CalledProcessError as failed:  # a mirror that lacks objects of old cannot be cloned
                print(f"{name}: {failed.stderr.strip().splitlines()[-1][:150]}", flush=True)
                del ways[name]


if __name__ == "__main__":
    main()
