"""The room that workspaces take: measured, shown, and bounded by a quota."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grove.checkouts.system import unmount_beneath
from grove.quotas import Holder, HolderKind, QuotaExceeded, Sort, list_quotas, set_quota
from grove.workspaces import Edit, EditKind, Workspace
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect

MIB = 1024 * 1024


def can_overlay() -> bool:
    return os.geteuid() == 0 and "overlay" in Path("/proc/filesystems").read_text()


@pytest.fixture
def method() -> str:
    return "copy"


@pytest.fixture
def made(tmp_path: Path, method: str) -> Iterator[House]:
    upstream = Repository.new(tmp_path / "up" / "shop.git")
    upstream.commit({"README.md": "shop\n", "large.txt": "line\n" * 50_000})
    with house(tmp_path / "data", local_roots=(tmp_path,), checkout_methods=(method,)) as made:
        connect(made, str(upstream.path), name="acme/shop")
        made.work()
        made.grove.workspaces.create(made.admin, repository="acme/shop", name="fix", target="", now=made.now)
        yield made
        unmount_beneath(tmp_path)


def write(made: House, path: str, content: bytes) -> Workspace:
    edits = [Edit(kind=EditKind.WRITE, path=path, content=content)]
    return made.grove.workspaces.edit(made.admin, "fix", edits=edits, now=made.now)


def used(made: House) -> int:
    holder = Holder(kind=HolderKind.USER, id=made.admin.id)
    with made.grove.database.reading() as tx:
        quotas = list_quotas(tx, actor=made.admin, holder=holder, now=made.now)
    return next(quota.used for quota in quotas if quota.sort is Sort.WORKSPACE_BYTES)


def allow(made: House, limit: int) -> None:
    holder = Holder(kind=HolderKind.USER, id=made.admin.id)
    with made.grove.database.transaction() as tx:
        set_quota(tx, actor=made.admin, holder=holder, sort=Sort.WORKSPACE_BYTES, limit=limit, now=made.now)


def objects(made: House, workspace: Workspace) -> int:
    folder = made.grove.locator.workspace(tenant_id=workspace.tenant_id, workspace_id=workspace.id)
    return sum(1 for path in (folder / "objects").rglob("*") if path.is_file())


class TestTheRoomOfAWorkspace:
    def test_is_what_its_git_directory_takes(self, made: House) -> None:
        write(made, "noise.bin", os.urandom(2 * MIB))
        assert 2 * MIB <= used(made) < 3 * MIB
        before = used(made)
        for number in range(9):
            write(made, f"small{number}.txt", b"small\n")
        assert before < used(made) < before + MIB

    @pytest.mark.parametrize("method", ["copy", "git", "overlay"])
    def test_is_that_of_its_folder_too(self, made: House, method: str) -> None:
        if method == "overlay" and not can_overlay():
            pytest.skip("only root may mount")
        placed = made.grove.checkouts.checkout(made.admin, "fix", now=made.now)
        assert placed.checkout.method == method
        laid = used(made)
        (placed.path / "noise.bin").write_bytes(os.urandom(MIB))
        made.grove.checkouts.collect(made.admin, "fix", now=made.now)
        assert used(made) >= laid + MIB
        made.grove.checkouts.remove(made.admin, "fix", now=made.now)
        assert used(made) < laid + 2 * MIB

    def test_is_given_back_at_its_end(self, made: House) -> None:
        write(made, "noise.bin", os.urandom(2 * MIB))
        made.grove.workspaces.end(made.admin, "fix", now=made.now)
        assert used(made) == 0


class TestAQuotaOfBytes:
    def test_refuses_before_anything_is_written(self, made: House) -> None:
        workspace = write(made, "noise.bin", os.urandom(2 * MIB))
        allow(made, MIB)
        before = objects(made, workspace)
        with pytest.raises(QuotaExceeded) as refused:
            write(made, "more.bin", b"more")
        assert refused.value.facts["sort"] == Sort.WORKSPACE_BYTES
        with pytest.raises(QuotaExceeded):
            made.grove.pushes.open(made.admin, "fix", changes=True)
        with pytest.raises(QuotaExceeded):
            made.grove.checkouts.checkout(made.admin, "fix", now=made.now)
        assert objects(made, workspace) == before
        assert not made.grove.checkouts.ground.folder(workspace).exists()

    def test_lets_people_commit_and_remove_what_they_have(self, made: House) -> None:
        write(made, "noise.bin", os.urandom(2 * MIB))
        allow(made, MIB)
        made.grove.workspaces.commit_changes(made.admin, "fix", message="Mine", now=made.now)
        gone = [Edit(kind=EditKind.REMOVE, path="noise.bin")]
        made.grove.workspaces.edit(made.admin, "fix", edits=gone, now=made.now)
        assert made.grove.workspaces.read(made.admin, "fix", path="README.md").content == b"shop\n"
        made.grove.pushes.open(made.admin, "fix", changes=False)
