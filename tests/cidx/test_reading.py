"""CIDX data folders as they are found: flat, versioned, stale, damaged and hostile."""

import json
from pathlib import Path
from typing import Any

import pytest

from grove.cidx import CidxEntry, CidxFolderUnknown, EntryKind, read_cidx
from tests.support.git_repositories import Repository


class CidxFolder:
    """A data folder, being filled."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.golden = root / "golden-repos"
        self.golden.mkdir(parents=True)

    def repository(self, place: str) -> Path:
        return Repository.new(self.root / place).path

    def write(self, place: str, told: Any) -> None:
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(told if isinstance(told, str) else json.dumps(told))

    def metadata(self, **entries: Any) -> None:
        self.write("golden-repos/metadata.json", entries)

    def read(self) -> dict[str, CidxEntry]:
        return {entry.name: entry for entry in read_cidx(self.root)}


@pytest.fixture
def folder(tmp_path: Path) -> CidxFolder:
    return CidxFolder(tmp_path / "data")


def entry(path: object, url: str = "git@github.com:acme/shop.git") -> dict[str, object]:
    return {"alias": "shop", "repo_url": url, "clone_path": str(path), "created_at": "2025-01-01T00:00:00Z"}


class TestARepository:
    def test_is_found_where_it_is_recorded(self, folder: CidxFolder) -> None:
        path = folder.repository("golden-repos/elsewhere")
        folder.metadata(shop=entry(path))

        found = folder.read()["shop"]
        assert (found.path, found.resolved, found.url) == (path, "recorded", "git@github.com:acme/shop.git")

    def test_is_found_by_its_name_and_then_by_its_newest_version(self, folder: CidxFolder) -> None:
        flat = folder.repository("golden-repos/shop")
        folder.repository("golden-repos/.versioned/pay/v_99")
        newest = folder.repository("golden-repos/.versioned/pay/v_1735516800")
        (folder.golden / ".versioned" / "pay" / "v_broken").mkdir()
        folder.metadata(shop=entry("/gone/shop"), pay=entry("/gone/pay"))

        found = folder.read()
        assert (found["shop"].path, found["shop"].resolved) == (flat, "flat")
        assert (found["pay"].path, found["pay"].resolved) == (newest, "versioned")

    def test_is_found_through_the_registry_and_without_any_file(self, folder: CidxFolder) -> None:
        registered = folder.repository("golden-repos/.versioned/shop/v_1")
        told = {"repo_name": "shop", "repo_url": "https://example.org/shop.git", "index_path": "/gone"}
        folder.write("golden-repos/global_registry.json", {"shop-global": told})
        unnamed = folder.repository("golden-repos/newer")

        found = folder.read()
        assert found["shop"].path == registered
        assert found["newer"].path == unnamed

    def test_counts_only_inside_of_the_folder(self, folder: CidxFolder, tmp_path: Path) -> None:
        outside = Repository.new(tmp_path / "outside").path
        (folder.golden / "link").symlink_to(outside)
        folder.metadata(shop=entry(outside), link=entry(folder.golden / "link"), up=entry(folder.golden / ".." / ".."))

        found = folder.read()
        assert {found[name].path for name in ("shop", "link", "up")} == {None}
        assert found["shop"].problem == found["link"].problem == "its folder is outside of the data folder"

    @pytest.mark.parametrize("name", ["../up", "a/b", "a\\b", "..", ".hidden", "a\nb", "", "\x1b[31m"])
    def test_is_named_like_a_folder(self, folder: CidxFolder, name: str) -> None:
        folder.metadata(**{name: entry("/gone")})

        assert folder.read()[name].problem == "its name cannot be that of a folder"

    @pytest.mark.parametrize("told", ["text", 7, None, ["a"]])
    def test_is_listed_when_its_entry_is_malformed(self, folder: CidxFolder, told: object) -> None:
        path = folder.repository("golden-repos/good")
        folder.metadata(shop=told, good=entry(path))

        found = folder.read()
        assert found["shop"].problem == "its entry is no object"
        assert found["good"].path == path

    @pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, "\x00"])
    def test_is_found_beside_a_damaged_file(self, folder: CidxFolder, text: str) -> None:
        path = folder.repository("golden-repos/shop")
        folder.write("golden-repos/metadata.json", text)

        found = folder.read()
        assert found["metadata.json"].problem
        assert found["shop"].path == path


class TestAnActivatedRepository:
    def test_names_its_owner_repository_and_branch(self, folder: CidxFolder) -> None:
        path = folder.repository("activated-repos/alice/fix")
        told = {"user_alias": "fix", "golden_repo_alias": "shop", "current_branch": "main"}
        folder.write("activated-repos/alice/fix_metadata.json", told)
        folder.write("activated-repos/alice/gone_metadata.json", told)
        folder.write("activated-repos/bob/bad_metadata.json", "{")

        found = folder.read()
        fix = found["fix"]
        assert (fix.kind, fix.owner, fix.repository, fix.branch) == (EntryKind.WORKSPACE, "alice", "shop", "main")
        assert (fix.path, fix.problem) == (path, "")
        assert found["gone"].problem
        assert found["bad"].problem


class TestAFolder:
    def test_may_be_that_of_the_server_or_its_data(self, tmp_path: Path) -> None:
        CidxFolder(tmp_path / "server" / "data").repository("golden-repos/shop")
        assert [each.name for each in read_cidx(tmp_path / "server")] == ["shop"]
        with pytest.raises(CidxFolderUnknown):
            read_cidx(tmp_path)
