"""Patches, merges and rebases of workspaces of real repositories, in a whole Grove."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grove.git import Commit
from grove.repositories import find_repository, request_sync
from grove.workspaces import (
    ChangedMeanwhile,
    Edit,
    EditKind,
    MergeConflicts,
    PatchRefused,
    RebaseRefused,
    Resolution,
    Workspace,
    WorkspaceDirty,
    WorkspaceFull,
    WorkspacePathRefused,
)
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect

CART = "".join(f"line {number}\n" for number in range(1, 11))
PATCH = """\
diff --git a/src/cart.py b/src/cart.py
--- a/src/cart.py
+++ b/src/cart.py
@@ -2,3 +2,3 @@
 line 2
-line 3
+line three
 line 4
diff --git a/new.txt b/new.txt
new file mode 100644
--- /dev/null
+++ b/new.txt
@@ -0,0 +1 @@
+new
"""


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    made = Repository.new(tmp_path / "up" / "shop.git")
    made.commit({"src/cart.py": CART, "README.md": "shop\n"})
    return made


@pytest.fixture
def made(tmp_path: Path, upstream: Repository) -> Iterator[House]:
    with house(tmp_path / "data", local_roots=(tmp_path,), max_workspace_mb=1) as made:
        connect(made, str(upstream.path), name="acme/shop")
        made.work()
        made.grove.workspaces.create(made.admin, repository="acme/shop", name="fix", target="", now=made.now)
        yield made


def write(made: House, path: str, text: str) -> Workspace:
    edit = Edit(kind=EditKind.WRITE, path=path, content=text.encode())
    return made.grove.workspaces.edit(made.admin, "fix", edits=[edit], now=made.now)


def commit(made: House, path: str, text: str) -> Workspace:
    write(made, path, text)
    return made.grove.workspaces.commit_changes(made.admin, "fix", message=f"Change {path}", now=made.now)


def text_of(made: House, path: str) -> str:
    return made.grove.workspaces.read(made.admin, "fix", path=path).content.decode()


def log(made: House) -> list[Commit]:
    return made.grove.workspaces.log(made.admin, "fix", limit=50)


def sync(made: House) -> None:
    with made.grove.database.transaction() as tx:
        found = find_repository(tx, actor=made.admin, name="acme/shop")
        request_sync(tx, actor=made.admin, repository_id=found.id, now=made.now)
    made.work()


class TestAPatch:
    def test_is_applied_with_all_of_its_files(self, made: House) -> None:
        made.grove.patches.apply(made.admin, "fix", patch=PATCH.encode(), now=made.now)

        assert text_of(made, "src/cart.py") == CART.replace("line 3\n", "line three\n")
        assert text_of(made, "new.txt") == "new\n"

    def test_is_applied_when_its_lines_are_miscounted(self, made: House) -> None:
        patch = PATCH.replace("@@ -2,3 +2,3 @@", "@@ -2,9 +2,9 @@")
        made.grove.patches.apply(made.admin, "fix", patch=patch.encode(), now=made.now)

        assert "line three" in text_of(made, "src/cart.py")

    def test_is_refused_whole_with_the_hunk_that_does_not_fit(self, made: House) -> None:
        before = write(made, "src/cart.py", CART.replace("line 3\n", "line 3!\n"))
        with pytest.raises(PatchRefused) as refused:
            made.grove.patches.apply(made.admin, "fix", patch=PATCH.encode(), now=made.now)

        assert refused.value.facts["hunks"] == [
            {
                "path": "src/cart.py",
                "line": 2,
                "reason": "the lines are not there",
                "hunk": "@@ -2,3 +2,3 @@\n line 2\n-line 3\n+line three\n line 4",
            }
        ]
        assert made.grove.workspaces.status(made.admin, "fix").workspace == before

    @pytest.mark.parametrize("path", ["../evil", ".git/config", ".gIt/hooks/x", "a\x1bb"])
    def test_is_refused_when_it_leads_elsewhere(self, made: House, path: str) -> None:
        patch = f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+evil\n"
        with pytest.raises((PatchRefused, WorkspacePathRefused)):
            made.grove.patches.apply(made.admin, "fix", patch=patch.encode(), now=made.now)
        assert made.grove.workspaces.status(made.admin, "fix").changes == ()

    def test_is_refused_when_it_is_none(self, made: House) -> None:
        with pytest.raises(PatchRefused):
            made.grove.patches.apply(made.admin, "fix", patch=b"please make it faster\n", now=made.now)

    def test_is_refused_when_the_workspace_is_not_as_expected(self, made: House) -> None:
        before = made.grove.workspaces.status(made.admin, "fix").workspace.tree
        write(made, "README.md", "quicker\n")
        with pytest.raises(ChangedMeanwhile):
            made.grove.patches.apply(made.admin, "fix", patch=PATCH.encode(), expected=before, now=made.now)

    def test_counts_what_it_writes(self, made: House) -> None:
        large = "".join(f"+{number:0100}\n" for number in range(12_000))
        patch = f"--- /dev/null\n+++ b/large.txt\n@@ -0,0 +1,12000 @@\n{large}"
        with pytest.raises(WorkspaceFull):
            made.grove.patches.apply(made.admin, "fix", patch=patch.encode(), now=made.now)


class TestAMerge:
    def test_brings_both_sides_together(self, made: House, upstream: Repository) -> None:
        commit(made, "src/cart.py", CART.replace("line 1\n", "line one\n"))
        theirs = upstream.commit({"src/cart.py": CART.replace("line 9\n", "line nine\n")})
        sync(made)
        merged = made.grove.merges.merge(made.admin, "fix", now=made.now)

        assert text_of(made, "src/cart.py") == CART.replace("1\n", "one\n", 1).replace("9", "nine")
        assert log(made)[0].parents[1] == theirs == merged.base
        status = made.grove.workspaces.status(made.admin, "fix")
        assert (status.changes, status.ahead, status.behind) == ((), 2, 0)
        assert made.grove.merges.merge(made.admin, "fix", now=made.now) == merged

    def test_only_moves_forward_what_has_no_commits(self, made: House, upstream: Repository) -> None:
        theirs = upstream.commit({"README.md": "new\n"})
        sync(made)
        assert made.grove.merges.merge(made.admin, "fix", now=made.now).head == theirs

    def test_gives_conflicts_as_data_and_changes_nothing(self, made: House, upstream: Repository) -> None:
        before = commit(made, "README.md", "mine\n")
        theirs = upstream.commit({"README.md": "theirs\n"})
        sync(made)
        with pytest.raises(MergeConflicts) as refused:
            made.grove.merges.merge(made.admin, "fix", now=made.now)

        assert refused.value.facts["upstream"] == theirs
        conflicts: Any = refused.value.facts["conflicts"]
        (conflict,) = conflicts
        assert conflict["path"] == "README.md"
        assert len({conflict["base"], conflict["ours"], conflict["theirs"]}) == 3
        assert conflict["text"] == "<<<<<<< ws/fix\nmine\n=======\ntheirs\n>>>>>>> main\n"
        assert made.grove.workspaces.status(made.admin, "fix").workspace == before

    @pytest.mark.parametrize(
        ("resolution", "text"),
        [
            (Resolution(path="README.md", content=b"both\n"), "both\n"),
            (Resolution(path="README.md", take="ours"), "mine\n"),
            (Resolution(path="README.md", take="theirs"), "theirs\n"),
        ],
    )
    def test_takes_what_conflicts_are_to_be(
        self, made: House, upstream: Repository, resolution: Resolution, text: str
    ) -> None:
        commit(made, "README.md", "mine\n")
        theirs = upstream.commit({"README.md": "theirs\n"})
        sync(made)
        made.grove.merges.merge(made.admin, "fix", resolutions=[resolution], upstream=theirs, now=made.now)

        assert text_of(made, "README.md") == text
        assert len(log(made)[0].parents) == 2

    def test_takes_a_side_that_removed_the_file(self, made: House, upstream: Repository) -> None:
        commit(made, "README.md", "mine\n")
        upstream.commit({}, deletes=["README.md"])
        sync(made)
        take = Resolution(path="README.md", take="theirs")
        made.grove.merges.merge(made.admin, "fix", resolutions=[take], now=made.now)

        assert [entry.path for entry in made.grove.workspaces.files(made.admin, "fix")] == [b"src"]

    def test_is_refused_when_the_mirror_has_moved_on(self, made: House, upstream: Repository) -> None:
        commit(made, "README.md", "mine\n")
        seen = upstream.commit({"README.md": "theirs\n"})
        upstream.commit({"README.md": "and more\n"})
        sync(made)
        with pytest.raises(ChangedMeanwhile):
            made.grove.merges.merge(made.admin, "fix", upstream=seen, now=made.now)

    def test_is_refused_when_something_is_not_committed(self, made: House, upstream: Repository) -> None:
        write(made, "README.md", "mine\n")
        upstream.commit({"README.md": "theirs\n"})
        sync(made)
        for act in (made.grove.merges.merge, made.grove.merges.rebase):
            with pytest.raises(WorkspaceDirty):
                act(made.admin, "fix", now=made.now)

    def test_survives_a_branch_that_was_rewritten_and_a_clean_up(self, made: House, upstream: Repository) -> None:
        commit(made, "src/cart.py", "mine\n")
        upstream.commit({"README.md": "second\n"})
        sync(made)
        merged = made.grove.merges.merge(made.admin, "fix", now=made.now)
        with made.grove.database.reading() as tx:
            repository = find_repository(tx, actor=made.admin, name="acme/shop")
        mirror = made.grove.mirrors.path(repository)
        made.grove.git.update_refs(mirror, deletes=["refs/heads/main"], updates={})
        subprocess.run(["git", "-C", str(mirror), "gc", "--prune=now", "--quiet"], check=True)

        folder = made.grove.locator.workspace(tenant_id=merged.tenant_id, workspace_id=merged.id)
        made.grove.git.check_connectivity(folder, [merged.head])


class TestARebase:
    def test_makes_the_commits_anew_on_top(self, made: House, upstream: Repository) -> None:
        commit(made, "src/cart.py", CART.replace("line 1\n", "line one\n"))
        commit(made, "mine.txt", "mine\n")
        theirs = upstream.commit({"src/cart.py": CART.replace("line 9\n", "line nine\n")})
        sync(made)
        made.grove.merges.rebase(made.admin, "fix", now=made.now)

        last, first, onto, *_ = log(made)
        assert [last.message, first.message, onto.oid] == ["Change mine.txt\n", "Change src/cart.py\n", theirs]
        assert text_of(made, "src/cart.py") == CART.replace("1\n", "one\n", 1).replace("9", "nine")

    def test_leaves_out_what_the_branch_has_already(self, made: House, upstream: Repository) -> None:
        commit(made, "README.md", "same\n")
        theirs = upstream.commit({"README.md": "same\n", "more.txt": "more\n"})
        sync(made)
        assert made.grove.merges.rebase(made.admin, "fix", now=made.now).head == theirs

    def test_names_the_commit_that_conflicts_and_changes_nothing(self, made: House, upstream: Repository) -> None:
        before = commit(made, "README.md", "mine\n")
        upstream.commit({"README.md": "theirs\n"})
        sync(made)
        with pytest.raises(MergeConflicts) as refused:
            made.grove.merges.rebase(made.admin, "fix", now=made.now)

        assert refused.value.facts["commit"] == before.head
        conflicts: Any = refused.value.facts["conflicts"]
        marks = [line for line in conflicts[0]["text"].splitlines() if line.startswith(("<", ">"))]
        assert marks == ["<<<<<<< main", f">>>>>>> {before.head[:12]} Change README.md"]
        assert made.grove.workspaces.status(made.admin, "fix").workspace == before

    def test_is_refused_when_there_is_a_merge(self, made: House, upstream: Repository) -> None:
        commit(made, "mine.txt", "mine\n")
        upstream.commit({"a.txt": "a\n"})
        sync(made)
        made.grove.merges.merge(made.admin, "fix", now=made.now)
        upstream.commit({"b.txt": "b\n"})
        sync(made)
        with pytest.raises(RebaseRefused):
            made.grove.merges.rebase(made.admin, "fix", now=made.now)
