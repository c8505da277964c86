"""Control groups: what is asked of the kernel, by a folder that stands for its files."""

from pathlib import Path

import pytest

from grove.sandbox import Bounds, Confinement, ConfinementFailed, Confiner, Holder
from grove.sandbox.control_groups import OWN_BYTES, ControlGroup, ControlGroups


@pytest.fixture
def parent(tmp_path: Path) -> Path:
    made = tmp_path / "handed"
    made.mkdir()
    (made / "cgroup.controllers").write_text("cpu io memory pids\n")
    return made


class TestGroups:
    def test_are_divided_with_what_is_needed(self, parent: Path) -> None:
        groups = ControlGroups.found(parent)
        assert groups.parent == parent
        assert (parent / "cgroup.subtree_control").read_text() == "+memory +pids +cpu"

    def test_are_not_there_when_too_little_is_handed_over(self, parent: Path) -> None:
        (parent / "cgroup.controllers").write_text("cpu\n")
        groups = ControlGroups.found(parent)
        assert (groups.parent, groups.problem) == (None, f"{parent}: memory and pids is not handed over to it")
        with groups.group(Bounds()) as group:
            assert group is None

    def test_are_not_there_when_there_is_no_such_folder(self, tmp_path: Path) -> None:
        assert "No such file" in ControlGroups.found(tmp_path / "none").problem

    def test_that_were_left_are_swept_away(self, parent: Path) -> None:
        (parent / "grove-left").mkdir()
        (parent / "others").mkdir()
        ControlGroups(parent=parent).sweep()
        assert [path.name for path in parent.iterdir() if path.is_dir()] == ["others"]


class TestAGroup:
    def test_is_bound_and_emptied_at_its_end(self, parent: Path) -> None:
        bounds = Bounds(memory_bytes_max=1000, home_bytes_max=10, processes_max=2)
        with ControlGroups(parent=parent).group(bounds) as group:
            assert group is not None
            read = {path.name: path.read_text() for path in group.folder.iterdir()}
            assert read["memory.max"] == str(1010 + OWN_BYTES)
            assert read["pids.max"] == str(bounds.threads_max + 8)
            assert (read["memory.swap.max"], read["memory.oom.group"]) == ("0", "1")
        assert (group.folder / "cgroup.kill").read_text() == "1"

    def test_knows_what_was_used_and_what_was_ended(self, tmp_path: Path) -> None:
        group = ControlGroup(folder=tmp_path)
        assert (group.is_out_of_memory, group.cpu_seconds) == (False, 0.0)
        (tmp_path / "memory.events").write_text("low 0\nmax 7\noom 1\noom_kill 2\n")
        (tmp_path / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 1\n")
        assert (group.is_out_of_memory, group.cpu_seconds) == (True, 2.5)


class TestACommand:
    def test_enters_its_group_before_anything_of_it_runs(self, parent: Path, tmp_path: Path) -> None:
        confiner = Confiner(tmp_path, cgroup=parent)
        if confiner.method is None:
            pytest.skip("nothing on this machine can confine a command")
        outcome = confiner.confine(Confinement(argv=["/bin/true"], cwd=Path("/")))
        assert (confiner.held_by, outcome.held_by, outcome.exit_code) == (Holder.GROUP, Holder.GROUP, 0)
        entered = [path.read_text() for path in parent.glob("grove-*/cgroup.procs")]
        assert entered == ["0"]

    def test_is_not_run_when_it_cannot_enter(self, parent: Path, tmp_path: Path) -> None:
        confiner = Confiner(tmp_path, cgroup=parent)
        if confiner.method is None:
            pytest.skip("nothing on this machine can confine a command")
        assert confiner.held_by is Holder.GROUP
        parent.rename(tmp_path / "gone")
        with pytest.raises(ConfinementFailed):
            confiner.confine(Confinement(argv=["/bin/true"], cwd=Path("/")))
