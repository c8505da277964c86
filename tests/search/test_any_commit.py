"""Searching commits that have no snapshot, in a whole Grove with real repositories."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grove.repositories import HistoryDepth, HistoryPolicy, set_history_policy
from grove.search import Answer, Mode, Question, truth_line
from tests.support.git_repositories import Repository, git
from tests.support.grove import House, house
from tests.support.sources import connect

OLD = "def refund_of(payment):\n    return payment.amount\n"
NEW = "def refund_of(payment, share):\n    return payment.amount * share\n"


class Shop:
    """A repository with a past, mirrored and indexed, and questions about it."""

    def __init__(self, made: House, upstream: Repository) -> None:
        self.made = made
        self.upstream = upstream

    def ask(self, text: str, mode: Mode = Mode.AUTO, **more: object) -> Answer:
        return self.made.grove.search.run(self.made.admin, Question(text=text, mode=mode, **more))  # type: ignore[arg-type]


def places(answer: Answer) -> set[tuple[str, str]]:
    return {(file.address.revision, file.address.path) for file in answer.files}


def reasons(answer: Answer) -> list[str]:
    return [skipped.reason for skipped in answer.truth.skipped]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    upstream = Repository.new(tmp_path / "up" / "shop.git")
    upstream.commit({"pay.py": OLD, "gone.txt": "only the past knows this\n", "logo.png": b"\0\1"}, message="first")
    git(upstream.path, "tag", "v1")
    git(upstream.path, "tag", "--annotate", "--message", "the first", "v1-annotated")
    upstream.commit({"pay.py": NEW}, deletes=["gone.txt"], message="second")
    upstream.commit({"pay.py": NEW, "aside.py": "aside = True\n"}, branch="work/aside")
    with house(tmp_path / "data", local_roots=(tmp_path,)) as made:
        repository = connect(made, str(upstream.path), name="shop")
        with made.grove.database.transaction() as tx:
            heads = HistoryPolicy(depth=HistoryDepth.HEADS)
            set_history_policy(tx, actor=made.admin, repository_id=repository.id, policy=heads, now=made.now)
        made.work()
        yield Shop(made, upstream)


class TestACommitWithoutASnapshot:
    @pytest.mark.parametrize("revision", ["v1", "refs/tags/v1", "v1-annotated", "v1*"])
    def test_is_found_by_its_tag(self, shop: Shop, revision: str) -> None:
        answer = shop.ask(f"rev:{revision} 'the past knows'")
        assert [file.address.path for file in answer.files] == ["gone.txt"]
        assert answer.files[0].address.commit == shop.upstream.refs()["refs/tags/v1"]

    @pytest.mark.parametrize("digits", [7, 12, 40])
    def test_is_found_by_its_id(self, shop: Shop, digits: int) -> None:
        first = shop.upstream.refs()["refs/tags/v1"]
        answer = shop.ask(f"rev:{first[:digits]} 'return payment'")
        assert [line.text for line in answer.files[0].excerpts[0].lines] == ["    return payment.amount"]

    def test_says_what_was_read_and_at_which_commit(self, shop: Shop) -> None:
        first = shop.upstream.refs()["refs/tags/v1"]
        line = truth_line(shop.ask("rev:v1 'the past knows'").truth)
        assert f"searched 1 at v1 ({first[:12]}), 2 files read that are not indexed" in line

    @pytest.mark.parametrize("mode", [Mode.SEMANTIC, Mode.SYMBOL, Mode.REGEX])
    def test_is_searched_in_every_way(self, shop: Shop, mode: Mode) -> None:
        answer = shop.ask("refund_of", mode, revisions=("v1",))
        assert (answer.files[0].address.revision, answer.files[0].address.path) == ("v1", "pay.py")

    def test_has_nothing_of_later_commits(self, shop: Shop) -> None:
        assert not shop.ask("rev:v1 'share'").files

    def test_is_searched_beside_others(self, shop: Shop) -> None:
        found = places(shop.ask("rev:v1 rev:main rev:work/* 'def refund_of'"))
        assert found == {("v1", "pay.py"), ("main", "pay.py"), ("work/aside", "pay.py")}

    def test_is_remembered(self, shop: Shop) -> None:
        first, second = shop.ask("rev:v1 'past'"), shop.ask("rev:v1 'past'")
        assert places(first) == places(second) == {("v1", "gone.txt")}

    def test_is_still_right_when_the_index_has_grown(self, shop: Shop) -> None:
        shop.ask("rev:v1 'past'")
        other = Repository.new(shop.upstream.path.parent / "other.git")
        other.commit({"other.py": "past = 1\n" * 40})
        connect(shop.made, str(other.path), name="other")
        shop.made.work()
        assert places(shop.ask("rev:v1 'past'")) == {("v1", "gone.txt")}
        assert places(shop.ask("'past'")) == {("main", "other.py")}


class TestAMoment:
    def test_means_the_commit_of_that_time(self, shop: Shop) -> None:
        found = shop.upstream.refs()["refs/heads/main"]
        answer = shop.ask("rev:at(2024-01-01) share")
        assert {searched.commit for searched in answer.truth.searched} == {found}

    def test_can_be_of_a_named_branch(self, shop: Shop) -> None:
        assert places(shop.ask("rev:at(2024-01-01,work/aside) 'aside = True'")) == {("work/aside", "aside.py")}

    def test_before_the_first_commit_has_nothing_and_says_so(self, shop: Shop) -> None:
        (skipped,) = shop.ask("rev:at(2020-01-01) share").truth.skipped
        assert (skipped.reason, skipped.message) == ("revision_unknown", "it had no commit yet")


class TestARevision:
    def test_that_no_repository_has_is_an_error(self, shop: Shop) -> None:
        for name in ("nowhere", "0123456", "nothing/*"):
            assert reasons(shop.ask(f"rev:{name} 'x'")) == ["revision_unknown"]

    def test_from_before_the_first_commit_is_an_error_that_says_so(self, shop: Shop) -> None:
        (skipped,) = shop.ask("rev:at(1999-01-01) 'x'").truth.skipped
        assert (skipped.reason, skipped.message) == ("revision_unknown", "it had no commit yet")

    def test_that_only_some_have_is_searched_there(self, shop: Shop) -> None:
        other = Repository.new(shop.upstream.path.parent / "other.git")
        other.commit({"other.py": "past = 1\n"})
        connect(shop.made, str(other.path), name="other")
        shop.made.work()
        answer = shop.ask("rev:v1 'past'")
        assert places(answer) == {("v1", "gone.txt")}
        assert reasons(answer) == []

    def test_that_leads_to_no_commit_is_unknown(self, shop: Shop) -> None:
        blob = git(shop.upstream.path, "rev-parse", "v1:pay.py").decode().strip()
        assert reasons(shop.ask(f"rev:{blob} 'x'")) == ["revision_unknown"]
