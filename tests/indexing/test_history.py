"""The past of repositories, indexed by a job."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grove import jobs
from grove.indexing import History, HistoryLimits, IndexView, index_history
from grove.jobs import Run, claim
from grove.repositories import HistoryPolicy, HistoryPolicyInvalid, remove_repository, set_history_policy
from grove.repositories import Repository as Kept
from grove.search import Question
from grove.snapshots import generation_of, histories_of
from tests.support.git_repositories import Repository, git
from tests.support.grove import House, house
from tests.support.sources import connect, sync


def lines(first: int, last: int) -> str:
    return "".join(f"line {number} of the story\n" for number in range(first, last))


class Past:
    """A repository in a Grove, and its history there."""

    def __init__(self, made: House, upstream: Repository, policy: str = "all") -> None:
        self.made = made
        self.upstream = upstream
        self.kept: Kept = connect(made, str(upstream.path), name="story")
        self.index(policy)

    def index(self, policy: str) -> None:
        with self.made.grove.database.transaction() as tx:
            set_history_policy(
                tx,
                actor=self.made.admin,
                repository_id=self.kept.id,
                policy=HistoryPolicy.parse(policy),
                now=self.made.now,
            )
        self.made.work()

    def history(self) -> History | None:
        with self.made.grove.database.reading() as tx:
            found = histories_of(tx, repositories=[self.kept.id]).get(self.kept.id)
        store = self.made.grove.indexes.store(self.made.admin.tenant_id)
        return store.histories.open(found.record.name) if found else None

    def view(self) -> IndexView:
        with self.made.grove.database.reading() as tx:
            generation = generation_of(tx, tenant_id=self.made.admin.tenant_id)
        return self.made.grove.indexes.view(self.made.admin.tenant_id, generation)

    def files_read(self, revision: str) -> int:
        answer = self.made.grove.search.run(self.made.admin, Question(text="'line'", revisions=(revision,)))
        return sum(searched.files_read for searched in answer.truth.searched)

    def told(self) -> dict[str, set[tuple[str, int, int]]]:
        """What each commit changed: by message the paths, and how many chunks came and went."""
        history = self.history()
        assert history is not None
        changes = history.changes
        return {
            history.messages.text(commit).decode().strip(): {
                (
                    history.paths[changes.paths[number]].decode(),
                    changes.came.row(number).size,
                    changes.went.row(number).size,
                )
                for number in history.changes_of(commit)
            }
            for commit in range(len(history))
        }


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "data", local_roots=(tmp_path,)) as grove_house:
        yield grove_house


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    repository = Repository.new(tmp_path / "story.git")
    repository.commit({"a.txt": lines(0, 5), "b.txt": lines(100, 105)}, message="begin")
    repository.commit({"a.txt": lines(0, 4)}, message="shorten")
    git(repository.path, "tag", "v1")
    repository.commit({}, deletes=["b.txt"], message="remove")
    repository.commit({"c.txt": lines(200, 205)}, message="add")
    return repository


class TestAHistory:
    def test_holds_every_commit_with_what_came_and_went(self, made: House, upstream: Repository) -> None:
        assert Past(made, upstream).told() == {
            "begin": {("a.txt", 1, 0), ("b.txt", 1, 0)},
            "shorten": {("a.txt", 1, 1)},
            "remove": {("b.txt", 0, 1)},
            "add": {("c.txt", 1, 0)},
        }

    def test_makes_every_commit_searchable_without_reading_it(self, made: House, upstream: Repository) -> None:
        past = Past(made, upstream)
        for commit in git(upstream.path, "rev-list", "main").decode().split():
            assert past.files_read(commit) == 0

    def test_takes_in_what_is_new(self, made: House, upstream: Repository) -> None:
        past = Past(made, upstream)
        upstream.commit({"c.txt": lines(200, 210)}, message="grow")
        sync(made, past.kept)
        assert past.told()["grow"] == {("c.txt", 1, 1)}
        assert len(past.told()) == 5

    def test_lets_go_of_what_a_force_push_has_taken_away(self, made: House, upstream: Repository) -> None:
        past = Past(made, upstream)
        upstream.set_ref("refs/heads/main", git(upstream.path, "rev-parse", "v1").decode().strip())
        upstream.commit({"d.txt": lines(300, 305)}, message="another way")
        sync(made, past.kept)
        assert past.told().keys() == {"begin", "shorten", "another way"}

    def test_of_a_merge_has_only_what_no_parent_had(self, made: House, upstream: Repository) -> None:
        upstream.commit({"side.txt": lines(0, 3)}, branch="side", message="side")
        main, side = upstream.refs()["refs/heads/main"], upstream.refs()["refs/heads/side"]
        blob = upstream.write("blob", b"only the merge has this\n")
        tree = upstream.write_tree([(0o100644, b"merged.txt", blob)])
        upstream.set_ref("refs/heads/main", upstream.write_commit(tree, parents=[main, side], message=b"merge\n"))
        told = Past(made, upstream).told()
        assert ("merged.txt", 1, 0) in told["merge"]
        assert not any(path == "a.txt" and came for path, came, _ in told["merge"])

    def test_is_whole_on_disk(self, made: House, upstream: Repository) -> None:
        history = Past(made, upstream).history()
        assert history is not None
        history.verify()
        assert history.is_complete

    def test_keeps_its_chunks_when_another_repository_goes(self, made: House, upstream: Repository) -> None:
        past = Past(made, upstream)
        other = Repository.new(upstream.path.parent / "other.git")
        other.commit({"x.txt": lines(500, 520)})
        kept = connect(made, str(other.path), name="other")
        made.work()
        with made.grove.database.transaction() as tx:
            remove_repository(tx, actor=made.admin, repository_id=kept.id, now=made.now)
        made.work()
        history = past.history()
        assert history is not None
        assert len(past.view().chunk_texts(history.ordinals)) == history.ordinals.size
        assert past.files_read("v1") == 0


class TestAPolicy:
    def test_of_heads_indexes_nothing_ahead(self, made: House, upstream: Repository) -> None:
        past = Past(made, upstream)
        past.index("heads")
        assert past.history() is None

    def test_of_tags_indexes_their_files(self, made: House, upstream: Repository) -> None:
        past = Past(made, upstream)
        past.index("tags")
        history = past.history()
        assert history is not None
        assert len(history) == 2
        assert past.files_read("v1") == 0

    def test_of_months_takes_the_newest(self, made: House, upstream: Repository) -> None:
        when = int(datetime.now(UTC).timestamp())
        tree = git(upstream.path, "rev-parse", "main^{tree}").decode().strip()
        people = b"".join(b"%s Ada <ada@example.org> %d +0000\n" % (who, when) for who in (b"author", b"committer"))
        parent = upstream.refs()["refs/heads/main"]
        upstream.set_ref(
            "refs/heads/main", upstream.write_commit(tree, parents=[parent], extra=people, message=b"now\n")
        )
        past = Past(made, upstream)
        past.index("2 months")
        assert past.told().keys() == {"now"}

    @pytest.mark.parametrize("text", ["some", "0 months", "months", "12 years"])
    def test_that_makes_no_sense_is_refused(self, text: str) -> None:
        with pytest.raises(HistoryPolicyInvalid):
            HistoryPolicy.parse(text)


class TestTheJob:
    def test_goes_on_where_a_slice_ended(self, made: House, upstream: Repository) -> None:
        past = Past(made, upstream)
        expected = past.told()
        past.index("heads")
        with made.grove.database.transaction() as tx:
            set_history_policy(tx, actor=made.admin, repository_id=past.kept.id, policy=HistoryPolicy(), now=made.now)
        slices = replace(made.grove.history_tools, limits=HistoryLimits(slice_commits_max=1))
        with made.grove.database.transaction() as tx:
            job = claim(tx, worker="w", now=made.now)
        assert job is not None
        index_history(Run(job=job, actor=made.admin, database=made.grove.database), tools=slices)
        assert past.told() == expected
        with made.grove.database.reading() as tx:
            log = [event.body for event in jobs.events_after(tx, actor=made.admin, job_id=job.id, sequence=0)]
        assert sum("the history has" in str(body) for body in log) == 4

    def test_stops_at_the_budget_and_says_what_is_left_out(self, made: House, upstream: Repository) -> None:
        past = Past(made, upstream, "heads")
        with made.grove.database.transaction() as tx:
            set_history_policy(tx, actor=made.admin, repository_id=past.kept.id, policy=HistoryPolicy(), now=made.now)
        with made.grove.database.transaction() as tx:
            job = claim(tx, worker="w", now=made.now)
        assert job is not None
        poor = replace(made.grove.history_tools, limits=HistoryLimits(bytes_read_max=0))
        index_history(Run(job=job, actor=made.admin, database=made.grove.database), tools=poor)
        with made.grove.database.reading() as tx:
            record = histories_of(tx, repositories=[past.kept.id])[past.kept.id].record
        assert record.skipped == {"not_read": 2}
        assert (record.commit_count, record.commits_waiting) == (4, 0)
        assert past.files_read("v1") == 1
