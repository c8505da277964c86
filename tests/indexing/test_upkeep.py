"""Damage is found, isolated and repaired; merges and rebuilds disturb nobody: in a whole Grove."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from grove import activity, indexing, jobs, snapshots
from grove.accounts import Role
from grove.git import RevisionUnknown
from grove.indexing import OpenIndexes
from grove.indexing.isolation import REPAIRS_MAX
from grove.jobs import Job, JobState
from grove.kit.gate import Actor, Denied
from grove.repositories import NotAllowedNow, RepositoryNotFound, find_repository
from grove.search import Answer, Mode, Question, truth_line
from grove.snapshots.tables import SnapshotRow
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect, sync
from tests.support.upkeep import flip, part_places

PAY = "def refund_of(payment):\n    return payment.amount\n" + "".join(f"line_{n} = {n}\n" for n in range(200))
SHIP = "def parcel_of(order):\n    return order.weight\n" + "".join(f"row_{n} = {n}\n" for n in range(200))
REPAIRING = "1 not searched: pay (a part of its index was damaged and is being built again)"
MERGE_SECONDS = 3.1
RETRY_SECONDS = 0.05
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Shop:
    """Two repositories, mirrored and indexed, and what is done to their index."""

    def __init__(self, made: House, folder: Path) -> None:
        self.made = made
        self.tenant = made.admin.tenant_id
        self.upstreams = {name: Repository.new(folder / "up" / f"{name}.git") for name in ("pay", "ship")}
        self.upstreams["pay"].commit({"pay.py": PAY, "logo.png": b"\0\1"})
        self.upstreams["ship"].commit({"ship.py": SHIP})
        self.repositories = {}
        for name, upstream in self.upstreams.items():
            self.repositories[name] = connect(made, str(upstream.path), name=name)
            made.work()

    def ask(self, text: str) -> Answer:
        return self.made.grove.search.run(self.made.admin, Question(text=text, mode=Mode.TEXT))

    def paths(self, text: str) -> list[str]:
        return sorted(file.address.path for file in self.ask(text).files)

    def generation(self) -> snapshots.Generation:
        with self.made.grove.database.reading() as tx:
            return snapshots.generation_of(tx, tenant_id=self.tenant)

    def file_of(self, name: str, kind: str) -> Path:
        """The segment or snapshot that serves a repository."""
        store = self.made.grove.indexes.store(self.tenant)
        with self.made.grove.database.reading() as tx:
            [snapshot] = snapshots.known_commits(tx, repository_id=self.repositories[name].id).values()
        if kind == "snapshot":
            return store.snapshot_folder(snapshot) / "snapshot.grove"
        view = self.made.grove.indexes.view(self.tenant, self.generation())
        ordinals = view.snapshots[snapshot].ordinals
        [segment] = [each.name for each in view.open_segments if each.numbers_of(ordinals).size]
        return store.segment_folder(segment) / "segment.grove"

    def restart(self) -> None:
        """Forget what is open, as another process would not have it open."""
        vars(OpenIndexes)["__init__"](self.made.grove.indexes, self.made.grove.locator)

    def damage(self, name: str, *, kind: str = "segment", at: int = 200) -> None:
        flip(self.file_of(name, kind), at)
        self.restart()

    def push(self, name: str, content: str) -> None:
        self.upstreams[name].commit({f"{name}.py": content})
        sync(self.made, self.repositories[name])

    def jobs(self, kind: str) -> list[Job]:
        with self.made.grove.database.reading() as tx:
            found = jobs.list_jobs(tx, actor=self.made.admin, limit=200)
        return [job for job in found if job.kind == kind]

    def verify(self, name: str | None = None) -> Job:
        target = self.repositories[name].id if name else None
        with self.made.grove.database.transaction() as tx:
            indexing.request_verification(tx, actor=self.made.admin, repository_id=target, now=self.made.now)
        self.made.work()
        return self.jobs("index.verify")[0]

    def rebuild(self, name: str) -> Job:
        with self.made.grove.database.transaction() as tx:
            indexing.request_rebuild(
                tx, actor=self.made.admin, repository_id=self.repositories[name].id, now=self.made.now
            )
        self.made.work()
        return self.jobs("index.rebuild")[0]

    def pin(self, name: str, revision: str, *, actor: Actor | None = None) -> snapshots.SnapshotPin:
        return self.made.grove.pins.pin(
            actor or self.made.admin,
            repository_id=self.repositories[name].id,
            revision=revision,
            reason="a release",
            now=self.made.now,
        )

    def commits(self, name: str) -> set[str]:
        """The commits of a repository that are indexed."""
        with self.made.grove.database.reading() as tx:
            return set(snapshots.known_commits(tx, repository_id=self.repositories[name].id))

    def status(self, name: str) -> indexing.RepositoryIndex:
        with self.made.grove.database.reading() as tx:
            shown = find_repository(tx, actor=self.made.admin, name=name)
            return indexing.status_of(tx, actor=self.made.admin, shown=[shown])[0]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with house(tmp_path / "data", local_roots=(tmp_path,)) as made:
        yield Shop(made, tmp_path)


class TestDamage:
    def test_that_a_reader_finds_takes_one_repository_out_and_no_other(self, shop: Shop) -> None:
        shop.damage("pay")

        assert REPAIRING in truth_line(shop.ask("refund_of").truth)
        assert shop.paths("parcel_of") == ["ship.py"]
        assert shop.status("pay").damaged
        assert not shop.status("ship").damaged

    def test_is_repaired_by_itself_once(self, shop: Shop) -> None:
        shop.damage("pay")
        for _ in range(5):
            shop.ask("refund_of")
        waiting = [job for job in shop.jobs("snapshot.index") if job.state is JobState.QUEUED]
        assert len(waiting) == 1

        shop.made.work()

        assert shop.paths("refund_of") == ["pay.py"]
        assert shop.ask("refund_of").truth.skipped == ()
        status = shop.status("pay")
        assert (status.damaged, status.current, status.repository.problem) == (False, True, None)
        with shop.made.grove.database.reading() as tx:
            entries = activity.list_entries(tx, actor=shop.made.admin)
        assert ("index.damaged", status.repository.id) in {(entry.action, entry.target_id) for entry in entries}

    @pytest.mark.parametrize("kind", ["segment", "snapshot"])
    def test_in_every_part_is_found_by_reading_all(self, shop: Shop, kind: str) -> None:
        for part, at in part_places(shop.file_of("pay", kind)).items():
            whole = shop.file_of("pay", kind).read_bytes()
            flip(shop.file_of("pay", kind), at)
            name = shop.file_of("pay", kind).parent.name
            store = shop.made.grove.indexes.store(shop.tenant)
            with pytest.raises(indexing.IndexCorrupt):
                (store.verify_segment if kind == "segment" else store.verify_snapshot)(name)
            shop.file_of("pay", kind).write_bytes(whole)
            assert part

    @pytest.mark.parametrize("kind", ["segment", "snapshot"])
    def test_that_reading_all_finds_is_repaired(self, shop: Shop, kind: str) -> None:
        before = shop.file_of("pay", kind)
        flip(before, before.stat().st_size // 2)

        job = shop.verify()

        assert job.state is JobState.SUCCEEDED
        assert shop.file_of("pay", kind) != before
        assert shop.paths("refund_of") == ["pay.py"]
        assert shop.paths("parcel_of") == ["ship.py"]

    def test_of_another_file_in_its_place_is_found(self, shop: Shop) -> None:
        mine, other = shop.file_of("pay", "segment"), shop.file_of("ship", "segment")
        mine.write_bytes(other.read_bytes())

        assert shop.verify().state is JobState.SUCCEEDED
        assert shop.status("pay").damaged is False
        assert shop.file_of("pay", "segment") != mine
        assert shop.paths("refund_of") == ["pay.py"]

    def test_of_one_repository_is_not_looked_for_in_another(self, shop: Shop) -> None:
        before = shop.file_of("pay", "snapshot")
        flip(before, before.stat().st_size // 2)

        shop.verify("ship")

        assert shop.file_of("pay", "snapshot") == before

    def test_that_a_build_meets_is_repaired(self, shop: Shop) -> None:
        shop.damage("pay", kind="snapshot", at=part_places(shop.file_of("pay", "snapshot"))["facts"])

        shop.push("ship", SHIP + "more = 1\n")
        for _ in range(3):
            time.sleep(RETRY_SECONDS)
            shop.made.work()

        assert shop.paths("more") == ["ship.py"]
        assert shop.paths("refund_of") == ["pay.py"]

    @pytest.mark.parametrize("kind", ["segment", "snapshot"])
    def test_of_a_file_that_is_gone_is_repaired(self, shop: Shop, kind: str) -> None:
        shop.file_of("pay", kind).unlink()
        shop.restart()

        assert REPAIRING in truth_line(shop.ask("refund_of").truth)
        shop.made.work()
        assert shop.paths("refund_of") == ["pay.py"]

    def test_again_and_again_is_not_repaired_for_ever(self, shop: Shop) -> None:
        for _ in range(REPAIRS_MAX):
            shop.damage("pay")
            shop.ask("refund_of")
            shop.made.work()
            assert shop.paths("refund_of") == ["pay.py"]
        shop.damage("pay")

        [skipped] = shop.ask("refund_of").truth.skipped

        assert skipped.reason == "damaged"
        assert shop.made.work() == 0
        shop.rebuild("pay")
        assert shop.paths("refund_of") == ["pay.py"]

    def test_is_not_met_by_an_answer_told_piece_by_piece(self, shop: Shop) -> None:
        shop.damage("pay")
        events = list(shop.made.grove.search.stream(shop.made.admin, Question(text="refund_of", mode=Mode.TEXT)))
        assert REPAIRING in events[-1].line  # type: ignore[union-attr]


class TestPinning:
    def test_keeps_a_commit_indexed_that_no_branch_leads_to(self, shop: Shop) -> None:
        first = shop.upstreams["pay"].refs()["refs/heads/main"]
        shop.pin("pay", "main")
        shop.push("pay", PAY.replace("refund_of", "payout_of"))

        assert shop.commits("pay") == {first, shop.upstreams["pay"].refs()["refs/heads/main"]}
        assert shop.paths(f"refund_of rev:{first}") == ["pay.py"]
        shop.rebuild("pay")
        assert first in shop.commits("pay")

    def test_indexes_a_commit_that_is_not_yet(self, shop: Shop) -> None:
        first = shop.upstreams["pay"].refs()["refs/heads/main"]
        for number in range(6):
            shop.push("pay", f"number = {number}\n")
        shop.rebuild("pay")
        assert first not in shop.commits("pay")

        shop.pin("pay", first)
        shop.made.work()

        assert first in shop.commits("pay")

    def test_survives_that_the_branch_is_thrown_away(self, shop: Shop) -> None:
        first = shop.upstreams["pay"].refs()["refs/heads/main"]
        shop.pin("pay", "main")
        mirror = shop.made.grove.mirrors.path(shop.repositories["pay"])

        assert shop.made.grove.git.refs(mirror)[f"refs/grove/pins/{first}"] == first
        assert shop.made.grove.pins.unpin(
            shop.made.admin, repository_id=shop.repositories["pay"].id, commit=first, now=shop.made.now
        )
        assert f"refs/grove/pins/{first}" not in shop.made.grove.git.refs(mirror)

    def test_is_told_and_written_down(self, shop: Shop) -> None:
        pin = shop.pin("pay", "main")

        with shop.made.grove.database.reading() as tx:
            pins = indexing.list_pins(tx, actor=shop.made.admin, shown=[shop.repositories["pay"]])
            actions = {entry.action for entry in activity.list_entries(tx, actor=shop.made.admin)}
        assert pins == [pin]
        assert "index.pinned" in actions

    def test_needs_a_developer_and_a_commit(self, shop: Shop) -> None:
        viewer, _ = shop.made.actor(Role.VIEWER)
        with pytest.raises(Denied):
            shop.pin("pay", "main", actor=viewer)
        with pytest.raises(RevisionUnknown):
            shop.pin("pay", "absent")


class TestRetention:
    def test_keeps_the_last_snapshots_and_those_of_open_workspaces(self, shop: Shop) -> None:
        first = shop.upstreams["pay"].refs()["refs/heads/main"]
        shop.made.grove.workspaces.create(shop.made.admin, repository="pay", name="mine", target="", now=shop.made.now)
        commits = [first]
        for number in range(6):
            shop.push("pay", f"number = {number}\n")
            commits.append(shop.upstreams["pay"].refs()["refs/heads/main"])
        with shop.made.grove.database.transaction() as tx:
            tx.session.execute(
                update(SnapshotRow).where(SnapshotRow.retired_at.is_not(None)).values(retired_at=LONG_AGO)
            )

        shop.push("pay", "number = 6\n")

        commits.append(shop.upstreams["pay"].refs()["refs/heads/main"])
        assert shop.commits("pay") >= {first, *commits[-2:]}
        assert len(shop.commits("pay")) <= 2 + shop.made.grove.settings.keep_snapshots + 1


class TestRebuilding:
    def test_makes_everything_new_and_the_answers_stay(self, shop: Shop) -> None:
        segment, snapshot = shop.file_of("pay", "segment"), shop.file_of("pay", "snapshot")

        job = shop.rebuild("pay")

        assert job.state is JobState.SUCCEEDED
        assert shop.file_of("pay", "snapshot") != snapshot
        assert not snapshot.exists()
        assert shop.paths("refund_of") == ["pay.py"]
        view = shop.made.grove.indexes.view(shop.tenant, shop.generation())
        mine = view.snapshots[shop.file_of("pay", "snapshot").parent.name]
        [old] = [each for each in view.open_segments if each.name == segment.parent.name]
        assert old.numbers_of(mine.ordinals).size == 0

    def test_keeps_what_there_is_when_it_fails(self, shop: Shop) -> None:
        mirror = shop.made.grove.mirrors.path(shop.repositories["pay"])
        mirror.rename(mirror.with_name("aside"))

        job = shop.rebuild("pay")

        assert job.state is not JobState.SUCCEEDED
        assert shop.paths("refund_of") == ["pay.py"]

    def test_needs_a_maintainer_and_a_mirror(self, shop: Shop) -> None:
        developer, _ = shop.made.actor(Role.DEVELOPER)
        with shop.made.grove.database.transaction() as tx:
            with pytest.raises(Denied):
                indexing.request_rebuild(
                    tx, actor=developer, repository_id=shop.repositories["pay"].id, now=shop.made.now
                )
            with pytest.raises(Denied):
                indexing.request_verification(tx, actor=developer, repository_id=None, now=shop.made.now)
            with pytest.raises(RepositoryNotFound):
                indexing.request_rebuild(tx, actor=shop.made.admin, repository_id="absent", now=shop.made.now)
        absent = connect(shop.made, str(shop.upstreams["pay"].path), name="again")
        with shop.made.grove.database.transaction() as tx, pytest.raises(NotAllowedNow):
            indexing.request_rebuild(tx, actor=shop.made.admin, repository_id=absent.id, now=shop.made.now)


class TestMerging:
    def test_keeps_segments_few_and_answers_as_they_were(self, shop: Shop) -> None:
        view = shop.made.grove.indexes.view(shop.tenant, shop.generation())
        for number in range(20):
            shop.push("pay", PAY + f"pushed = {number}\n")
        time.sleep(MERGE_SECONDS)
        shop.made.work()

        assert {job.state for job in shop.jobs("index.merge")} == {JobState.SUCCEEDED}
        assert len(shop.generation().segments) < 12
        assert shop.paths("'pushed = 19'") == ["pay.py"]
        assert shop.paths("refund_of") == ["pay.py"]
        root = shop.made.grove.locator.index(tenant_id=shop.tenant)
        assert {path.name for path in root.glob("segments/*")} == set(shop.generation().segments)
        assert {path.name for path in root.glob("snapshots/*")} == set(shop.generation().snapshots)
        assert view.chunk_text(0)


class TestStatus:
    def test_tells_sizes_and_whether_it_is_current(self, shop: Shop) -> None:
        with shop.made.grove.database.reading() as tx:
            totals = indexing.index_totals(tx, actor=shop.made.admin)
        status = shop.status("pay")

        assert (totals.segments, totals.snapshots, totals.damaged, totals.format_version) == (2, 2, 0, 1)
        assert totals.source_bytes == len(PAY) + len(SHIP)
        assert totals.stored_bytes > 0
        assert (status.snapshots, status.files, status.current) == (1, 2, True)
        assert status.commit == shop.upstreams["pay"].refs()["refs/heads/main"]
