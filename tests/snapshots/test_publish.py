"""Publishing: visible at once, kept while it serves, struck out when nobody needs it."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from grove import snapshots
from grove.kit.errors import GroveError
from grove.kit.transactions import Database, Transaction
from grove.snapshots import SegmentRecord, SnapshotRecord
from tests.support.people import NOON

TENANT, REPOSITORY = "tenant", "repository"
PLACE = {"tenant_id": TENANT, "repository_id": REPOSITORY}


def snapshot(commit: str) -> SnapshotRecord:
    return SnapshotRecord(
        name=f"snapshot-{commit}",
        commit=commit,
        file_count=2,
        indexed_file_count=2,
        chunk_count=3,
        source_bytes=100,
        stored_bytes=50,
    )


def segment(name: str) -> SegmentRecord:
    return SegmentRecord(
        name=name,
        first_ordinal=0,
        chunk_count=3,
        blob_count=2,
        source_bytes=100,
        stored_bytes=50,
        checksum="0" * 64,
    )


def publish(database: Database, commit: str, *, branch: str = "main") -> None:
    with database.transaction() as tx:
        snapshots.publish_snapshot(
            tx, **PLACE, snapshot=snapshot(commit), segment=segment(f"segment-{commit}"), now=NOON
        )
        snapshots.point_heads(tx, **PLACE, heads={branch: commit}, now=NOON)


def take_retired(tx: Transaction, *, minutes: int = 60, kept_min: int = 0, in_use: Collection[str] = ()) -> list[str]:
    at = NOON + timedelta(minutes=minutes)
    return snapshots.take_retired(tx, **PLACE, kept_min=kept_min, in_use=in_use, now=at)


class TestPublish:
    def test_shows_snapshot_and_segment_at_once(self, database: Database) -> None:
        publish(database, "c1")

        with database.reading() as tx:
            generation = snapshots.generation_of(tx, tenant_id=TENANT)
            [head] = snapshots.heads_of(tx, repository_id=REPOSITORY)
        assert (generation.segments, generation.snapshots) == (("segment-c1",), ("snapshot-c1",))
        assert (head.branch, head.commit, head.snapshot) == ("main", "c1", "snapshot-c1")

    def test_shows_nothing_of_a_transaction_that_fails(self, database: Database) -> None:
        def fail_after_publishing() -> None:
            with database.transaction() as tx:
                snapshots.publish_snapshot(tx, **PLACE, snapshot=snapshot("c1"), segment=segment("s1"), now=NOON)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail_after_publishing()

        with database.reading() as tx:
            assert snapshots.generation_of(tx, tenant_id=TENANT).snapshots == ()

    def test_of_the_same_commit_twice_is_refused(self, database: Database) -> None:
        publish(database, "c1")

        with pytest.raises(GroveError):
            publish(database, "c1")

    def test_makes_the_generation_grow(self, database: Database) -> None:
        numbers = []
        for commit in ("c1", "c2"):
            publish(database, commit)
            with database.reading() as tx:
                numbers.append(snapshots.generation_of(tx, tenant_id=TENANT).number)
        assert numbers[0] < numbers[1]

    def test_is_not_seen_by_another_tenant(self, database: Database) -> None:
        publish(database, "c1")

        with database.reading() as tx:
            assert snapshots.generation_of(tx, tenant_id="another").snapshots == ()


class TestRetire:
    def test_keeps_what_was_replaced_for_those_who_read_it(self, database: Database) -> None:
        publish(database, "c1")
        publish(database, "c2")

        with database.transaction() as tx:
            assert take_retired(tx, minutes=9) == []
            assert take_retired(tx, minutes=11) == ["snapshot-c1"]
            assert snapshots.generation_of(tx, tenant_id=TENANT).snapshots == ("snapshot-c2",)

    def test_spares_what_a_branch_has_come_back_to(self, database: Database) -> None:
        publish(database, "c1")
        publish(database, "c2")

        with database.transaction() as tx:
            snapshots.point_heads(tx, **PLACE, heads={"main": "c1"}, now=NOON)
            assert take_retired(tx) == ["snapshot-c2"]

    def test_spares_the_last_ones_as_many_as_wanted(self, database: Database) -> None:
        for commit in ("c1", "c2", "c3", "c4"):
            publish(database, commit)

        with database.transaction() as tx:
            assert take_retired(tx, kept_min=3) == []
            assert len(take_retired(tx, kept_min=1)) == 2
            assert take_retired(tx, kept_min=1) == []

    def test_spares_what_somebody_works_at(self, database: Database) -> None:
        for commit in ("c1", "c2", "c3"):
            publish(database, commit)

        with database.transaction() as tx:
            assert take_retired(tx, in_use=["c1"]) == ["snapshot-c2"]

    def test_does_not_touch_what_is_pinned_until_it_is_let_go(self, database: Database) -> None:
        publish(database, "c1")
        with database.transaction() as tx:
            snapshots.pin_commit(tx, **PLACE, commit="c1", revision="v1", reason="release", pinned_by="admin", now=NOON)
        publish(database, "c2")

        with database.transaction() as tx:
            assert take_retired(tx) == []
            assert snapshots.unpin_commit(tx, repository_id=REPOSITORY, commit="c1")
            assert not snapshots.unpin_commit(tx, repository_id=REPOSITORY, commit="c1")
            snapshots.point_heads(tx, **PLACE, heads={"main": "c2"}, now=NOON)
            assert take_retired(tx) == ["snapshot-c1"]


class TestOrdinals:
    def test_are_given_once(self, database: Database) -> None:
        with database.transaction() as tx:
            first = snapshots.reserve_ordinals(tx, tenant_id=TENANT, count=10)
            second = snapshots.reserve_ordinals(tx, tenant_id=TENANT, count=5)
        assert (first, second) == (0, 10)
