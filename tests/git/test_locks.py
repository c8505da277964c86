"""What a crash leaves behind does not need a human (row R5)."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grove.git import Git, RefLocked, remove_stale_files
from tests.support.git_repositories import Repository

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def leave(path: Path, *, age: timedelta) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    moment = (NOW - age).timestamp()
    os.utime(path, (moment, moment))
    return path


class TestRemoveStaleFiles:
    def test_frees_a_ref_that_a_crash_locked(self, git: Git, upstream: Repository) -> None:
        oid = upstream.commit({"a": "1"})
        lock = leave(upstream.path / "refs/heads/main.lock", age=timedelta(hours=2))
        packed = leave(upstream.path / "packed-refs.lock", age=timedelta(hours=2))
        with pytest.raises(RefLocked) as locked:
            git.update_refs(upstream.path, updates={"refs/heads/main": oid})
        assert locked.value.transient

        removed = remove_stale_files(upstream.path, older_than=timedelta(hours=1), now=NOW)

        assert set(removed) == {lock, packed}
        git.update_refs(upstream.path, updates={"refs/heads/main": oid})

    def test_leaves_what_somebody_may_still_hold(self, upstream: Repository) -> None:
        lock = leave(upstream.path / "HEAD.lock", age=timedelta(minutes=59))
        assert remove_stale_files(upstream.path, older_than=timedelta(hours=1), now=NOW) == []
        assert remove_stale_files(upstream.path, older_than=timedelta(0), now=NOW) == [lock]

    def test_removes_packs_that_were_never_finished(self, upstream: Repository) -> None:
        left = [
            leave(upstream.path / "objects/pack/tmp_pack_x", age=timedelta(days=2)),
            leave(upstream.path / "objects/ab/tmp_obj_x", age=timedelta(days=2)),
        ]
        kept = leave(upstream.path / "objects/pack/pack-1.pack", age=timedelta(days=2))
        assert remove_stale_files(upstream.path, older_than=timedelta(days=1), now=NOW) == left
        assert kept.exists()
