"""Mirrors over real HTTPS: cloned, kept up to date, and left alone when something is wrong."""

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from grove import freshness, git, mirrors
from grove.jobs import JobState
from grove.repositories import Clone, Index, Repository, request_sync
from tests.mirrors.conftest import TOKEN
from tests.support import git_repositories as made_of
from tests.support.git_server import GitServer
from tests.support.grove import House
from tests.support.sources import connect, last_job, now_of, sync


@pytest.fixture
def upstream(server: GitServer) -> made_of.Repository:
    repository = made_of.Repository.new(server.root / "pay.git")
    repository.commit({"src/pay.py": "def pay(amount):\n    return amount\n", "README.md": "# Pay\n"})
    return repository


@pytest.fixture
def mirrored(made: House, server: GitServer, upstream: made_of.Repository) -> Repository:
    repository = connect(made, server.url("pay.git"), token=TOKEN)
    made.work()
    return now_of(made, repository)


def mirror_refs(made: House, repository: Repository) -> dict[str, str]:
    with made.grove.database.reading() as tx:
        return mirrors.refs_of(tx, repository_id=repository.id)


class TestClone:
    def test_is_present_and_indexed_when_its_jobs_are_done(
        self, mirrored: Repository, upstream: made_of.Repository
    ) -> None:
        assert (mirrored.clone, mirrored.index, mirrored.problem) == (Clone.PRESENT, Index.READY, None)
        assert mirrored.head_commit == upstream.refs()["refs/heads/main"]

    def test_has_the_refs_of_its_source(self, made: House, mirrored: Repository, upstream: made_of.Repository) -> None:
        assert mirror_refs(made, mirrored) == upstream.refs()

    def test_leaves_nothing_of_its_work_behind(self, made: House, mirrored: Repository) -> None:
        folder = made.grove.locator.repository(tenant_id=mirrored.tenant_id, repository_id=mirrored.id)
        assert [path.name for path in folder.glob("incoming/*")] == []
        assert list(made.grove.locator.jobs().iterdir()) == []

    def test_shows_the_token_nowhere(self, made: House, mirrored: Repository) -> None:
        made.grove.database.engine.dispose()
        for path in made.grove.locator.data.rglob("*"):
            if path.is_file():
                assert TOKEN.encode() not in path.read_bytes(), path

    def test_of_an_empty_repository_is_present(self, made: House, server: GitServer) -> None:
        made_of.Repository.new(server.root / "empty.git")
        repository = connect(made, server.url("empty.git"), token=TOKEN)
        made.work()

        empty = now_of(made, repository)
        assert (empty.clone, empty.index, empty.head_commit) == (Clone.PRESENT, Index.READY, None)


class TestCheck:
    def test_tells_what_there_is(self, made: House, server: GitServer, upstream: made_of.Repository) -> None:
        source = mirrors.Source(address=server.url("pay.git"), access_token=TOKEN)
        report = mirrors.check_source(source, tools=made.grove.sources)

        assert report.default_branch == "main"
        assert report.branches == ("main",)
        assert report.name == f"localhost:{server.port}/pay"

    def test_refuses_a_wrong_token_without_repeating_it(
        self, made: House, server: GitServer, upstream: made_of.Repository
    ) -> None:
        with pytest.raises(git.CredentialRejected) as refused:
            connect(made, server.url("pay.git"), token="ghp_WRONG0123456789")

        assert "WRONG" not in str(refused.value)

    def test_says_that_there_is_no_such_repository(self, made: House, server: GitServer) -> None:
        with pytest.raises(git.RepositoryNotFound):
            connect(made, server.url("nothing.git"), token=TOKEN)


class TestFetch:
    def test_brings_new_commits_and_branches(
        self, made: House, mirrored: Repository, upstream: made_of.Repository
    ) -> None:
        upstream.commit({"src/refund.py": "def refund():\n    pass\n"})
        upstream.commit({"x": "y\n"}, branch="feature")

        assert sync(made, mirrored).state is JobState.SUCCEEDED
        assert mirror_refs(made, mirrored) == upstream.refs()
        assert now_of(made, mirrored).head_commit == upstream.refs()["refs/heads/main"]

    def test_follows_a_force_push_and_a_deleted_branch(
        self, made: House, mirrored: Repository, upstream: made_of.Repository
    ) -> None:
        for branch in ("one", "two"):
            upstream.commit({"a": "b\n"}, branch=branch)
        sync(made, mirrored)
        made_of.git(upstream.path, "update-ref", "-d", "refs/heads/one")
        made_of.git(upstream.path, "update-ref", "-d", "refs/heads/main")
        upstream.commit({"other": "history\n"})

        assert sync(made, mirrored).state is JobState.SUCCEEDED
        assert mirror_refs(made, mirrored) == upstream.refs()

    def test_follows_a_branch_that_becomes_a_folder_of_branches(
        self, made: House, mirrored: Repository, upstream: made_of.Repository
    ) -> None:
        upstream.commit({"a": "b\n"}, branch="release")
        sync(made, mirrored)
        made_of.git(upstream.path, "update-ref", "-d", "refs/heads/release")
        upstream.commit({"a": "c\n"}, branch="release/1.0")

        assert sync(made, mirrored).state is JobState.SUCCEEDED
        assert mirror_refs(made, mirrored) == upstream.refs()

    def test_follows_a_renamed_default_branch(
        self, made: House, mirrored: Repository, upstream: made_of.Repository
    ) -> None:
        upstream.commit({"a": "b\n"}, branch="trunk")
        made_of.git(upstream.path, "symbolic-ref", "HEAD", "refs/heads/trunk")
        made_of.git(upstream.path, "update-ref", "-d", "refs/heads/main")
        upstream.commit({"a": "b\n"}, branch="other")

        sync(made, mirrored, accept_ref_loss=True)

        assert now_of(made, mirrored).default_branch == "trunk"

    def test_keeps_everything_when_most_branches_have_vanished(
        self, made: House, mirrored: Repository, upstream: made_of.Repository
    ) -> None:
        before = upstream.refs()
        made_of.git(upstream.path, "update-ref", "-d", "refs/heads/main")

        job = sync(made, mirrored)

        assert job.error is not None
        assert job.error["code"] == "refs_vanished"
        assert mirror_refs(made, mirrored) == before
        problem = now_of(made, mirrored).problem
        assert problem is not None
        assert problem["code"] == "refs_vanished"

    def test_takes_the_loss_when_somebody_says_so(
        self, made: House, mirrored: Repository, upstream: made_of.Repository
    ) -> None:
        made_of.git(upstream.path, "update-ref", "-d", "refs/heads/main")

        assert sync(made, mirrored, accept_ref_loss=True).state is JobState.SUCCEEDED
        assert mirror_refs(made, mirrored) == {}


class TestFailure:
    def test_that_will_not_change_is_final_and_keeps_the_mirror(
        self, made: House, mirrored: Repository, server: GitServer
    ) -> None:
        server.behaviour.token = "another"

        job = sync(made, mirrored)

        assert job.state is JobState.FAILED
        assert job.attempt == 1
        assert job.error is not None
        assert job.error["code"] == "credential_rejected"
        assert now_of(made, mirrored).clone is Clone.PRESENT

    def test_that_may_pass_is_tried_again(self, made: House, mirrored: Repository, server: GitServer) -> None:
        server.behaviour.status = 503
        with made.grove.database.transaction() as tx:
            request_sync(tx, actor=made.admin, repository_id=mirrored.id, now=made.now)

        made.worker().run_one()

        assert last_job(made, mirrored, kind="mirror.sync").state is JobState.QUEUED
        server.behaviour.status = None
        made.work_until_idle()
        assert last_job(made, mirrored, kind="mirror.sync").state is JobState.SUCCEEDED

    def test_of_a_host_that_says_when_to_come_again_has_it_left_alone_until_then(
        self, made: House, mirrored: Repository, server: GitServer
    ) -> None:
        server.behaviour.status, server.behaviour.status_headers = 429, {"Retry-After": "40000"}
        before = made.now

        job = sync(made, mirrored)

        assert job.run_at - before >= timedelta(seconds=40_000)
        with made.grove.database.transaction() as tx:
            due = before + timedelta(seconds=39_000)
            assert freshness.poll_due(tx, now=due) == 0
            assert not freshness.tenants_with_polls(tx, now=due)

    def test_of_a_first_clone_is_shown_on_the_repository(
        self, made: House, server: GitServer, upstream: made_of.Repository
    ) -> None:
        repository = connect(made, server.url("pay.git"), token=TOKEN)
        server.behaviour.status = 404
        made.work()

        failed = now_of(made, repository)
        assert failed.clone is Clone.FAILED
        assert failed.problem is not None
        assert failed.problem["code"] == "repository_not_found"

    def test_of_what_lacks_its_past_says_so_and_keeps_the_mirror(
        self, made: House, mirrored: Repository, server: GitServer, upstream: made_of.Repository
    ) -> None:
        whole = upstream.refs()["refs/heads/main"]
        upstream.commit({"new.txt": "new\n"})
        shallow = server.root / "shallow.git"
        made_of.git(server.root, "clone", "--quiet", "--bare", "--depth=1", upstream.path.as_uri(), str(shallow))
        shutil.rmtree(upstream.path)
        shallow.rename(upstream.path)

        job = sync(made, mirrored)

        assert (job.state, (job.error or {})["code"]) == (JobState.FAILED, "upstream_shallow")
        assert now_of(made, mirrored).head_commit == whole

    def test_by_size_stops_the_transfer(self, made: House, server: GitServer) -> None:
        large = made_of.Repository.new(server.root / "large.git")
        large.commit({"noise.bin": os.urandom(25 * 1024 * 1024)})
        repository = connect(made, server.url("large.git"), token=TOKEN)
        made.work()

        job = last_job(made, repository, kind="mirror.sync")
        assert job.error is not None
        assert job.error["code"] == "repository_too_large"
        folder = made.grove.locator.repository(tenant_id=repository.tenant_id, repository_id=repository.id)
        assert not Path(folder, "mirror.git").exists()
        assert list(folder.glob("incoming/*")) == []
