"""Questions about commits, in a whole Grove with real repositories."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grove.repositories import HistoryDepth, HistoryPolicy, set_history_policy
from grove.search import Answer, Question, truth_line
from tests.support.git_repositories import Repository, git
from tests.support.grove import House, house
from tests.support.sources import connect

PEOPLE = {
    "ada": (b"Ada Lovelace <ada@example.org>", 1_600_000_000),
    "bob": (b"Bob Builder <bob@example.org>", 1_650_000_000),
}


def commit(upstream: Repository, files: dict[str, str], *, who: str, message: str, days: int = 0) -> None:
    """A commit by somebody, so many days after the time at which they begin."""
    name, time = PEOPLE[who]
    stamp = time + 86_400 * days
    had = "refs/heads/main" in upstream.refs()
    kept = {}
    if had:
        for line in git(upstream.path, "ls-tree", "main").splitlines():
            _, path = line.split(b"\t")
            kept[path.decode()] = line.split()[2].decode()
    kept |= {path: upstream.write("blob", text.encode()) for path, text in files.items() if text}
    tree = upstream.write_tree([(0o100644, p.encode(), kept[p]) for p in sorted(kept) if files.get(p, "x")])
    people = b"".join(b"%s %s %d +0200\n" % (role, name, stamp) for role in (b"author", b"committer"))
    parents = [upstream.refs()["refs/heads/main"]] if had else []
    oid = upstream.write_commit(tree, parents=parents, extra=people, message=message.encode())
    upstream.set_ref("refs/heads/main", oid)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root = tmp_path_factory.mktemp("past")
    pay = Repository.new(root / "pay.git")
    commit(pay, {"pay.py": "def pay():\n    retry = 1\n"}, who="ada", message="Begin\n\nPays once.\n")
    commit(pay, {"pay.py": "def pay():\n    retry = 2\n"}, who="bob", message="Try twice\n")
    commit(pay, {"notes.md": "retry is a word here\n"}, who="ada", message="Add notes", days=900)
    commit(pay, {"notes.md": ""}, who="bob", message="Remove the notes", days=400)
    git(pay.path, "tag", "v1", "main~2")
    web = Repository.new(root / "web.git")
    commit(web, {"web.py": "page = 'retry'\n"}, who="ada", message="Begin the pages", days=1)
    with house(root / "data", local_roots=(root,)) as made:
        connect(made, str(pay.path), name="pay")
        connect(made, str(web.path), name="web")
        made.work()
        yield made


def ask(made: House, text: str, **more: object) -> Answer:
    return made.grove.search.run(made.admin, Question(text=text, **more))  # type: ignore[arg-type]


def subjects(answer: Answer) -> list[str]:
    return [found.subject for found in answer.commits]


class TestCommits:
    def test_are_found_newest_first(self, shop: House) -> None:
        answer = ask(shop, "type:commit repo:pay")
        assert subjects(answer) == ["Remove the notes", "Add notes", "Try twice", "Begin"]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("type:commit author:bob", ["Remove the notes", "Try twice"]),
            ("type:commit author:ada@example.org -author:bob repo:web", ["Begin the pages"]),
            ("type:commit message:notes", ["Remove the notes", "Add notes"]),
            ("type:commit begin", ["Begin the pages", "Begin"]),
            ("type:commit /^pays/", ["Begin"]),
            ("type:commit begin -pages", ["Begin"]),
            ("type:commit before:2021-01-01 repo:pay", ["Begin"]),
            ("type:commit after:2022-04-01 author:bob", ["Remove the notes", "Try twice"]),
            ("type:commit file:notes", ["Remove the notes", "Add notes"]),
            ("type:commit lang:markdown author:ada", ["Add notes"]),
            ("type:commit rev:v1 repo:pay", ["Try twice", "Begin"]),
            ("type:commit nothing_says_this", []),
        ],
    )
    def test_are_chosen_by_every_filter(self, shop: House, query: str, found: list[str]) -> None:
        assert subjects(ask(shop, query)) == found

    def test_tell_who_when_and_what(self, shop: House) -> None:
        (found,) = ask(shop, "type:commit message:twice").commits
        assert found.author == "Bob Builder <bob@example.org>"
        assert found.authored_at.isoformat() == "2022-04-15T07:20:00+02:00"
        assert [(change.kind, change.path) for change in found.changes] == [("changed", "pay.py")]
        assert len(found.parents) == 1

    def test_are_counted_and_paged(self, shop: House) -> None:
        answer = ask(shop, "type:commit repo:pay", limit=2, offset=1)
        assert subjects(answer) == ["Add notes", "Try twice"]
        assert truth_line(answer.truth).startswith("4 commits in 1 repository")


class TestDiffs:
    def test_find_what_was_added_and_removed(self, shop: House) -> None:
        (twice, begin) = ask(shop, "type:diff repo:pay retry file:pay").commits
        assert [(line.added, line.text) for line in twice.changes[0].lines] == [
            (False, "    retry = 1"),
            (True, "    retry = 2"),
        ]
        assert [(line.added, line.text) for line in begin.changes[0].lines] == [(True, "    retry = 1")]

    def test_find_what_was_added_alone_or_removed_alone(self, shop: House) -> None:
        added = ask(shop, "select:commit.diff.added repo:pay 'retry ='").commits
        removed = ask(shop, "select:commit.diff.removed repo:pay 'retry ='").commits

        assert [commit.subject for commit in added] == ["Try twice", "Begin"]
        assert [line.text for line in added[0].changes[0].lines] == ["    retry = 2"]
        assert [commit.subject for commit in removed] == ["Try twice"]
        assert [(line.added, line.text) for line in removed[0].changes[0].lines] == [(False, "    retry = 1")]
        assert subjects(ask(shop, "select:commit.diff.added 'a word here'")) == ["Add notes"]
        assert subjects(ask(shop, "select:commit.diff.removed 'a word here'")) == ["Remove the notes"]

    def test_do_not_find_what_stayed(self, shop: House) -> None:
        assert subjects(ask(shop, "type:diff 'def pay'")) == ["Begin"]

    def test_find_what_a_removed_file_had(self, shop: House) -> None:
        answer = ask(shop, "type:diff 'a word here'")
        assert [(found.subject, found.changes[0].kind) for found in answer.commits] == [
            ("Remove the notes", "removed"),
            ("Add notes", "added"),
        ]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("type:diff /retry = \\d/ author:bob", ["Try twice"]),
            ("type:diff retry lang:python repo:web", ["Begin the pages"]),
            ("type:diff retry before:2021-01-01 repo:pay", ["Begin"]),
            ("type:diff file:notes author:ada", ["Add notes"]),
        ],
    )
    def test_are_chosen_by_every_filter(self, shop: House, query: str, found: list[str]) -> None:
        assert subjects(ask(shop, query)) == found


class TestARepositoryWithoutAHistory:
    def test_is_named(self, tmp_path: Path) -> None:
        upstream = Repository.new(tmp_path / "bare.git")
        upstream.commit({"a.txt": "a\n"})
        with house(tmp_path / "data", local_roots=(tmp_path,)) as made:
            kept = connect(made, str(upstream.path), name="bare")
            with made.grove.database.transaction() as tx:
                heads = HistoryPolicy(depth=HistoryDepth.HEADS)
                set_history_policy(tx, actor=made.admin, repository_id=kept.id, policy=heads, now=made.now)
            made.work()
            answer = ask(made, "type:commit a")
        assert [(skipped.reason, skipped.title) for skipped in answer.truth.skipped] == [
            ("history_not_indexed", "bare")
        ]
