"""Reading an index whole, to find damage before a reader does."""

from collections.abc import Callable, Collection
from itertools import chain

from grove.indexing.errors import IndexMissing
from grove.indexing.isolation import damage_isolated, isolate_parts
from grove.indexing.opened import OpenIndexes
from grove.indexing.survey import UNUSABLE
from grove.jobs import Progress, Run
from grove.kit.errors import GroveError
from grove.snapshots import Generation, checksums_of, generation_of, parts_of


def verify_index(run: Run, *, indexes: OpenIndexes) -> None:
    """Read all that a repository needs, or the whole index of the tenant; what is damaged is built again."""
    tenant_id = run.job.tenant_id
    with run.begin() as tx:
        generation = generation_of(tx, tenant_id=tenant_id)
        checksums = checksums_of(tx, tenant_id=tenant_id)
        mine = None if run.job.target_id == tenant_id else parts_of(tx, repository_id=run.job.target_id)
    if mine is not None:
        with damage_isolated(run, indexes=indexes):
            generation = _needed(indexes, tenant_id, generation, mine)
    store = indexes.store(tenant_id)
    parts: list[tuple[str, Callable[..., None]]] = [(name, store.verify_snapshot) for name in generation.snapshots]
    parts += [(name, store.histories.verify) for name in generation.histories]
    parts += [(name, store.verify_segment) for name in generation.segments]
    broken: dict[str, str] = {}
    for number, (name, verify) in enumerate(parts):
        run.check_cancelled()
        run.report(Progress(phase="verifying", done=number, total=len(parts), unit="files"))
        try:
            verify(name, checksum=checksums.get(name, ""))
        except UNUSABLE as error:
            if isinstance(error, IndexMissing) and not _counts(run, name):
                continue  # merged or retired meanwhile
            broken[name] = error.code
            run.log(f"{name} is damaged: {_told(error)}")
    if broken:
        isolate_parts(run.finish, indexes=indexes, tenant_id=tenant_id, suspects=broken, now=run.now)
    run.log(f"{len(parts)} files read, {len(broken)} damaged")


def _needed(indexes: OpenIndexes, tenant_id: str, generation: Generation, mine: Collection[str]) -> Generation:
    """The snapshots and histories of one repository, and the segments that hold chunks of theirs."""
    view = indexes.view(tenant_id, generation)
    snapshots = [name for name in generation.snapshots if name in mine]
    histories = tuple(name for name in generation.histories if name in mine)
    ordinals = [view.snapshots[name].ordinals for name in snapshots]
    ordinals += [indexes.store(tenant_id).histories.open(name).ordinals for name in histories]
    held = [segment.name for segment in view.open_segments if any(segment.numbers_of(some).size for some in ordinals)]
    return Generation(number=generation.number, segments=tuple(held), snapshots=tuple(snapshots), histories=histories)


def _counts(run: Run, name: str) -> bool:
    with run.begin() as tx:
        generation = generation_of(tx, tenant_id=run.job.tenant_id)
    return name in chain(generation.segments, generation.snapshots, generation.histories)


def _told(error: GroveError) -> str:
    return ", ".join(f"{fact} {value}" for fact, value in error.facts.items() if fact != "name") or error.code
