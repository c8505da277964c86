"""Quotas in a whole Grove, on both kinds of database."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grove import exports, quotas, repositories
from grove.accounts import Role
from grove.exports import ExportForm
from grove.kit.errors import GroveError
from grove.kit.gate import Actor, Denied
from grove.mirrors import Source, check_source, connect_source
from grove.quotas import Holder, HolderKind, QueriesUsedUp, QuotaExceeded, QuotaInvalid, Sort
from grove.repositories import Repository
from grove.scip import ScipIndex
from grove.search import Mode, Question
from tests.support.git_repositories import Repository as Upstream
from tests.support.grove import House, house
from tests.support.scip_index import scip_index
from tests.support.sources import now_of, sync


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[House]:
    with house(tmp_path / "grove", local_roots=(tmp_path / "src",), database_url=database_url) as running:
        yield running


@pytest.fixture
def developer(made: House) -> Actor:
    return made.actor(Role.DEVELOPER)[0]


def connect(made: House, root: Path, name: str, *, actor: Actor | None = None) -> Repository:
    upstream = Upstream.new(root / "src" / f"{name}.git")
    upstream.commit({"main.py": "def retry_call():\n    return 1\n"})
    source = Source(address=str(upstream.path))
    report = check_source(source, tools=made.grove.sources)
    with made.grove.database.transaction() as tx:
        return connect_source(
            tx, actor=actor or made.admin, source=source, report=report, keyring=made.grove.keyring, now=made.now
        )


def allow(made: House, sort: Sort, limit: int | None, *, holder: Holder | None = None) -> None:
    holder = holder or Holder(kind=HolderKind.TENANT, id=made.admin.tenant_id)
    with made.grove.database.transaction() as tx:
        quotas.set_quota(tx, actor=made.admin, holder=holder, sort=sort, limit=limit, now=made.now)


def user(actor: Actor) -> Holder:
    return Holder(kind=HolderKind.USER, id=actor.id)


def project(repository: Repository) -> Holder:
    return Holder(kind=HolderKind.PROJECT, id=repository.project_id)


def tenant(made: House) -> Holder:
    return Holder(kind=HolderKind.TENANT, id=made.admin.tenant_id)


def upload(made: House, actor: Actor, repository: Repository) -> ScipIndex:
    content = scip_index({"main.py": [("scip-python python one 1.0 main/retry_call().", (0, 4, 14), 1)]})
    return made.grove.scip.upload(actor, repository=repository.id, commit="", content=content, now=made.now)


def told(refused: "pytest.ExceptionInfo[GroveError]") -> dict[str, str]:
    return {name: str(value) for name, value in refused.value.facts.items()}


class TestRepositories:
    def test_are_refused_beyond_the_quota_of_the_tenant(self, made: House, tmp_path: Path) -> None:
        allow(made, Sort.REPOSITORIES, 1)
        connect(made, tmp_path, "one")

        with pytest.raises(QuotaExceeded) as refused:
            connect(made, tmp_path, "two")
        assert told(refused) == {"sort": "repositories", "holder": "tenant", "limit": "1", "wanted": "2"}
        with made.grove.database.reading() as tx:
            assert len(repositories.list_repositories(tx, actor=made.admin)) == 1

    def test_are_counted_for_who_asked_and_for_the_project(self, made: House, tmp_path: Path, developer: Actor) -> None:
        one = connect(made, tmp_path, "one", actor=developer)
        allow(made, Sort.REPOSITORIES, 1, holder=user(developer))
        with pytest.raises(QuotaExceeded) as refused:
            connect(made, tmp_path, "two", actor=developer)
        assert told(refused)["holder"] == "user"

        allow(made, Sort.REPOSITORIES, 2, holder=Holder(kind=HolderKind.PROJECT, id=one.project_id))
        connect(made, tmp_path, "three")
        with pytest.raises(QuotaExceeded) as refused:
            connect(made, tmp_path, "four")
        assert told(refused)["holder"] == "project"

    def test_may_have_so_many_bytes(self, made: House, tmp_path: Path) -> None:
        allow(made, Sort.BYTES, 10)

        with pytest.raises(QuotaExceeded) as refused:
            connect(made, tmp_path, "one")
        assert told(refused)["sort"] == "bytes"

    def test_are_not_limited_any_more_when_the_limit_is_taken_away(self, made: House, tmp_path: Path) -> None:
        allow(made, Sort.REPOSITORIES, 0)
        allow(made, Sort.REPOSITORIES, None)

        connect(made, tmp_path, "one")


class TestWorkspaces:
    def test_are_refused_beyond_the_quota_and_leave_nothing(
        self, made: House, tmp_path: Path, developer: Actor
    ) -> None:
        kept = connect(made, tmp_path, "one")
        made.work()
        allow(made, Sort.WORKSPACES, 1, holder=user(developer))
        desk = made.grove.workspaces
        desk.create(developer, repository=kept.id, name="a", target="", now=made.now)

        with pytest.raises(QuotaExceeded):
            desk.create(developer, repository=kept.id, name="b", target="", now=made.now)
        assert [workspace.name for workspace in desk.owned(developer)] == ["a"]


class TestJobs:
    def test_are_refused_to_people_while_too_many_wait(self, made: House, tmp_path: Path) -> None:
        one, two = connect(made, tmp_path, "one"), connect(made, tmp_path, "two")
        allow(made, Sort.JOBS, 2)
        with made.grove.database.transaction() as tx:
            repositories.request_sync(tx, actor=made.admin, repository_id=one.id, now=made.now)
        allow(made, Sort.JOBS, 1)

        with made.grove.database.transaction() as tx, pytest.raises(QuotaExceeded) as refused:
            repositories.request_sync(tx, actor=made.admin, repository_id=two.id, now=made.now)
        assert told(refused)["sort"] == "jobs"


class TestUploadedIndexes:
    def test_count_among_the_bytes_and_leave_nothing_when_they_are_too_many(
        self, made: House, tmp_path: Path, developer: Actor
    ) -> None:
        kept = connect(made, tmp_path, "one")
        made.work()
        allow(made, Sort.BYTES, 10, holder=user(developer))

        with pytest.raises(QuotaExceeded) as refused:
            upload(made, developer, kept)
        assert (told(refused)["sort"], told(refused)["holder"], told(refused)["limit"]) == ("bytes", "user", "10")
        assert made.grove.scip.list(developer, repository=kept.id) == []
        folder = made.grove.locator.repository(tenant_id=kept.tenant_id, repository_id=kept.id) / "scip"
        assert list(folder.iterdir()) == []

        allow(made, Sort.BYTES, 100_000, holder=user(developer))
        taken = upload(made, developer, kept).stored_bytes
        upload(made, developer, kept)
        used = {holder.kind: self._bytes(made, holder) for holder in (user(developer), project(kept), tenant(made))}
        size = self._size(made, kept)
        assert used == {HolderKind.USER: taken, HolderKind.PROJECT: size + taken, HolderKind.TENANT: size + taken}

    def test_are_refused_like_jobs_while_too_many_wait(self, made: House, tmp_path: Path, developer: Actor) -> None:
        kept = connect(made, tmp_path, "one")
        made.work()
        allow(made, Sort.JOBS, 0, holder=user(developer))

        with pytest.raises(QuotaExceeded) as refused:
            upload(made, developer, kept)
        assert told(refused) == {"sort": "jobs", "holder": "user", "limit": "0", "wanted": "1"}

    @staticmethod
    def _bytes(made: House, holder: Holder) -> int:
        with made.grove.database.reading() as tx:
            shown = quotas.list_quotas(tx, actor=made.admin, holder=holder, now=made.now)
        return next(quota.used for quota in shown if quota.sort is Sort.BYTES)

    @staticmethod
    def _size(made: House, kept: Repository) -> int:
        with made.grove.database.reading() as tx:
            return repositories.get_repository(tx, actor=made.admin, repository_id=kept.id).size_bytes or 0


class TestQueries:
    def test_are_refused_when_those_of_the_day_are_used_up(self, made: House, tmp_path: Path, developer: Actor) -> None:
        connect(made, tmp_path, "one")
        made.work()
        allow(made, Sort.QUERIES, 2, holder=user(developer))
        for _ in range(2):
            made.grove.search.run(developer, Question(text="retry_call"))
            made.grove.usage.write(now=made.now)

        with pytest.raises(QueriesUsedUp) as refused:
            made.grove.search.run(developer, Question(text="retry_call"))
        assert 0 < refused.value.facts["retry_seconds"] <= 86_400  # type: ignore[operator]
        assert made.grove.search.run(made.admin, Question(text="retry_call")).truth.files_found == 1


class TestShowing:
    def test_tells_use_and_limit_of_each_sort(self, made: House, tmp_path: Path, developer: Actor) -> None:
        connect(made, tmp_path, "one", actor=developer)
        allow(made, Sort.REPOSITORIES, 5, holder=user(developer))

        with made.grove.database.reading() as tx:
            shown = quotas.list_quotas(tx, actor=developer, holder=user(developer), now=made.now)
        assert {quota.sort: (quota.used, quota.limit) for quota in shown}[Sort.REPOSITORIES] == (1, 5)
        assert [quota.sort for quota in shown] == list(Sort)

    def test_is_about_oneself_below_maintainers(self, made: House, developer: Actor) -> None:
        for holder in (user(made.admin), Holder(kind=HolderKind.TENANT, id=made.admin.tenant_id)):
            with made.grove.database.reading() as tx, pytest.raises(Denied):
                quotas.list_quotas(tx, actor=developer, holder=holder, now=made.now)


class TestSetting:
    def test_is_for_administrators(self, made: House) -> None:
        maintainer, _ = made.actor(Role.MAINTAINER)
        with made.grove.database.transaction() as tx, pytest.raises(Denied):
            quotas.set_quota(tx, actor=maintainer, holder=user(maintainer), sort=Sort.JOBS, limit=1, now=made.now)

    def test_refuses_what_is_not_counted(self, made: House) -> None:
        project = Holder(kind=HolderKind.PROJECT, id="p")
        with pytest.raises(QuotaInvalid):
            allow(made, Sort.QUERIES, 1, holder=project)


class TestAMirrorThatGrows:
    def test_stays_as_it_was_where_it_would_be_too_much(self, made: House, tmp_path: Path) -> None:
        kept = connect(made, tmp_path, "app")
        made.work()
        with made.grove.database.reading() as tx:
            before = repositories.get_repository(tx, actor=made.admin, repository_id=kept.id)
        allow(made, Sort.BYTES, (before.size_bytes or 0) + 50_000)
        Upstream(tmp_path / "src" / "app.git").commit({"noise.bin": os.urandom(200_000)})

        job = sync(made, kept)

        assert (job.error or {})["code"] == "quota_exceeded"
        after = now_of(made, kept)
        assert (after.head_commit, after.size_bytes) == (before.head_commit, before.size_bytes)
        assert (after.problem or {})["code"] == "quota_exceeded"
        assert made.grove.search.run(made.admin, Question(text="retry_call")).truth.files_found == 1
        allow(made, Sort.BYTES, None)
        assert sync(made, kept).error is None


class TestAnExport:
    def test_counts_as_a_job(self, made: House) -> None:
        allow(made, Sort.JOBS, 0)
        question = Question(text="retry_call", mode=Mode.TEXT)
        with pytest.raises(QuotaExceeded), made.grove.database.transaction() as tx:
            exports.create_export(tx, actor=made.admin, question=question, form=ExportForm.JSONL, now=made.now)
