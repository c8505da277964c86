"""What is changed in a folder comes into its workspace, and the other way round."""

import os
from pathlib import Path

import pytest

from grove.checkouts import CheckoutConflict, CheckoutMissing, CheckoutTooLarge
from grove.git import PathMissing
from grove.workspaces import WorkspaceFull
from tests.checkouts.conftest import checked_out, collected, opened, read, write
from tests.support.git_repositories import git
from tests.support.grove import House


def changes(made: House) -> list[tuple[str, str]]:
    return [(change.kind, change.path) for change in made.grove.workspaces.status(made.admin, "fix").changes]


class TestChangesInTheFolder:
    def test_come_into_the_workspace(self, made: House) -> None:
        opened(made)
        folder = checked_out(made).path
        (folder / "README.md").write_text("mine\n")
        (folder / "src/part1/mod1.py").unlink()
        (folder / "new/deep").mkdir(parents=True)
        (folder / "new/deep/run.sh").write_text("true\n")
        (folder / "new/deep/run.sh").chmod(0o755)
        (folder / "new/way").symlink_to("/etc/passwd")
        (folder / 'odd "name"\\\n').write_text("odd\n")
        (folder / "src/part2/mod2.py").chmod(0o755)
        done = collected(made)
        assert (done.from_folder, done.into_folder, done.left_out) == (6, 0, {})
        assert ("removed", "src/part1/mod1.py") in changes(made)
        assert len(changes(made)) == 6
        assert made.grove.workspaces.read(made.admin, "fix", path="new/deep/run.sh").executable
        assert made.grove.workspaces.read(made.admin, "fix", path="src/part2/mod2.py").executable
        assert read(made, "new/way") == b"/etc/passwd"
        assert collected(made).from_folder == 0

    def test_are_found_when_neither_length_nor_time_tells(self, made: House) -> None:
        opened(made)
        readme = checked_out(made).path / "README.md"
        before = readme.stat()
        readme.write_text("pohs\n")
        os.utime(readme, ns=(before.st_atime_ns, before.st_mtime_ns))
        collected(made)
        assert read(made, "README.md") == b"pohs\n"

    def test_are_not_what_is_ignored(self, made: House) -> None:
        opened(made)
        write(made, ".gitignore", "*.log\n/build/\n!keep.log\n")
        write(made, "src/.gitignore", "local.py\n")
        write(made, "build/kept.txt", "tracked all the same\n")
        folder = checked_out(made).path
        for path in ("a.log", "keep.log", "build/x", "src/out", "src/local.py", "local.py"):
            (folder / path).write_text("x")
        (folder / "build/kept.txt").write_text("changed\n")
        collected(made)
        assert read(made, "build/kept.txt") == b"changed\n"
        for path in ("keep.log", "src/out", "local.py"):
            assert read(made, path) == b"x"
        for path in ("a.log", "build/x", "src/local.py"):
            with pytest.raises(PathMissing):
                read(made, path)

    def test_stay_out_when_there_are_too_many(self, made: House) -> None:
        opened(made)
        folder = checked_out(made).path
        (folder / "one").write_bytes(os.urandom(1_500_000))
        with pytest.raises(WorkspaceFull):
            collected(made)
        for number in range(5):
            (folder / f"big{number}").write_bytes(os.urandom(1_000_000))
        with pytest.raises(CheckoutTooLarge):
            collected(made)
        assert changes(made) == []


class TestChangesOfTheWorkspace:
    def test_come_into_the_folder(self, made: House) -> None:
        opened(made)
        folder = checked_out(made).path
        (folder / "mine.txt").write_text("mine\n")
        write(made, "README.md", "theirs\n")
        write(made, "new/file.txt", "new\n")
        done = collected(made)
        assert (done.from_folder, done.into_folder) == (1, 2)
        assert (folder / "README.md").read_text() == "theirs\n"
        assert (folder / "new/file.txt").read_text() == "new\n"
        assert read(made, "mine.txt") == b"mine\n"
        again = collected(made)
        assert (again.from_folder, again.into_folder) == (0, 0)

    def test_stop_everything_when_they_are_of_the_same_file(self, made: House) -> None:
        opened(made)
        folder = checked_out(made).path
        (folder / "README.md").write_text("mine\n")
        (folder / "other.txt").write_text("other\n")
        write(made, "README.md", "theirs\n")
        with pytest.raises(CheckoutConflict) as refused:
            collected(made)
        assert refused.value.facts["paths"] == ["README.md"]
        assert (folder / "README.md").read_text() == "mine\n"
        assert read(made, "README.md") == b"theirs\n"
        with pytest.raises(PathMissing):
            read(made, "other.txt")
        write(made, "README.md", "mine\n")
        collected(made)
        assert read(made, "other.txt") == b"other\n"

    def test_stop_everything_when_a_folder_is_in_the_way(self, made: House) -> None:
        opened(made)
        folder = checked_out(made).path
        (folder / "a").mkdir()
        (folder / "a/b").write_text("mine\n")
        write(made, "a", "theirs\n")
        with pytest.raises(CheckoutConflict):
            collected(made)
        assert (folder / "a/b").read_text() == "mine\n"


class TestAHostileFolder:
    def test_runs_nothing_and_leads_nowhere(self, made: House, tmp_path: Path) -> None:
        canary, secret = tmp_path / "canary", tmp_path / "secret"
        secret.mkdir()
        (secret / "key").write_text("secret")
        opened(made)
        folder = checked_out(made).path
        evil = f"touch {canary};"
        for section in (
            "core.fsmonitor",
            "filter.evil.clean",
            "filter.evil.smudge",
            "diff.external",
            "core.sshCommand",
        ):
            git(folder, "config", section, evil)
        (folder / ".gitattributes").write_text("* filter=evil diff=evil\n")
        hook = folder / ".git/hooks"
        hook.mkdir()
        for name in ("pre-commit", "post-index-change", "reference-transaction"):
            (hook / name).write_text(f"#!/bin/sh\n{evil}\n")
            (hook / name).chmod(0o755)
        (folder / "sub").mkdir()
        git(folder / "sub", "init", "-q", ".")
        git(folder / "sub", "config", "core.fsmonitor", evil)
        (folder / "sub/inner.txt").write_text("inner\n")
        (folder / "way").symlink_to(secret)
        for path in ("src/part3/mod3.py", "README.md"):
            (folder / path).unlink()
            (folder / path).symlink_to(secret / "key")
        os.mkfifo(folder / "pipe")
        canary.unlink(missing_ok=True)
        done = collected(made)
        assert not canary.exists()
        assert set(done.left_out) == {"sub", "pipe"}
        assert read(made, "README.md") == os.fsencode(secret / "key")
        assert read(made, "way") == os.fsencode(secret)
        write(made, "README.md", "shop again\n")
        collected(made)
        assert (secret / "key").read_text() == "secret"
        assert (folder / "README.md").read_text() == "shop again\n"

    def test_whose_folders_became_links_is_not_written_through(self, made: House, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        opened(made)
        folder = checked_out(made).path
        (folder / "src/part4").rename(folder / "src/moved")
        (folder / "src/part4").symlink_to(outside)
        write(made, "src/part4/mod4.py", "theirs\n")
        with pytest.raises(CheckoutConflict):
            collected(made)
        assert list(outside.iterdir()) == []


class TestTheEnd:
    def test_of_a_workspace_takes_what_is_in_the_folder_and_the_folder_away(self, made: House) -> None:
        workspace = opened(made)
        placed = checked_out(made)
        (placed.path / "draft.txt").write_text("not committed\n")
        made.grove.workspaces.end(made.admin, "fix", now=made.now)
        made.work()
        assert not placed.path.exists()
        made.grove.workspaces.restore(made.admin, workspace.id, now=made.now)
        assert read(made, "draft.txt") == b"not committed\n"
        with pytest.raises(CheckoutMissing):
            made.grove.checkouts.find(made.admin, "fix")
        assert (checked_out(made).path / "draft.txt").read_text() == "not committed\n"

    def test_leaves_the_folder_of_one_that_was_restored_at_once(self, made: House) -> None:
        workspace = opened(made)
        placed = checked_out(made)
        made.grove.workspaces.end(made.admin, "fix", now=made.now)
        made.grove.workspaces.restore(made.admin, workspace.id, now=made.now)
        made.work()
        assert made.grove.checkouts.find(made.admin, "fix") == placed
