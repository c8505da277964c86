"""What a crash has left behind."""

from pathlib import Path

from grove.mirrors import sweep_leftovers
from grove.placement import Locator


class TestSweepLeftovers:
    def test_removes_what_git_and_confined_commands_had_begun(self, tmp_path: Path) -> None:
        locator = Locator(tmp_path / "data")
        locator.prepare()
        kept = tmp_path / "kept"
        kept.mkdir()
        for name in ("git-1", "confined-2", "scip-3"):
            deep = locator.jobs() / name
            for _ in range(50):
                deep /= "d"
            deep.mkdir(parents=True)
            (deep / "link").symlink_to(kept)
        closed = locator.jobs() / "confined-2" / "closed"
        closed.mkdir(mode=0o000)

        removed = sweep_leftovers(locator, known=(), running=())

        assert sorted(path.name for path in removed) == ["confined-2", "git-1", "scip-3"]
        assert list(locator.jobs().iterdir()) == []
        assert kept.is_dir()
