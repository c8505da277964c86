"""Checkouts of real repositories, in a whole Grove."""

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import text, update

from grove.accounts import Role
from grove.checkouts import CheckoutMissing, CheckoutsFull, CheckoutTooLarge, TreeRefused
from grove.repositories import address_key, find_repository, request_sync
from grove.repositories.tables import RepositoryAliasRow, RepositoryRow
from grove.workspaces import Edit, EditKind, WorkspaceNotFound
from tests.checkouts.conftest import checked_out, opened
from tests.support.git_repositories import FILE, LINK, SUBMODULE, Repository, git
from tests.support.grove import House
from tests.support.threads import at_once


def sync(made: House) -> None:
    with made.grove.database.transaction() as tx:
        found = find_repository(tx, actor=made.admin, name="acme/shop")
        request_sync(tx, actor=made.admin, repository_id=found.id, now=made.now)
    made.work()


class TestACheckout:
    def test_holds_every_file_and_git_finds_it_clean_without_reading_any(self, made: House) -> None:
        workspace = opened(made)
        placed = checked_out(made)
        assert (placed.path / "src/part7/mod7.py").read_text() == "value = 7\n"
        assert (placed.path / "empty.txt").read_bytes() == b""
        assert (placed.path / "docs").readlink() == Path("src/part1")
        assert (placed.checkout.files, placed.left_out) == (324, {})
        assert git(placed.path, "diff-files") == b""  # it goes by the states alone
        assert git(placed.path, "status", "--porcelain=v2", "--branch").decode().splitlines()[:2] == [
            f"# branch.oid {workspace.base}",
            "# branch.head ws/fix",
        ]

    def test_has_a_git_directory_of_its_own_with_two_remotes(self, made: House, upstream: Repository) -> None:
        workspace = opened(made)
        placed = checked_out(made)
        assert git(placed.path, "status", "--porcelain") == b""
        assert git(placed.path, "remote", "get-url", "origin").decode().strip() == str(upstream.path)
        assert git(placed.path, "rev-parse", "golden/main").decode().strip() == workspace.base
        git(placed.path, "fsck", "--no-dangling")
        (placed.path / "README.md").write_text("mine\n")
        git(placed.path, "-c", "user.name=Ann", "commit", "-qam", "Mine")
        upstream.commit({"new.txt": "new\n"})
        sync(made)
        git(placed.path, "fetch", "-q", "golden")
        git(placed.path, "rebase", "-q", "golden/main")
        assert (placed.path / "new.txt").read_text() == "new\n"
        with made.grove.database.reading() as tx:
            mirror = made.grove.mirrors.path(find_repository(tx, actor=made.admin, name="acme/shop"))
        assert [name for name in made.grove.git.refs(mirror) if "ws/" in name] == []

    def test_has_its_origin_follow_a_repository_that_has_moved_unless_its_user_chose_another(
        self, made: House, upstream: Repository
    ) -> None:
        workspace = opened(made)
        placed = checked_out(made)
        git(placed.path, "config", "alias.st", "status")
        now_at = "https://git.example.org/acme/shop-2.git"
        left = {"repository_id": workspace.repository_id, "tenant_id": workspace.tenant_id, "until": made.now}
        with made.grove.database.transaction() as tx:
            address = address_key(str(upstream.path))
            tx.session.add(RepositoryAliasRow(**left, address=address, name_key="acme/shop"))
            tx.session.execute(update(RepositoryRow).values(url=now_at))

        for chosen, found in (("", now_at), (f"{upstream.path}/", now_at), ("https://me.example/x", "")):
            if chosen:
                git(placed.path, "remote", "set-url", "origin", chosen)
            checked_out(made)
            assert git(placed.path, "remote", "get-url", "origin").decode().strip() == (found or chosen)
        assert git(placed.path, "config", "alias.st") == b"status\n"
        config = placed.path / ".git" / "config"
        config.rename(placed.path / ".git" / "elsewhere")
        config.symlink_to("elsewhere")
        checked_out(made)
        assert config.is_symlink()

    def test_has_what_was_written_to_the_workspace_and_is_there_once(self, made: House) -> None:
        opened(made)
        edit = Edit(kind=EditKind.WRITE, path="new/file.txt", content=b"new\n", executable=True)
        made.grove.workspaces.edit(made.admin, "fix", edits=[edit], now=made.now)
        placed = checked_out(made)
        assert (placed.path / "new/file.txt").read_text() == "new\n"
        assert os.access(placed.path / "new/file.txt", os.X_OK)
        assert git(placed.path, "status", "--porcelain") == b"A  new/file.txt\n"
        assert checked_out(made) == placed
        assert made.grove.checkouts.find(made.admin, "fix") == placed

    def test_is_removed_in_a_moment_whatever_is_in_it(self, made: House) -> None:
        opened(made)
        placed = checked_out(made)
        (placed.path / "closed").mkdir()
        (placed.path / "closed/file").write_text("x")
        (placed.path / "closed").chmod(0)
        began = time.process_time()
        made.grove.checkouts.remove(made.admin, "fix", now=made.now)
        assert time.process_time() - began < 0.05
        assert not placed.path.exists()
        with pytest.raises(CheckoutMissing):
            made.grove.checkouts.find(made.admin, "fix")
        made.work()
        assert list(made.grove.checkouts.ground.places.tenants.glob("*/trash/*")) == []
        assert Path("/etc/passwd").exists()
        assert checked_out(made).path.is_dir()


class TestSixteenAtOnce:
    def test_are_each_whole_and_share_one_published_tree(self, made: House) -> None:
        for number in range(16):
            opened(made, f"w{number}")
        placed = at_once(lambda number: checked_out(made, f"w{number}"), range(16), threads=16)
        assert len({one.path for one in placed}) == 16
        for one in placed:
            assert git(one.path, "status", "--porcelain") == b""
            assert len(list(one.path.glob("src/*/*.py"))) == 320
        trees = made.grove.checkouts.ground.places.tenants.glob("*/r/*/trees/*/facts.json")
        assert len(list(trees)) == 1


class TestPermission:
    def test_is_the_owners_and_the_administrators(self, made: House) -> None:
        ann, _ = made.actor(Role.DEVELOPER, name="ann")
        bob, _ = made.actor(Role.DEVELOPER, name="bob")
        desk, now = made.grove.checkouts, made.now
        hers = made.grove.workspaces.create(ann, repository="acme/shop", name="hers", target="", now=now)
        desk.checkout(ann, "hers", now=now)
        assert desk.find(made.admin, hers.id).path.is_dir()
        with pytest.raises(WorkspaceNotFound):
            desk.find(bob, hers.id)
        with pytest.raises(WorkspaceNotFound):
            desk.checkout(bob, hers.id, now=now)
        with pytest.raises(WorkspaceNotFound):
            desk.remove(bob, hers.id, now=now)


class TestHostileTrees:
    @pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"git~1", b"a\\..\\b"])
    def test_with_names_that_lead_elsewhere_are_refused(self, made: House, upstream: Repository, name: bytes) -> None:
        """As if the check of what is fetched had been passed by."""
        workspace = opened(made)
        blob = upstream.write("blob", b"x")
        tree = upstream.write_tree([(FILE, name, blob)])
        self._smuggle(made, upstream, workspace.id, tree=tree)
        with pytest.raises(TreeRefused):
            checked_out(made)
        assert list(made.grove.checkouts.ground.places.tenants.glob("*/c/*")) == []

    def test_that_name_a_link_and_a_folder_alike_are_refused(self, made: House, upstream: Repository) -> None:
        workspace = opened(made)
        inner = upstream.write_tree([(FILE, b"passwd", upstream.write("blob", b"x"))])
        tree = upstream.write_tree([(LINK, b"a", upstream.write("blob", b"/tmp")), (0o040000, b"a", inner)])
        self._smuggle(made, upstream, workspace.id, tree=tree)
        with pytest.raises(TreeRefused):
            checked_out(made)
        assert not Path("/tmp/passwd").exists()

    def test_are_laid_out_without_what_no_disk_can_hold(self, made: House, upstream: Repository) -> None:
        blob = upstream.write("blob", b"x")
        names = [b"CON", b"a\nb", b"A", b"a", b"\xff", b"n" * 300, b"--output=x"]
        entries = [(FILE, name, blob) for name in sorted(names)]
        entries += [(FILE, b"gone", "0" * 39 + "1"), (SUBMODULE, b"sub", "1" * 40)]
        workspace = opened(made)
        tree = upstream.write_tree(sorted(entries, key=lambda entry: entry[1]))
        self._smuggle(made, upstream, workspace.id, tree=tree)
        placed = checked_out(made)
        assert placed.left_out == {
            "gone": "its content is missing in the mirror",
            "n" * 300: "its name is too long for a disk",
        }
        found = {os.fsencode(path.name) for path in placed.path.iterdir()}
        assert found == {*names, b"sub", b".git"} - {b"n" * 300}
        changed = git(placed.path, "diff", "--name-only", "-z")
        assert changed == b""

    def test_of_too_many_bytes_are_refused(self, made: House, upstream: Repository) -> None:
        upstream.commit({f"big{number}": bytes([number]) * 1_000_000 for number in range(6)})
        sync(made)
        opened(made)
        with pytest.raises(CheckoutTooLarge):
            checked_out(made)

    def test_of_one_owner_are_bounded_together(self, made: House, upstream: Repository) -> None:
        upstream.commit({f"big{number}": bytes([number]) * 1_000_000 for number in range(3)})
        sync(made)
        opened(made)
        opened(made, "second")
        checked_out(made)
        with pytest.raises(CheckoutsFull):
            checked_out(made, "second")
        made.work()
        assert len(list(made.grove.checkouts.ground.places.tenants.glob("*/c/*/files"))) == 1

    def test_that_are_not_committed_are_refused_as_well(self, made: House, upstream: Repository) -> None:
        workspace = opened(made)
        tree = upstream.write_tree([(FILE, b"..", upstream.write("blob", b"x"))])
        self._smuggle(made, upstream, workspace.id, tree=tree, head=workspace.head)
        with pytest.raises(TreeRefused):
            checked_out(made)

    def _smuggle(self, made: House, upstream: Repository, workspace_id: str, *, tree: str, head: str = "") -> None:
        """Have a workspace's tree be one that no edit could make."""
        values = {"tree": tree, "head": head or upstream.write_commit(tree)}
        with made.grove.database.transaction() as tx:
            tx.session.execute(text("UPDATE workspaces SET tree = :tree, head = :head"), values)
            tenant = made.admin.tenant_id
        folder = made.grove.locator.workspace(tenant_id=tenant, workspace_id=workspace_id)
        alternates = folder / "objects/info/alternates"
        alternates.write_text(alternates.read_text() + f"{upstream.path / 'objects'}\n")
