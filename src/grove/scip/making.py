"""Making SCIP indexes here: the files of a commit, laid out and indexed by a confined program, without a network.

Nothing waits for it, and what goes wrong is on record with the indexer's last words.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select

from grove.git import TreeEntry
from grove.jobs import Progress, Run
from grove.kit.errors import GroveError
from grove.kit.ids import new_id
from grove.mirrors import branches_of
from grove.repositories import Repository, repository_of_job
from grove.sandbox import Bounds, Confinement, Confiner, Outcome, remove_written
from grove.scip.errors import ScipMakingFailed
from grove.scip.indexers import INDEXERS, OUTPUT, Indexer, Program, environment, find_program
from grove.scip.laying import TooMuchError, lay_files
from grove.scip.model import Making, MakingState
from grove.scip.operations import ScipDesk
from grove.scip.parsing import INDEX_BYTES_MAX
from grove.scip.switching import is_made_here, making_row
from grove.scip.tables import ScipIndexRow

MAKING_JOB: Final = "scip.make"
LOG_CHARACTERS_MAX: Final = 8_000
REASON_CHARACTERS_MAX: Final = 1_000
TOOLS_CHARACTERS_MAX: Final = 100
CORES: Final = 2
"""So many processors an indexer may keep busy all the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MakingTools:
    """What making indexes works with: `executables` are the indexers that are installed, by their names."""

    desk: ScipDesk
    confiner: Confiner
    executables: Mapping[str, Path]
    node: Path | None
    seconds_max: float
    memory_bytes_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """What an indexer made, or why it made nothing."""

    indexer: str
    content: bytes = b""
    problem: str = ""
    log: str = ""


def make_indexes(run: Run, *, tools: MakingTools) -> None:
    """Index the head of a repository's default branch by every indexer that has something to do in it.

    A commit that has an index already, uploaded or made, is left as it is.

    :raises ScipMakingFailed: if none could be made; the reason and the log are on record.
    """
    with run.begin() as tx:
        repository = repository_of_job(tx, tenant_id=run.job.tenant_id, repository_id=run.job.target_id)
        repository.require_kept_up()
        commit = branches_of(tx, repository=repository).get(repository.default_branch or "")
        mine = ScipIndexRow.repository_id == repository.id
        indexed = tx.session.scalar(select(ScipIndexRow.name).where(mine, ScipIndexRow.commit == commit))
        if commit is None or indexed is not None or not is_made_here(tx, repository_id=repository.id):
            return
    made = _Maker(run=run, tools=tools, repository=repository, commit=commit).make()
    with run.finish() as tx:
        row = making_row(tx, repository)
        row.state, row.commit, row.tools, row.finished_at = made.state, commit, made.tools, run.now
        row.reason, row.log = made.reason, made.log
    if made.state is MakingState.FAILED:
        raise ScipMakingFailed(reason=made.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    """Has a commit indexed, and keeps what comes of it."""

    run: Run
    tools: MakingTools
    repository: Repository
    commit: str

    def make(self) -> Making:
        """Have every indexer try that has something to do; what they made is kept as one index."""
        attempts = list(self._attempts())
        problems = [f"{each.indexer}: {each.problem}" for each in attempts if each.problem]
        kept = ""
        if contents := [each.content for each in attempts if each.content]:
            try:
                kept = self._keep(contents)
            except GroveError as refused:
                problems.append(str(refused))
        state = MakingState.MADE if kept else MakingState.FAILED if problems else MakingState.NOTHING
        log = "\n".join(f"{each.indexer}:\n{each.log}" for each in attempts if each.log)
        reason = "; ".join(problems)[:REASON_CHARACTERS_MAX]
        return Making(state=state, tools=kept[:TOOLS_CHARACTERS_MAX], reason=reason, log=log[-LOG_CHARACTERS_MAX:])

    def _keep(self, contents: list[bytes]) -> str:
        """Keep what was made; the tools that made it."""
        desk, run = self.tools.desk, self.run
        index = desk.keep(run.actor, found=self.repository, commit=self.commit, contents=contents, now=run.now)
        return index.tool

    def _attempts(self) -> Iterator[_Attempt]:
        mirrors = self.tools.desk.mirrors
        entries = list(mirrors.git.list_tree(mirrors.path(self.repository), self.commit))
        for indexer in INDEXERS:
            if not any(indexer.indexes(os.fsdecode(entry.path)) for entry in entries):
                continue
            self.run.check_cancelled()
            self.run.report(Progress(phase=indexer.name))
            yield self._attempt(indexer, entries)

    def _attempt(self, indexer: Indexer, entries: list[TreeEntry]) -> _Attempt:
        program = find_program(self.tools.executables.get(indexer.name), node=self.tools.node)
        if isinstance(program, str):
            return _Attempt(indexer=indexer.name, problem=f"{program}: npm install -g {indexer.package}")
        with _folder(self.tools) as folder:
            try:
                with self.tools.desk.mirrors.objects(self.repository) as objects:
                    lay_files(objects, entries, folder / "files", wanted=indexer.reads)
                outcome = self._run(indexer, program, folder)
            except (TooMuchError, GroveError) as problem:
                return _Attempt(indexer=indexer.name, problem=str(problem))
            self.run.check_cancelled()
            return _judged(indexer, outcome, folder / "out" / OUTPUT)

    def _run(self, indexer: Indexer, program: Program, folder: Path) -> Outcome:
        project = self.repository.name.rpartition("/")[2]
        memory_bytes_max = self.tools.memory_bytes_max
        confinement = Confinement(
            argv=[*program.argv, *indexer.arguments(folder / "out", project)],
            cwd=folder / "files",
            env=environment(memory_bytes_max=memory_bytes_max),
            readable=program.needs,
            writable=[folder / "files", folder / "out"],
            bounds=Bounds(
                seconds_max=self.tools.seconds_max,
                cpu_seconds_max=int(CORES * self.tools.seconds_max) + 1,
                memory_bytes_max=memory_bytes_max,
                file_bytes_max=INDEX_BYTES_MAX,
            ),
        )
        return self.tools.confiner.confine(confinement, cancelled=self.run.is_stopped)


def _judged(indexer: Indexer, outcome: Outcome, path: Path) -> _Attempt:
    said = (outcome.stdout + b"\n" + outcome.stderr).decode("utf-8", "replace").strip()
    log = "".join(each for each in said if each.isprintable() or each == "\n")[-LOG_CHARACTERS_MAX:]
    content = b""
    problem = ""
    if outcome.stopped:
        problem = f"it was stopped at its limit: {outcome.stopped}"
    elif outcome.exit_code:
        problem = f"it ended with exit code {outcome.exit_code}"
    elif not (content := written_by_indexer(path)):
        problem = "it wrote no index that could be read"
    return _Attempt(indexer=indexer.name, content=content, problem=problem, log=log)


def written_by_indexer(path: Path) -> bytes:
    """What an indexer wrote, if it is a plain file of a bearable size; the indexer is not trusted."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return b""
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(INDEX_BYTES_MAX + 1)
    return content if len(content) <= INDEX_BYTES_MAX else b""


@contextmanager
def _folder(tools: MakingTools) -> Iterator[Path]:
    """A folder of this job's own, by its real path; gone afterwards."""
    folder = Path(os.path.realpath(tools.desk.locator.jobs())) / f"scip-{new_id()}"
    for name in ("files", "out"):
        (folder / name).mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        remove_written(folder)
