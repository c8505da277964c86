"""Files that are whole or not there."""

import shutil
import subprocess
from pathlib import Path

import pytest

from grove.kit import faults
from grove.kit.errors import StorageFull
from grove.kit.files import folder_bytes, publish_folder, remove_tree, write_durably
from grove.kit.logging import mask


class TestWriteDurably:
    def test_replaces_the_whole_file_and_leaves_no_other(self, tmp_path: Path) -> None:
        path = tmp_path / "note"
        path.write_bytes(b"old and longer")
        write_durably(path, b"new")

        assert path.read_bytes() == b"new"
        assert path.stat().st_mode & 0o777 == 0o600
        assert list(tmp_path.iterdir()) == [path]

    def test_leaves_what_was_there_and_nothing_else_when_there_is_no_room(self, tmp_path: Path) -> None:
        mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(tmp_path)]
        if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("this user may mount no small file system")
        try:
            path = tmp_path / "note"
            write_durably(path, b"old")
            with pytest.raises(StorageFull):
                write_durably(path, b"n" * 65_536)

            assert path.read_bytes() == b"old"
            assert list(tmp_path.iterdir()) == [path]
        finally:
            subprocess.run(["umount", str(tmp_path)], check=True)


class TestPublishFolder:
    def test_gives_a_finished_folder_its_name(self, tmp_path: Path) -> None:
        built = tmp_path / "building" / "job"
        built.mkdir(parents=True)
        (built / "part").write_bytes(b"123")
        publish_folder(built, tmp_path / "published" / "name")

        assert (tmp_path / "published" / "name" / "part").read_bytes() == b"123"
        assert not built.exists()
        assert folder_bytes(tmp_path / "published") >= 3


class TestRemoveTree:
    def test_does_not_mind_what_is_gone(self, tmp_path: Path) -> None:
        remove_tree(tmp_path / "nothing")

    def test_removes_a_folder_with_all_in_it(self, tmp_path: Path) -> None:
        (tmp_path / "a" / "b").mkdir(parents=True)
        (tmp_path / "a" / "b" / "c").write_text("x")
        remove_tree(tmp_path / "a")

        assert list(tmp_path.iterdir()) == []


class TestFaults:
    def test_fire_once_for_all_who_share_a_folder(self, tmp_path: Path) -> None:
        faults.arm("point:error", folder=tmp_path)
        with pytest.raises(OSError, match="fault injected at point"):
            faults.reach("point")
        faults.arm("point:error", folder=tmp_path)
        faults.reach("point")
        faults.arm("", folder=tmp_path)


class TestMask:
    @pytest.mark.parametrize(
        "secret",
        [
            "ghp_0123456789abcdefghij",
            "github_pat_11ABCDEFG0123456789",
            "glpat-abcdef0123456789",
            "grove_dGhpcyBpcyBhIHRva2VuIHRoYXQgaXMgbG9uZw",
        ],
    )
    def test_hides_what_looks_like_a_secret(self, secret: str) -> None:
        assert secret not in mask(f"it said {secret} and more")

    def test_hides_what_stands_before_the_host_of_an_address(self) -> None:
        assert mask("https://user:pass@host/x") == "https://***@host/x"
        assert mask("https://token@host/x") == "https://***@host/x"

    def test_hides_what_an_authorization_header_holds(self) -> None:
        assert mask("Authorization: Bearer abcdef123456") == "Authorization: Bearer ***"

    def test_leaves_other_text_alone(self) -> None:
        assert mask("https://host/path mirror.sync 42") == "https://host/path mirror.sync 42"
