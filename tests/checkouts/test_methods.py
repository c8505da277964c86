"""Every method that this machine can do gives the same folder."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grove.checkouts import CheckoutMethod, sweep_checkouts
from grove.checkouts.system import unmount_beneath
from grove.kit.gate import Actor
from grove.repositories import find_repository, request_sync
from tests.checkouts.conftest import checked_out, collected, opened, read, write
from tests.support.git_repositories import Repository, git
from tests.support.grove import House, house
from tests.support.sources import connect

MAKERS = {"btrfs": "mkfs.btrfs", "xfs": "mkfs.xfs"}
IMAGE_BYTES = 2 * 1024**3


@contextmanager
def disk(tmp_path: Path, kind: str) -> Iterator[Path]:
    """A disk of a kind in a file, mounted."""
    maker = shutil.which(MAKERS[kind], path="/usr/sbin:/sbin:/usr/bin")
    if maker is None:
        pytest.skip(f"{MAKERS[kind]} is not installed")
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    image, place = tmp_path / "image", tmp_path / "disk"
    image.touch()
    os.truncate(image, IMAGE_BYTES)
    place.mkdir()
    subprocess.run([maker, "-q", image], check=True, capture_output=True)
    if subprocess.run(["mount", "-o", "loop", image, place], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine mounts no files")
    try:
        yield place
    finally:
        unmount_beneath(place)
        subprocess.run(["umount", "-l", place], check=True)


def can_overlay() -> bool:
    return os.geteuid() == 0 and "overlay" in Path("/proc/filesystems").read_text()


@pytest.fixture(params=["btrfs", "clone", "overlay", "copy", "git"])
def method(request: pytest.FixtureRequest) -> CheckoutMethod:
    return CheckoutMethod(request.param)


@pytest.fixture
def made(tmp_path: Path, upstream: Repository, method: CheckoutMethod) -> Iterator[House]:
    kinds = {CheckoutMethod.BTRFS: "btrfs", CheckoutMethod.CLONE: "xfs"}
    settings = {"local_roots": (tmp_path,), "checkout_methods": (method.value,), "warm_checkouts": 0}
    upstream.commit({"large.bin": b"0123456789abcdef" * 9_000, "larger.bin": b"fedcba98" * 30_001})
    upstream.commit({".gitattributes": "*.md eol=crlf ident working-tree-encoding=UTF-16\n", "id.md": "$Id$\n"})
    if method is CheckoutMethod.OVERLAY and not can_overlay():
        pytest.skip("only root may mount")
    if method in kinds:
        with disk(tmp_path, kinds[method]) as place, house(place / "data", **settings) as made:
            connect(made, str(upstream.path), name="acme/shop")
            made.work()
            yield made
        return
    with house(tmp_path / "data", **settings) as made:
        connect(made, str(upstream.path), name="acme/shop")
        made.work()
        yield made
        unmount_beneath(tmp_path)


class TestEveryMethod:
    def test_gives_a_folder_that_can_be_changed_collected_and_removed(
        self, made: House, method: CheckoutMethod
    ) -> None:
        opened(made)
        opened(made, "other")
        write(made, "written.txt", "written\n")
        placed, other = checked_out(made), checked_out(made, "other")
        assert placed.checkout.method is method
        for one in (placed, other):
            git(one.path, "diff-files", "--quiet")
            assert (one.path / "large.bin").read_bytes() == b"0123456789abcdef" * 9_000
            assert (one.path / "larger.bin").read_bytes() == b"fedcba98" * 30_001
            assert (one.path / "docs").is_symlink()
            assert (one.path / "id.md").read_bytes() == b"$Id$\n"
        assert git(other.path, "status", "--porcelain") == b""
        assert git(placed.path, "status", "--porcelain") == b"A  written.txt\n"
        (placed.path / "large.bin").write_bytes(b"changed")
        (placed.path / "src/part1/mod1.py").unlink()
        assert collected(made).from_folder == 2
        assert read(made, "large.bin") == b"changed"
        assert (other.path / "src/part1/mod1.py").exists()
        assert collected(made, "other").from_folder == 0
        made.grove.checkouts.remove(made.admin, "fix", now=made.now)
        assert not placed.path.exists()
        made.work()
        assert list(made.grove.checkouts.ground.places.tenants.glob("*/trash/*")) == []
        assert (other.path / "large.bin").exists()


@pytest.mark.parametrize("method", [CheckoutMethod.OVERLAY])
class TestAnOverlay:
    def test_is_mounted_again_after_a_restart_with_what_was_changed(self, made: House, method: CheckoutMethod) -> None:
        opened(made)
        placed = checked_out(made)
        (placed.path / "mine.txt").write_text("mine\n")
        unmount_beneath(placed.path.parent)
        assert not (placed.path / "mine.txt").exists()
        sweep_checkouts(made.grove.checkouts)
        assert (placed.path / "mine.txt").read_text() == "mine\n"
        collected(made)
        assert read(made, "mine.txt") == b"mine\n"


class TestAWarmFolder:
    @pytest.fixture
    def method(self) -> CheckoutMethod:
        return CheckoutMethod.COPY

    @pytest.fixture
    def warm(self, tmp_path: Path, upstream: Repository) -> Iterator[House]:
        with house(tmp_path / "data", local_roots=(tmp_path,), warm_checkouts=1) as made:
            connect(made, str(upstream.path), name="acme/shop")
            made.work()
            opened(made, "first")
            assert not checked_out(made, "first").is_warm
            made.work()
            yield made

    def test_is_handed_out_once_and_made_anew(self, warm: House) -> None:
        opened(warm)
        opened(warm, "next")
        placed = checked_out(warm)
        assert placed.is_warm
        assert not checked_out(warm, "next").is_warm
        git(placed.path, "diff-files", "--quiet")
        assert git(placed.path, "status", "--porcelain") == b""
        assert git(placed.path, "branch", "--show-current") == b"ws/fix\n"
        warm.work()
        opened(warm, "last")
        assert checked_out(warm, "last").is_warm

    def test_is_brought_to_the_commit_that_is_wanted(self, warm: House, upstream: Repository) -> None:
        upstream.commit({"README.md": "newer\n", "new/file.txt": "new\n"}, deletes=["src/part5/mod5.py"])
        self._sync(warm, warm.admin)
        opened(warm)
        placed = checked_out(warm)
        assert placed.is_warm
        assert git(placed.path, "status", "--porcelain") == b""
        assert (placed.path / "README.md").read_text() == "newer\n"
        assert not (placed.path / "src/part5").exists()
        assert collected(warm).from_folder == 0

    def _sync(self, made: House, actor: Actor) -> None:
        with made.grove.database.transaction() as tx:
            found = find_repository(tx, actor=actor, name="acme/shop")
            request_sync(tx, actor=actor, repository_id=found.id, now=made.now)
        made.work()
