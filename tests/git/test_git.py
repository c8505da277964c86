"""Mirroring and reading honest repositories."""

from pathlib import Path

import pytest

from grove.git import (
    EntryKind,
    FetchPhase,
    FetchProgress,
    Git,
    ObjectMissing,
    ObjectTooLarge,
    PathMissing,
    RefRefused,
    RemoteListing,
    RevisionAmbiguous,
    RevisionUnknown,
    TreeLimits,
    TreeTooLarge,
)
from tests.git.conftest import HEADS, LIMITS, local, served
from tests.support.git_repositories import SUBMODULE, Repository
from tests.support.git_server import GitServer


class TestListing:
    def test_tells_branches_tags_and_the_default_branch(self, git: Git, upstream: Repository) -> None:
        first = upstream.commit({"a": "1"})
        second = upstream.commit({"a": "2"}, branch="dev")
        upstream.set_ref("refs/tags/v1", first)
        upstream.set_ref("refs/pull/1/head", first)

        assert git.listing(local(upstream)) == RemoteListing(
            default_branch="main",
            head_commit=first,
            refs={"refs/heads/main": first, "refs/heads/dev": second, "refs/tags/v1": first},
        )

    def test_tells_an_empty_repository(self, git: Git, upstream: Repository) -> None:
        assert git.listing(local(upstream)) == RemoteListing(default_branch=None, head_commit=None, refs={})

    def test_works_over_https(self, online: Git, server: GitServer) -> None:
        listing = online.listing(served(server))
        assert listing.default_branch == "main"
        assert list(listing.refs) == ["refs/heads/main"]


class TestFetch:
    def test_mirrors_over_https_and_tells_progress(self, online: Git, mirror: Path, server: GitServer) -> None:
        told: list[FetchProgress] = []

        online.fetch(mirror, served(server), refspecs=HEADS, limits=LIMITS, on_progress=told.append)

        assert online.refs(mirror) == online.listing(served(server)).refs
        assert told[0].phase is FetchPhase.CONNECTING
        received = [progress for progress in told if progress.phase is FetchPhase.RECEIVING]
        assert received[-1].done == received[-1].total == 7

    def test_follows_changes_through_a_quarantine(
        self, git: Git, mirror: Path, upstream: Repository, tmp_path: Path
    ) -> None:
        upstream.commit({"a": "1"}, branch="a")
        upstream.commit({"b": "1"})
        git.fetch(mirror, local(upstream), refspecs=HEADS, limits=LIMITS)
        upstream.commit({"c": "1"})
        (upstream.path / "refs/heads/a").unlink()
        upstream.commit({"c": "1"}, branch="a/b")
        quarantine = tmp_path / "data" / "incoming"

        git.init(quarantine, borrowing=mirror)
        git.fetch(quarantine, local(upstream), refspecs=HEADS, limits=LIMITS)
        new, old = git.refs(quarantine), git.refs(mirror)
        assert git.move_packs(quarantine, mirror) > 0
        git.check_connectivity(mirror, new.values())
        git.update_refs(mirror, deletes=old.keys() - new.keys(), updates=new)

        assert git.refs(mirror) == upstream.refs() == new
        assert list(quarantine.glob("objects/pack/pack-*")) == []

    def test_fetches_only_what_is_new(self, git: Git, mirror: Path, upstream: Repository, tmp_path: Path) -> None:
        upstream.commit({f"file{number}": str(number) for number in range(200)})
        git.fetch(mirror, local(upstream), refspecs=HEADS, limits=LIMITS)
        upstream.commit({"new": "fresh"})
        told: list[FetchProgress] = []

        git.init(tmp_path / "incoming", borrowing=mirror)
        git.fetch(tmp_path / "incoming", local(upstream), refspecs=HEADS, limits=LIMITS, on_progress=told.append)

        assert max(progress.total for progress in told if progress.phase is FetchPhase.RECEIVING) == 3

    def test_refuses_refspecs_that_are_not_in_full(self, git: Git, mirror: Path, upstream: Repository) -> None:
        for refspec in ("+refs/*:refs/*", "main", "--upload-pack=x", "+refs/replace/*:refs/replace/*"):
            with pytest.raises(ValueError, match="refspec"):
                git.fetch(mirror, local(upstream), refspecs=[refspec], limits=LIMITS)


class TestRefs:
    def test_change_a_branch_into_a_folder_and_back(self, git: Git, upstream: Repository) -> None:
        oid = upstream.commit({"a": "1"}, branch="a")

        git.update_refs(upstream.path, deletes=["refs/heads/a"], updates={"refs/heads/a/b": oid})
        assert git.refs(upstream.path) == {"refs/heads/a/b": oid}
        git.update_refs(upstream.path, deletes=["refs/heads/a/b"], updates={"refs/heads/a": oid})
        assert git.refs(upstream.path) == {"refs/heads/a": oid}

    def test_delete_what_is_already_gone(self, git: Git, upstream: Repository) -> None:
        git.update_refs(upstream.path, deletes=["refs/heads/gone"], updates={})

    def test_name_the_default_branch(self, git: Git, upstream: Repository) -> None:
        oid = upstream.commit({"a": "1"}, branch="trunk")
        git.set_head(upstream.path, "trunk")
        assert git.resolve(upstream.path, "HEAD") == oid


class TestResolve:
    def test_finds_branches_tags_and_commits(self, git: Git, upstream: Repository) -> None:
        first = upstream.commit({"a": "1"})
        second = upstream.commit({"a": "2"}, branch="topic/x")
        tag = upstream.write("tag", f"object {first}\ntype commit\ntag v1\ntagger A <a@b> 1 +0000\n\nx\n".encode())
        upstream.set_ref("refs/tags/v1", tag)
        upstream.set_ref("refs/tags/main", second)

        for revision in ("main", "HEAD", "refs/heads/main", "v1", "refs/tags/v1", first, first[:7], first[:7].upper()):
            assert git.resolve(upstream.path, revision) == first, revision
        assert git.resolve(upstream.path, "topic/x") == second
        assert git.resolve(upstream.path, "refs/tags/main") == second

    def test_does_not_take_a_nested_name_for_a_plain_one(self, git: Git, upstream: Repository) -> None:
        oid = upstream.commit({"a": "1"}, branch="refs/heads/victim")
        with pytest.raises(RevisionUnknown):
            git.resolve(upstream.path, "victim")
        assert git.resolve(upstream.path, "refs/heads/refs/heads/victim") == oid

    @pytest.mark.parametrize("revision", ["nope", "abcdef0", "0" * 40, "-x", "--output=x"])
    def test_says_what_it_does_not_know(self, git: Git, upstream: Repository, revision: str) -> None:
        upstream.commit({"a": "1"})
        with pytest.raises(RevisionUnknown):
            git.resolve(upstream.path, revision)

    @pytest.mark.parametrize(
        "revision", ["", "a b", "a\nb", "a\0b", "main~1", "main^{tree}", "main:a", "@{-1}", "a..b", "x" * 2000, "*"]
    )
    def test_refuses_what_is_not_a_name(self, git: Git, upstream: Repository, revision: str) -> None:
        with pytest.raises(RefRefused):
            git.resolve(upstream.path, revision)

    def test_says_when_digits_are_too_few(self, git: Git, upstream: Repository) -> None:
        contents = upstream.write_commits_alike(digits=7)
        with pytest.raises(RevisionAmbiguous):
            git.resolve(upstream.path, contents[0][:7])
        assert git.resolve(upstream.path, contents[0]) == contents[0]


class TestTree:
    def test_lists_files_links_and_submodules(self, git: Git, upstream: Repository) -> None:
        commit = upstream.commit({"a/b.txt": "hello", "c": ""}, links={"l": "/etc/passwd"})

        entries = {entry.path: (entry.kind, entry.size_bytes) for entry in git.list_tree(upstream.path, commit)}

        assert entries == {b"a/b.txt": (EntryKind.FILE, 5), b"c": (EntryKind.FILE, 0), b"l": (EntryKind.SYMLINK, 11)}

    def test_lists_one_folder(self, git: Git, upstream: Repository) -> None:
        commit = upstream.commit({"a/b/c": "1", "a/d": "2", "e": "3"})

        entries = list(git.list_tree(upstream.path, commit, prefix=b"a/", recursive=False))
        assert [(entry.path, entry.kind) for entry in entries] == [
            (b"a/b", EntryKind.FOLDER),
            (b"a/d", EntryKind.FILE),
        ]
        assert [entry.path for entry in git.list_tree(upstream.path, commit, prefix=b"a")] == [b"a/b/c", b"a/d"]
        with pytest.raises(PathMissing):
            list(git.list_tree(upstream.path, commit, prefix=b"e"))

    def test_shows_a_submodule_as_what_it_is(self, git: Git, upstream: Repository) -> None:
        commit = upstream.commit_tree([(SUBMODULE, b"lib", "1" * 40)])
        (entry,) = git.list_tree(upstream.path, commit)
        assert (entry.kind, entry.oid, entry.size_bytes) == (EntryKind.SUBMODULE, "1" * 40, 0)

    def test_ends_at_the_limit_of_entries(self, git: Git, upstream: Repository) -> None:
        commit = upstream.commit({"a": "1", "b": "1", "c": "1"})
        limits = TreeLimits(entries_max=2)
        with pytest.raises(TreeTooLarge):
            list(git.list_tree(upstream.path, commit, limits=limits))


class TestObjects:
    def test_are_read_one_by_one_and_many_at_a_time(self, git: Git, upstream: Repository) -> None:
        contents = {f"f{number}": bytes([number % 256]) * number for number in range(600)}
        commit = upstream.commit(contents)
        entries = {entry.path.decode(): entry for entry in git.list_tree(upstream.path, commit)}
        oids = [entries[name].oid for name in contents]

        with git.objects(upstream.path) as reader:
            blobs = reader.read_blobs(oids)
            assert next(blobs) == (oids[0], b"")
            assert reader.read(oids[5]) == contents["f5"]
            assert list(blobs) == list(zip(oids, contents.values(), strict=True))[1:]
            assert reader.info(oids[9]).size_bytes == 9
            assert reader.blob_at(commit, b"f7") == contents["f7"]

    def test_say_what_is_missing(self, git: Git, upstream: Repository) -> None:
        commit = upstream.commit({"a/b": "1"})
        with git.objects(upstream.path) as reader:
            with pytest.raises(ObjectMissing):
                reader.read("0" * 40)
            with pytest.raises(ObjectMissing):
                list(reader.read_blobs(["0" * 40]))
            for path in (b"x", b"a", b"a/b/c", b"a//b", b"../a/b"):
                with pytest.raises(PathMissing):
                    reader.blob_at(commit, path)
            assert reader.blob_at(commit, b"a/b") == b"1"

    def test_are_not_read_when_they_are_too_large(self, git: Git, upstream: Repository) -> None:
        oid = upstream.write("blob", b"x" * 1000)
        with git.objects(upstream.path) as reader:
            with pytest.raises(ObjectTooLarge):
                reader.read(oid, bytes_max=999)
            assert reader.read_start(oid, 10) == b"x" * 10
            assert reader.read(oid, bytes_max=1000) == b"x" * 1000


class TestCommits:
    def test_are_listed_newest_first(self, git: Git, upstream: Repository) -> None:
        first = upstream.commit({"a": "1"}, message="one\n\nbody")
        second = upstream.commit({"a": "2"}, message="two")

        commits = git.history(upstream.path).commits(second, limit=10)

        assert [commit.oid for commit in commits] == [second, first]
        assert commits[0].parents == (first,)
        assert commits[1].subject == "one"
        assert commits[1].author.name == "Ada"
        assert commits[1].author.at.isoformat() == "2023-11-14T23:13:20+01:00"
        assert [commit.oid for commit in git.history(upstream.path).commits(second, skip=1, limit=1)] == [first]
