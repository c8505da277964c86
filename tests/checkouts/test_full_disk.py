"""A disk that becomes full in every stage of a workspace: nothing is lost, and it goes on when there is room."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from grove.checkouts import Order, PlacedCheckout
from grove.checkouts.system import unmount_beneath
from grove.kit.errors import StorageFull, needing_room
from grove.sandbox import Stop
from tests.checkouts.conftest import checked_out, collected, opened, read, write
from tests.support.git_repositories import Repository, git
from tests.support.grove import House, house
from tests.support.sources import connect

T = TypeVar("T")
IMAGE_BYTES = 420 * 1024**2
"""More than confined commands leave free."""
ROOMS = (0, 12_288, 400_000)
"""How many bytes are left: for nothing, for some files, for all but the contents."""


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A disk of its own, which can be filled."""

    place: Path

    def fill(self, left: int) -> None:
        """Leave so many bytes on it."""
        with (self.place / "filler").open("ab") as file:
            want = self._free() - left
            while want > 4_096:
                try:
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), want)
                    want = self._free() - left
                except OSError:
                    want //= 2

    def empty(self) -> None:
        """Make room again."""
        (self.place / "filler").unlink(missing_ok=True)

    def _free(self) -> int:
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    maker = shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin")
    if maker is None or os.geteuid() != 0:
        pytest.skip("only root may make and mount a disk, by mkfs.ext4")
    image, place = tmp_path / "image", tmp_path / "disk"
    image.touch()
    os.truncate(image, IMAGE_BYTES)
    place.mkdir()
    subprocess.run([maker, "-q", "-m0", image], check=True, capture_output=True)
    if subprocess.run(["mount", "-o", "loop", image, place], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine mounts no files")
    try:
        yield SmallDisk(place)
    finally:
        unmount_beneath(place)
        subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def made(tmp_path: Path, disk: SmallDisk, upstream: Repository) -> Iterator[House]:
    upstream.commit({"large.bin": os.urandom(3_000_000)})
    settings = {"local_roots": (tmp_path,), "max_workspaces": 40, "warm_checkouts": 0, "disk_free_mb_min": 0}
    with house(disk.place / "data", **settings) as made:
        connect(made, str(upstream.path), name="acme/shop")
        made.work()
        yield made


def filled(disk: SmallDisk, left: int, act: Callable[[], T]) -> T:
    """What comes of an act while so many bytes are left.

    :raises StorageFull: if they are too few, as every surface tells it.
    """
    disk.fill(left)
    try:
        with needing_room():
            return act()
    finally:
        disk.empty()


@pytest.mark.parametrize("left", ROOMS)
class TestAFullDisk:
    def test_stops_opening_writing_and_committing_and_nothing_is_lost(
        self, made: House, disk: SmallDisk, left: int
    ) -> None:
        opened(made)
        write(made, "mine.txt", "mine\n")
        desk = made.grove.workspaces
        acts: list[Callable[[], object]] = [
            lambda: opened(made, "other"),
            lambda: write(made, "large.txt", "x" * 500_000),
            lambda: desk.commit_changes(made.admin, "fix", message="Mine", now=made.now),
        ]
        for act in acts:
            with suppress(StorageFull):  # or there was just enough room for it
                filled(disk, left, act)
        assert read(made, "mine.txt") == b"mine\n"
        if desk.status(made.admin, "fix").changes:
            desk.commit_changes(made.admin, "fix", message="Mine", now=made.now)
        write(made, "later.txt", "later\n")
        opened(made, "another")
        assert read(made, "mine.txt") == b"mine\n"

    def test_stops_a_checkout_and_leaves_nothing_half_made(self, made: House, disk: SmallDisk, left: int) -> None:
        opened(made)
        opened(made, "other")
        with pytest.raises(StorageFull):
            filled(disk, left, lambda: checked_out(made))
        self._is_whole(made, checked_out(made))
        with pytest.raises(StorageFull):
            filled(disk, left, lambda: checked_out(made, "other"))
        self._is_whole(made, checked_out(made, "other"))

    def test_stops_a_command_and_keeps_what_is_in_the_folder(self, made: House, disk: SmallDisk, left: int) -> None:
        if made.grove.confiner.method is None:
            pytest.skip("nothing on this machine can confine a command")
        opened(made)
        placed = checked_out(made)
        order = Order(words=["sh", "-c", "echo half > half.txt; head -c 9000000 /dev/zero > zeros; sleep 5"])
        with suppress(StorageFull):
            done = filled(disk, left, lambda: made.grove.commands.execute(made.admin, "fix", order=order, now=made.now))
            assert done.outcome.stopped is Stop.DISK
        (placed.path / "mine.txt").write_text("mine\n")
        with suppress(StorageFull):
            filled(disk, left, lambda: collected(made))
        collected(made)
        assert read(made, "mine.txt") == b"mine\n"

    def _is_whole(self, made: House, placed: PlacedCheckout) -> None:
        assert placed.left_out == {}
        assert (placed.path / "large.bin").stat().st_size == 3_000_000
        assert git(placed.path, "status", "--porcelain") == b""
        tenants = made.grove.checkouts.ground.places.tenants
        assert [*tenants.glob("*/c/.*"), *tenants.glob("*/r/*/trees/.building-*")] == []
