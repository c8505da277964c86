"""Sparse checkouts: only some folders are laid out, more are added later, and the rest is not taken for removed."""

import pytest

from grove.checkouts import (
    CheckoutMethod,
    PlacedCheckout,
    SparseRefused,
    SparseUnknown,
)
from tests.checkouts.conftest import collected, opened, read, write
from tests.support.git_repositories import Repository, git
from tests.support.grove import House


@pytest.fixture
def upstream(upstream: Repository) -> Repository:
    upstream.commit(
        {
            "a/top.txt": "top\n",
            "a/b/in.txt": "in\n",
            "a/b/c/deep.txt": "deep\n",
            "a/d/out.txt": "out\n",
            "odd[1]*/x": "x",
        },
        links={"a/b/link": "../d/out.txt"},
    )
    return upstream


def sparse(made: House, *folders: str) -> PlacedCheckout:
    return made.grove.checkouts.checkout(made.admin, "fix", now=made.now, sparse=folders)


def there(placed: PlacedCheckout) -> set[str]:
    found = (path for path in placed.path.rglob("*") if not path.is_dir() or path.is_symlink())
    return {str(path.relative_to(placed.path)) for path in found if ".git" not in path.parts}


ROOT = {"README.md", "empty.txt", "docs", "out"}


class TestASparseCheckout:
    def test_has_the_folder_and_the_files_on_the_way_and_git_agrees(self, made: House) -> None:
        opened(made)
        placed = sparse(made, "a/b", "odd[1]*/")
        assert there(placed) == {*ROOT, "a/top.txt", "a/b/in.txt", "a/b/link", "a/b/c/deep.txt", "odd[1]*/x"}
        assert (placed.checkout.method, placed.sparse) == (CheckoutMethod.SPARSE, ("a/b", "odd[1]*"))
        assert git(placed.path, "status", "--porcelain") == b""
        git(placed.path, "sparse-checkout", "reapply")
        assert len(there(placed)) == 9
        assert git(placed.path, "status", "--porcelain") == b""

    def test_takes_what_is_missing_for_neither_removed_nor_changed(self, made: House) -> None:
        opened(made)
        placed = sparse(made, "a/b")
        (placed.path / "a/b/in.txt").write_text("changed\n")
        (placed.path / "a/b/c/deep.txt").unlink()
        write(made, "a/d/out.txt", "elsewhere\n")
        done = collected(made)
        assert (done.from_folder, read(made, "a/d/out.txt")) == (2, b"elsewhere\n")
        assert not (placed.path / "a/d").exists()
        assert len(made.grove.workspaces.files(made.admin, "fix", folder="src")) == 320

    def test_is_refused_for_what_is_no_folder(self, made: House) -> None:
        opened(made)
        for folder in ("nowhere", "README.md", "../x", "a/b/link"):
            with pytest.raises(SparseUnknown):
                sparse(made, folder)
        assert list(made.grove.checkouts.ground.places.tenants.glob("*/c/*")) == []

    def test_of_everything_stays_whole(self, made: House) -> None:
        opened(made)
        assert sparse(made).sparse == ()
        assert sparse(made, "a/b").sparse == ()


class TestAddingFolders:
    @pytest.fixture(autouse=True)
    def confined(self, made: House) -> None:
        if made.grove.confiner.method is None:
            pytest.skip("nothing on this machine can confine a command")

    def test_lays_them_out_beside_what_was_changed(self, made: House) -> None:
        opened(made)
        placed = sparse(made, "a/b")
        (placed.path / "a/b/in.txt").write_text("changed\n")
        wider = sparse(made, "a/d", "src/part7")
        assert (wider.sparse, wider.checkout.files) == (("a/b", "a/d", "src/part7"), 10)
        assert (placed.path / "a/d/out.txt").read_text() == "out\n"
        assert git(placed.path, "status", "--porcelain") == b" M a/b/in.txt\n"
        assert read(made, "a/b/in.txt") == b"changed\n"
        (placed.path / "a/d/out.txt").unlink()
        assert collected(made).from_folder == 1

    def test_runs_nothing_of_the_users_outside(self, made: House) -> None:
        opened(made)
        placed = sparse(made, "a/b")
        canary = made.grove.locator.data / "canary"
        for key in ("core.fsmonitor", "core.alternateRefsCommand", "core.pager"):
            git(placed.path, "config", key, f"touch {canary};")
        sparse(made, "a/d")
        assert not canary.exists()

    def test_is_refused_when_git_refuses(self, made: House) -> None:
        opened(made)
        placed = sparse(made, "a/b")
        (placed.path / ".git/index").write_bytes(b"nonsense")
        with pytest.raises(SparseRefused):
            sparse(made, "a/d")
