"""Putting a repository into another project: who may, what comes along, and who sees it from then on."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from grove import accounts, activity, credentials, policies, quotas, repositories
from grove.accounts import ProjectNotFound, Role
from grove.activity import AuditQuestion
from grove.credentials import CredentialDraft
from grove.kit.gate import Actor, Denied
from grove.quotas import Holder, HolderKind, QuotaExceeded, Sort
from grove.repositories import CredentialShared, NewRepository, NotAllowedNow, Repository, RepositoryNotFound
from tests.support.grove import House, house
from tests.support.people import NOON

CORE = "core"


@pytest.fixture
def made(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "data") as running:
        with running.grove.database.transaction() as tx:
            accounts.create_project(tx, actor=running.admin, name=CORE, now=NOON)
        yield running


def project_id(made: House, name: str = CORE) -> str:
    with made.grove.database.reading() as tx:
        return accounts.find_project(tx, actor=made.admin, project=name).id


def kept(made: House, name: str, *, credential_id: str | None = None) -> Repository:
    """A repository of the default project."""
    with made.grove.database.transaction() as tx:
        wanted = NewRepository(
            name=f"git.example.org/acme/{name}",
            url=f"https://git.example.org/acme/{name}.git",
            host="git.example.org",
            forge="generic",
            project_id=accounts.default_project(tx, tenant_id=made.admin.tenant_id).id,
            credential_id=credential_id,
            estimated_bytes=1_000,
        )
        return repositories.connect_repository(tx, actor=made.admin, wanted=wanted, now=datetime.now(UTC))


def credential(made: House, *, of_project: bool) -> str:
    with made.grove.database.transaction() as tx:
        own = accounts.default_project(tx, tenant_id=made.admin.tenant_id).id if of_project else None
        draft = CredentialDraft(
            name="bot", host="git.example.org", username="bot", password="ghp_a-secret-of-it", project_id=own
        )
        return credentials.add_credential(tx, actor=made.admin, keyring=made.grove.keyring, draft=draft, now=NOON).id


def assign(made: House, repository: Repository, *, actor: Actor | None = None, project: str = CORE) -> Repository:
    with made.grove.database.transaction() as tx:
        return repositories.assign_project(
            tx, actor=actor or made.admin, repository_id=repository.id, project=project, now=datetime.now(UTC)
        )


def forbid(made: House, actions: str) -> None:
    """Forbid something in the project that things are put into, to all but administrators."""
    rule = (
        f'@id("core") forbid (principal, action in [{actions}], resource in Grove::Project::"{project_id(made)}") '
        f'unless {{ principal in Grove::Role::"admin" }};'
    )
    with made.grove.database.transaction() as tx:
        draft = policies.PolicyDraft(documents={"core.cedar": rule})
        acting: Any = {"actor": made.admin, "now": datetime.now(UTC)}
        policies.apply_policies(tx, **acting, draft=draft, gate=made.grove.gate, origin="test", reason="for a test")


class TestAnotherProject:
    def test_has_the_repository_at_once_and_the_trail_is_told(self, made: House) -> None:
        repository = kept(made, "pay")
        moved = assign(made, repository)

        assert (moved.project_id, moved.name) == (project_id(made), repository.name)
        with made.grove.database.reading() as tx:
            found = repositories.list_repositories(tx, actor=made.admin, project_id=project_id(made))
            question = AuditQuestion(action="repository.configure")
            [told] = activity.list_entries(tx, actor=made.admin, question=question)
        assert [each.id for each in found] == [repository.id]
        assert told.facts["project"] == project_id(made)
        assert told.facts["project_before"] == repository.project_id

    def test_that_it_is_in_already_changes_nothing(self, made: House) -> None:
        assign(made, kept(made, "pay"))
        with made.grove.database.reading() as tx:
            [repository] = repositories.list_repositories(tx, actor=made.admin)
        assert assign(made, repository) == repository

    def test_is_for_maintainers(self, made: House) -> None:
        repository = kept(made, "pay")
        with pytest.raises(Denied):
            assign(made, repository, actor=made.actor(Role.DEVELOPER)[0])
        maintainer = made.actor(Role.MAINTAINER)[0]
        assert assign(made, repository, actor=maintainer).project_id == project_id(made)
        with pytest.raises(ProjectNotFound):
            assign(made, repository, project="nowhere")

    @pytest.mark.parametrize("action", ["repository.configure", "repository.connect", "repository.admit"])
    def test_is_asked_too_whether_it_may_be_there(self, made: House, action: str) -> None:
        forbid(made, f'Grove::Action::"{action}"')
        repository, maintainer = kept(made, "pay"), made.actor(Role.MAINTAINER)[0]

        with pytest.raises(Denied):
            assign(made, repository, actor=maintainer)
        assert assign(made, repository).project_id == project_id(made)

    def test_is_asked_by_those_who_may_still_see_it(self, made: House) -> None:
        forbid(made, 'Grove::Action::"repository.view"')
        repository, maintainer = kept(made, "pay"), made.actor(Role.MAINTAINER)[0]
        with made.grove.database.reading() as tx:
            assert repositories.list_repositories(tx, actor=maintainer)
        assign(made, repository)

        with made.grove.database.reading() as tx:
            assert not repositories.list_repositories(tx, actor=maintainer)
            assert not repositories.list_visible(tx, actor=maintainer)
        with pytest.raises(RepositoryNotFound):
            assign(made, repository, actor=maintainer, project="default")

    def test_counts_what_it_holds(self, made: House) -> None:
        repository = kept(made, "pay")
        with made.grove.database.transaction() as tx:
            holder = Holder(kind=HolderKind.PROJECT, id=project_id(made))
            quotas.set_quota(tx, actor=made.admin, holder=holder, sort=Sort.BYTES, limit=1_500, now=NOON)
            tenant = Holder(kind=HolderKind.TENANT, id=made.admin.tenant_id)
            quotas.set_quota(tx, actor=made.admin, holder=tenant, sort=Sort.REPOSITORIES, limit=2, now=NOON)
        second = kept(made, "billing")
        assign(made, repository)

        with pytest.raises(QuotaExceeded):
            assign(made, second)
        with made.grove.database.reading() as tx:
            listed = {quota.sort: quota for quota in quotas.list_quotas(tx, actor=made.admin, holder=holder, now=NOON)}
        assert (listed[Sort.BYTES].used, listed[Sort.REPOSITORIES].used) == (1_000, 1)

    def test_does_not_take_what_is_being_removed(self, made: House) -> None:
        repository = kept(made, "pay")
        with made.grove.database.transaction() as tx:
            repositories.remove_repository(tx, actor=made.admin, repository_id=repository.id, now=datetime.now(UTC))
        with pytest.raises(NotAllowedNow):
            assign(made, repository)


class TestItsCredential:
    def bound_to(self, made: House, credential_id: str) -> str | None:
        with made.grove.database.reading() as tx:
            tenant = made.admin.tenant_id
            return credentials.get_credential(tx, tenant_id=tenant, credential_id=credential_id).project_id

    def test_comes_along_when_it_is_for_the_project_alone(self, made: House) -> None:
        own = credential(made, of_project=True)
        assign(made, kept(made, "pay", credential_id=own))
        assert self.bound_to(made, own) == project_id(made)

    def test_that_is_for_all_projects_stays_so(self, made: House) -> None:
        shared = credential(made, of_project=False)
        kept(made, "billing", credential_id=shared)
        assign(made, kept(made, "pay", credential_id=shared))
        assert self.bound_to(made, shared) is None

    def test_keeps_it_where_it_is_when_others_of_the_project_use_it(self, made: House) -> None:
        own = credential(made, of_project=True)
        kept(made, "billing", credential_id=own)
        repository = kept(made, "pay", credential_id=own)
        with pytest.raises(CredentialShared):
            assign(made, repository)
        with made.grove.database.reading() as tx:
            assert not repositories.list_repositories(tx, actor=made.admin, project_id=project_id(made))
