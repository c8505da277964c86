"""Repositories whose contents are hostile. Rows are of the threat table."""

import contextlib
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grove.git import (
    EntryKind,
    Git,
    GitConfig,
    LocalPath,
    LocalPathRefused,
    ObjectFormatUnsupported,
    ObjectTooLarge,
    Remote,
    RepositoryCorrupt,
    TreeLimits,
    TreeTooDeep,
    TreeTooLarge,
    is_safe_path,
)
from tests.git.conftest import HEADS, LIMITS, local
from tests.support.git_repositories import FILE, FOLDER, LINK, Repository
from tests.support.git_repositories import git as run_git

ZEROS_BYTES = 300_000_000


def fetch(git: Git, mirror: Path, upstream: Repository) -> None:
    git.fetch(mirror, local(upstream), refspecs=HEADS, limits=LIMITS)


def paths(git: Git, git_dir: Path, commit: str) -> list[bytes]:
    return [entry.path for entry in git.list_tree(git_dir, commit)]


def has_safe_paths(git: Git, git_dir: Path, commit: str) -> bool:
    try:
        return any(map(is_safe_path, paths(git, git_dir, commit)))
    except RepositoryCorrupt:
        return False


class TestNames:
    @pytest.mark.parametrize(
        ("name", "problem"),
        [
            (b"..", "hasDotdot"),
            (b".", "hasDot"),
            (b"../../evil", "fullPathname"),
            (b"/etc/evil", "fullPathname"),
            (b"a/b", "fullPathname"),
            (b"", None),
            (b".git", "hasDotgit"),
            (b".GIT", "hasDotgit"),
            (b"git~1", "hasDotgit"),
            (".g\u200cit".encode(), "hasDotgit"),
            (b".git::$INDEX_ALLOCATION", "hasDotgit"),
            (b".git ", "hasDotgit"),
        ],
        ids="C1-{}".format,
    )
    def test_that_lead_outside_are_not_let_in(
        self, *, git: Git, upstream: Repository, mirror: Path, name: bytes, problem: str | None
    ) -> None:
        oid = upstream.write("blob", b"x")
        commit = upstream.commit_tree([(FILE, name, oid)])

        with pytest.raises(RepositoryCorrupt) as refused:
            fetch(git, mirror, upstream)

        assert refused.value.facts.get("problem") == problem
        assert git.refs(mirror) == {}
        if name != b"a/b":
            assert not has_safe_paths(git, upstream.path, commit)

    @pytest.mark.parametrize(
        "name",
        [
            b"a\nb",
            b"\x1b]0;x\x07",
            "\u202etxt.exe".encode(),
            b"\xff\xfe",
            b"--output=x",
            b"..\\..\\evil",
            b"CON",
            b"n" * 3000,
            b"a\tb",
            b"*",
            b":(top)x",
            b"a ",
        ],
        ids=lambda name: f"C2-{name[:12]!r}",
    )
    def test_that_are_odd_are_kept_byte_for_byte(
        self, *, git: Git, upstream: Repository, mirror: Path, name: bytes
    ) -> None:
        oid = upstream.write("blob", b"content")
        inner = upstream.write_tree([(FILE, b"f", oid)])
        commit = upstream.commit_tree(sorted([(FILE, b"!", oid), (FOLDER, name, inner)], key=lambda entry: entry[1]))

        fetch(git, mirror, upstream)

        assert sorted(paths(git, mirror, commit)) == sorted([b"!", name + b"/f"])
        assert [entry.path for entry in git.list_tree(mirror, commit, prefix=name)] == [name + b"/f"]
        with git.objects(mirror) as reader:
            assert reader.blob_at(commit, name + b"/f") == b"content"

    def test_c2_that_occur_twice_are_not_let_in(self, git: Git, upstream: Repository, mirror: Path) -> None:
        oid = upstream.write("blob", b"x")
        upstream.commit_tree([(FILE, b"a", oid), (FILE, b"a", oid)])
        with pytest.raises(RepositoryCorrupt):
            fetch(git, mirror, upstream)

    def test_c2_that_differ_in_case_only_are_two(self, git: Git, upstream: Repository, mirror: Path) -> None:
        oid = upstream.write("blob", b"/etc")
        commit = upstream.commit_tree([(LINK, b"A", oid), (FILE, b"a", oid)])
        fetch(git, mirror, upstream)
        assert [(entry.path, entry.kind) for entry in git.list_tree(mirror, commit)] == [
            (b"A", EntryKind.SYMLINK),
            (b"a", EntryKind.FILE),
        ]


class TestIsSafePath:
    @pytest.mark.parametrize(
        "path", [b"a", b"a/b.c", b"...", b".github/x", b"git", b"a\nb", b"\xff", b"-x", b"CON", b".gitx"]
    )
    def test_knows_what_stays_inside(self, path: bytes) -> None:
        assert is_safe_path(path)

    @pytest.mark.parametrize(
        "path",
        [
            *(b"", b"..", b"a/../b", b"/a", b"a//b", b"a/", b".git/config", b"a/.GIT", b"git~1", b".git ", b".git."),
            *(
                b".git::$INDEX_ALLOCATION",
                b"..\\x",
                b"a\\..\\b",
                b"a\0b",
                ".g\u200cit".encode(),
                "\uff0e\uff0e".encode(),
            ),
            *("\u2025".encode(), "\ufeff.git".encode()),
        ],
    )
    def test_knows_what_does_not(self, path: bytes) -> None:
        assert not is_safe_path(path)


class TestLinks:
    def test_c3_are_read_as_what_they_say_and_never_followed(
        self, git: Git, upstream: Repository, mirror: Path
    ) -> None:
        commit = upstream.commit({"real": "x"}, links={"passwd": "/etc/passwd", "README": "real", "dir": "/etc"})
        fetch(git, mirror, upstream)
        with git.objects(mirror) as reader:
            assert reader.blob_at(commit, b"passwd") == b"/etc/passwd"
            assert reader.blob_at(commit, b"README") == b"real"


class TestRefs:
    @pytest.mark.parametrize(
        "name",
        [
            "--output=pwned",
            "-x",
            "$(id)",
            "a;touch${IFS}x",
            "<script>",
            "HEAD",
            "refs/heads/main",
            "\u202eevil",
            "\\xff",
            "'\"`|&",
        ],
        ids="C4-{}".format,
    )
    def test_with_hostile_names_are_data(self, *, git: Git, upstream: Repository, mirror: Path, name: str) -> None:
        oid = upstream.commit({"a": "1"})
        upstream.set_ref(b"refs/heads/" + name.replace("\\xff", "\udcff").encode(errors="surrogateescape"), oid)

        listing = git.listing(local(upstream))
        fetch(git, mirror, upstream)
        git.set_head(mirror, name)

        full = f"refs/heads/{name}"
        assert listing.refs == git.refs(mirror) == {"refs/heads/main": oid, full: oid}
        assert git.resolve(mirror, full) == git.resolve(mirror, "HEAD") == oid
        git.update_refs(mirror, deletes=[full], updates={})
        assert git.refs(mirror) == {"refs/heads/main": oid}
        assert full.encode()

    def test_c5_that_replace_objects_are_neither_fetched_nor_heeded(
        self, git: Git, upstream: Repository, mirror: Path
    ) -> None:
        honest = upstream.commit({"a": "honest"})
        forged = upstream.commit({"a": "forged"}, branch="other")
        upstream.set_ref(f"refs/replace/{honest}", forged)
        upstream.set_ref(f"refs/replace/{forged}", forged)

        fetch(git, mirror, upstream)

        assert all(name.startswith("refs/heads/") for name in git.refs(mirror))
        with git.objects(upstream.path) as reader:
            assert reader.blob_at(honest, b"a") == b"honest"
        assert len(git.history(upstream.path).commits(forged, limit=5)) == 1

    def test_c6_of_requests_are_not_fetched_unless_asked(self, git: Git, upstream: Repository, mirror: Path) -> None:
        oid = upstream.commit({"a": "1"})
        for name in ("refs/pull/1/head", "refs/merge-requests/1/head", "refs/notes/x", "refs/keep/x"):
            upstream.set_ref(name, oid)
        fetch(git, mirror, upstream)
        assert list(git.refs(mirror)) == ["refs/heads/main"]
        assert list(git.listing(local(upstream)).refs) == ["refs/heads/main"]

    def test_c11_many_tags_do_not_come_with_the_branches(self, git: Git, upstream: Repository, mirror: Path) -> None:
        oid = upstream.commit({"a": "1"})
        lines = "".join(f"{oid} refs/tags/v{number:06}\n" for number in range(20_000))
        (upstream.path / "packed-refs").write_text(lines)
        began = time.monotonic()
        fetch(git, mirror, upstream)
        assert list(git.refs(mirror)) == ["refs/heads/main"]
        assert time.monotonic() - began < 3


class TestBombs:
    def test_c7_of_trees_end_at_the_limit_of_entries(self, git: Git, upstream: Repository, mirror: Path) -> None:
        commit = upstream.tree_bomb()
        fetch(git, mirror, upstream)
        began = time.monotonic()
        with pytest.raises(TreeTooLarge):
            list(git.list_tree(mirror, commit, limits=TreeLimits(entries_max=20_000)))
        assert time.monotonic() - began < 5

    def test_c7_of_trees_end_at_the_limit_of_time(self, git: Git, upstream: Repository) -> None:
        commit = upstream.tree_bomb()
        began = time.monotonic()
        with pytest.raises(TreeTooLarge):
            for _ in git.list_tree(upstream.path, commit, limits=TreeLimits(seconds_max=0.5)):
                pass
        assert time.monotonic() - began < 3

    def test_c8_of_folders_end_at_the_limit_of_depth(self, git: Git, upstream: Repository, mirror: Path) -> None:
        commit = upstream.deep_tree(1500)
        fetch(git, mirror, upstream)
        with pytest.raises(TreeTooDeep):
            list(git.list_tree(mirror, commit))

    def test_c8_folders_up_to_the_limit_are_listed(self, git: Git, upstream: Repository) -> None:
        commit = upstream.deep_tree(255)
        assert len(list(git.list_tree(upstream.path, commit))) == 1

    def test_c9_of_zeros_are_known_by_their_size_and_not_read(
        self, git: Git, upstream: Repository, mirror: Path
    ) -> None:
        oid = upstream.write_zeros(ZEROS_BYTES)
        commit = upstream.commit_tree([(FILE, b"zeros", oid)])
        small = Git(replace(git.config, memory_bytes_max=250 * 1024**2))
        small.fetch(mirror, local(upstream), refspecs=HEADS, limits=LIMITS)  # C10: git holds no such blob in memory

        began = time.monotonic()
        (entry,) = small.list_tree(mirror, commit)
        assert entry.size_bytes == ZEROS_BYTES
        with small.objects(mirror) as reader:
            with pytest.raises(ObjectTooLarge):
                reader.read(oid)
            with pytest.raises(ObjectTooLarge):
                list(reader.read_blobs([oid], bytes_max=1000))
            assert reader.read_start(oid, 10) == bytes(10)
        assert time.monotonic() - began < 2


class TestWhatRunsCode:
    @pytest.fixture
    def mark(self, tmp_path: Path) -> Path:
        return tmp_path / "mark"

    def test_c13_attributes_name_no_filter(self, git: Git, upstream: Repository, mirror: Path, mark: Path) -> None:
        attributes = "* filter=x diff=x export-subst working-tree-encoding=UTF-16\n"
        commit = upstream.commit({".gitattributes": attributes, "a": "$Format:%H$"})
        fetch(git, mirror, upstream)
        hostile_config(mirror, mark)
        with git.objects(mirror) as reader:
            assert reader.blob_at(commit, b"a") == b"$Format:%H$"
        assert not mark.exists()

    def test_c13_attributes_in_huge_lines_are_not_let_in(self, git: Git, upstream: Repository, mirror: Path) -> None:
        upstream.commit({".gitattributes": "x" * 100_000 + " filter=x\n"})
        with pytest.raises(RepositoryCorrupt):
            fetch(git, mirror, upstream)

    def test_c14_a_repository_in_a_tree_is_never_discovered(
        self, git: Git, upstream: Repository, mirror: Path, mark: Path
    ) -> None:
        embedded = {"sub/HEAD": "ref: refs/heads/main\n", "sub/config": f"[core]\n\tfsmonitor = touch {mark}\n"}
        commit = upstream.commit({**embedded, "sub/objects/x": "", "sub/refs/x": ""})
        fetch(git, mirror, upstream)
        assert b"sub/config" in paths(git, mirror, commit)
        assert not mark.exists()

    def test_u13_submodules_are_names_and_never_fetched(
        self, git: Git, upstream: Repository, mirror: Path, mark: Path
    ) -> None:
        modules = f'[submodule "x"]\n\tpath = x\n\turl = ext::touch {mark}\n'
        blob = upstream.write("blob", modules.encode())
        upstream.commit_tree([(FILE, b".gitmodules", blob), (0o160000, b"x", "1" * 40)])
        with contextlib.suppress(RepositoryCorrupt):
            fetch(git, mirror, upstream)
        assert not mark.exists()
        assert not (mirror / "modules").exists()

    @pytest.mark.parametrize(
        "modules",
        [
            '[submodule "../../x"]\n\tpath = x\n\turl = https://h/x\n',
            '[submodule "x"]\n\tpath = x\n\turl = --upload-pack=touch\n',
            '[submodule "x"]\n\tpath = x\n\turl = https://h/x\n\tupdate = !touch\n',
            '[submodule "x"]\n\tpath = -x\n\turl = https://h/x\n',
        ],
        ids=["U13-name", "U13-url", "U13-update", "U13-path"],
    )
    def test_hostile_submodules_are_not_let_in(
        self, *, git: Git, upstream: Repository, mirror: Path, modules: str
    ) -> None:
        upstream.commit({".gitmodules": modules})
        with pytest.raises(RepositoryCorrupt):
            fetch(git, mirror, upstream)

    def test_u15_large_file_pointers_stay_pointers(self, git: Git, upstream: Repository, mirror: Path) -> None:
        pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
        files = {
            ".lfsconfig": "[lfs]\n\turl = http://127.0.0.1/\n",
            ".gitattributes": "*.bin filter=lfs\n",
            "a.bin": pointer,
        }
        commit = upstream.commit(files)
        fetch(git, mirror, upstream)
        with git.objects(mirror) as reader:
            assert reader.blob_at(commit, b"a.bin") == pointer.encode()

    def test_every_command_of_ours_on_a_repository_with_a_hostile_configuration(
        self, git: Git, upstream: Repository, mirror: Path, mark: Path
    ) -> None:
        commit = upstream.commit({"a": "1", ".gitattributes": "* filter=x diff=x\n"})
        hostile_config(upstream.path, mark)
        hostile_config(mirror, mark)

        fetch(git, mirror, upstream)
        git.listing(local(upstream))
        git.update_refs(mirror, deletes=["refs/heads/gone"], updates={"refs/heads/new": commit})
        git.set_head(mirror, "new")
        git.resolve(mirror, "new")
        git.check_connectivity(mirror, [commit])
        git.history(mirror).commits(commit, limit=1)
        list(git.list_tree(mirror, commit))
        with git.objects(mirror) as reader:
            reader.blob_at(commit, b"a")
        git.init(mirror.with_name("aside.git"), borrowing=mirror)
        fetch(git, mirror.with_name("aside.git"), upstream)

        assert not mark.exists()


class TestLocalPath:
    def test_may_belong_to_somebody_else(self, git: Git, upstream: Repository, mirror: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can give files away")
        oid = upstream.commit({"a": "1"})
        for path in (upstream.path, *upstream.path.rglob("*")):
            os.chown(path, 65534, 65534)
        fetch(git, mirror, upstream)
        assert git.refs(mirror) == {"refs/heads/main": oid}

    def test_may_be_a_working_copy(self, git: Git, config: GitConfig, upstream: Repository, mirror: Path) -> None:
        oid = upstream.commit({"a": "1"})
        work = config.allowed_local_roots[0] / "work"
        work.mkdir()
        upstream.path.rename(work / ".git")
        git.fetch(mirror, Remote(url=LocalPath(work)), refspecs=HEADS, limits=LIMITS)
        assert git.refs(mirror) == {"refs/heads/main": oid}

    def test_is_refused_outside_of_what_is_allowed(
        self, git: Git, config: GitConfig, upstream: Repository, tmp_path: Path
    ) -> None:
        root = config.allowed_local_roots[0]
        (root / "link").symlink_to("/etc")
        sibling = root.with_name("local-evil")
        upstream.path.rename(sibling)
        (root / "link2").symlink_to(sibling)
        (root / "file").write_text("x")
        for path in ("/etc", root / "link", root / "link2", sibling, root / ".." / "local-evil", root / "none", "x"):
            with pytest.raises(LocalPathRefused):
                git.listing(Remote(url=LocalPath(Path(path))))
        for name in ("file", "a\nb", 'a"b', "a\\b"):
            with pytest.raises(LocalPathRefused):
                git.listing(Remote(url=LocalPath(root / name)))

    @pytest.mark.parametrize("how", ["link to objects", "alternates", "commondir", "git file", "git link"])
    def test_is_refused_when_it_points_to_another_repository(
        self, *, git: Git, config: GitConfig, upstream: Repository, tmp_path: Path, how: str
    ) -> None:
        upstream.commit({"a": "1"})
        other = Repository.new(tmp_path / "other.git")
        lure = config.allowed_local_roots[0] / "lure"
        upstream.path.rename(lure)
        if how == "link to objects":
            (lure / "objects").rename(tmp_path / "gone")
            (lure / "objects").symlink_to(other.path / "objects")
        elif how == "alternates":
            (lure / "objects/info/alternates").write_text(f"{other.path}/objects\n")
        elif how == "commondir":
            (lure / "commondir").write_text(f"{other.path}\n")
        elif how == "git file":
            (lure / ".git").write_text(f"gitdir: {other.path}\n")
        else:
            (lure / ".git").symlink_to(other.path)
        with pytest.raises(LocalPathRefused):
            git.listing(Remote(url=LocalPath(lure)))

    def test_is_refused_when_it_is_no_repository(self, git: Git, config: GitConfig) -> None:
        folder = config.allowed_local_roots[0] / "folder"
        folder.mkdir()
        with pytest.raises(LocalPathRefused):
            git.listing(Remote(url=LocalPath(folder)))


class TestFormat:
    def test_that_is_not_ours_is_named(self, git: Git, config: GitConfig, mirror: Path) -> None:
        path = config.allowed_local_roots[0] / "long.git"
        path.mkdir()
        run_git(path, "init", "--quiet", "--bare", "--object-format=sha256", ".")
        Repository(path).commit({"a": "1"})
        with pytest.raises(ObjectFormatUnsupported):
            git.fetch(mirror, Remote(url=LocalPath(path)), refspecs=HEADS, limits=LIMITS)


class TestDamage:
    def test_of_a_pack_is_found(self, git: Git, upstream: Repository, mirror: Path) -> None:
        commit = upstream.commit({"a": "some text that is long enough to be damaged"})
        fetch(git, mirror, upstream)
        (pack,) = mirror.glob("objects/pack/*.pack")
        content = bytearray(pack.read_bytes())
        pack.chmod(0o600)
        for position in range(12, len(content) - 20):
            content[position] ^= 0xFF
        pack.write_bytes(content)
        with git.objects(mirror) as reader, pytest.raises(RepositoryCorrupt):
            reader.blob_at(commit, b"a")

    def test_c17_of_what_is_missing_is_found(self, git: Git, upstream: Repository) -> None:
        whole = upstream.commit({"a": "1"})
        git.check_connectivity(upstream.path, [whole])
        tag = upstream.write("tag", f"object {upstream.write('blob', b'x')}\ntype blob\ntag v\n\n".encode())
        git.check_connectivity(upstream.path, [tag, whole])
        for entries in ([(FILE, b"gone", "1" * 40)], [(FOLDER, b"gone", "2" * 40)]):
            commit = upstream.write_commit(upstream.write_tree(entries))
            with pytest.raises(RepositoryCorrupt):
                git.check_connectivity(upstream.path, [commit])
        with pytest.raises(RepositoryCorrupt):
            git.check_connectivity(upstream.path, ["3" * 40])


def hostile_config(git_dir: Path, mark: Path) -> None:
    """Name a command wherever git's configuration can name one."""
    hooks = git_dir / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-update", "pre-auto-gc", "post-checkout", "update", "pre-receive"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (hooks / name).chmod(0o700)
    run = f"touch {mark}"
    with (git_dir / "config").open("a") as config:
        config.write(
            f"""
[core]
    hooksPath = {hooks}
    fsmonitor = {run}
    sshCommand = {run}
    askPass = {run}
    gitProxy = {run}
    pager = {run}
    editor = {run}
    alternateRefsCommand = {run}
[hook "x"]
    event = reference-transaction
    command = {run}
[filter "x"]
    smudge = {run}
    clean = {run}
    process = {run}
[diff "x"]
    command = {run}
    textconv = {run}
[uploadpack]
    packObjectsHook = {run}
[credential]
    helper = !{run}
[gpg]
    program = {run}
[protocol "ext"]
    allow = always
[remote "origin"]
    url = ext::{run}
    promisor = true
    uploadpack = {run}
[extensions]
    partialClone = origin
[fetch]
    bundleURI = file://{mark}
[tar "tgz"]
    command = {run}
"""
        )
