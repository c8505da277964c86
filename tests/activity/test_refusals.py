"""What somebody wanted to do and may not is in the audit trail, with the policies that said so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from grove import accounts, activity, repositories
from grove.activity import AuditEntry, AuditQuestion
from grove.kit.gate import Actor, Denied, Resource
from grove.repositories import RepositoryNotFound
from grove.workspaces import WorkspaceNotFound
from tests.support.grove import House, house


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path / "data") as made:
        yield made


@pytest.fixture
def viewer(home: House) -> Actor:
    return home.actor(accounts.Role.VIEWER, name="vera")[0]


def refusals(home: House) -> list[AuditEntry]:
    with home.grove.database.reading() as tx:
        return activity.list_entries(tx, actor=home.admin, question=AuditQuestion(action="permission.refuse"))


def look_at_the_trail(home: House, actor: Actor) -> None:
    with home.grove.database.reading() as tx:
        activity.list_entries(tx, actor=actor)


def suspend(home: House, actor: Actor, principal_id: str) -> None:
    with home.grove.database.transaction() as tx:
        accounts.set_principal_active(tx, actor=actor, principal_id=principal_id, active=False, now=home.now)


class TestWhatSomebodyMayNot:
    def test_is_told_with_the_permission_the_reason_and_the_version_of_the_policies(
        self, home: House, viewer: Actor
    ) -> None:
        with pytest.raises(Denied) as denied:
            suspend(home, viewer, home.admin.id)

        [told] = refusals(home)
        assert (told.actor_id, told.target_kind, told.target_id) == (viewer.id, "user", home.admin.id)
        assert told.facts["permission"] == "user.suspend"
        assert told.facts["reason"] == denied.value.facts["reason"]
        assert told.facts["policy_version"] == 0

    def test_is_told_though_it_was_only_to_read(self, home: House, viewer: Actor) -> None:
        with pytest.raises(Denied):
            look_at_the_trail(home, viewer)

        assert [told.facts["permission"] for told in refusals(home)] == ["audit.list"]

    def test_is_told_though_they_are_answered_that_it_is_not_there(self, home: House, viewer: Actor) -> None:
        anothers = Resource(kind="workspace", id="w", tenant_id=viewer.tenant_id, attributes={"owner": home.admin.id})
        with pytest.raises(WorkspaceNotFound), home.grove.database.reading() as tx:
            tx.require(viewer, "workspace.change", anothers, absent=WorkspaceNotFound(workspace="w"))

        assert [(told.facts["permission"], told.target_id) for told in refusals(home)] == [("workspace.change", "w")]

    def test_is_told_once_when_they_try_it_again_and_again(self, home: House, viewer: Actor) -> None:
        for _ in range(5):
            with pytest.raises(Denied):
                look_at_the_trail(home, viewer)

        assert len(refusals(home)) == 1

    def test_does_not_fill_the_trail_when_they_try_everything(self, home: House, viewer: Actor) -> None:
        told_max = home.grove.settings.refusals_told_per_minute
        for number in range(told_max + 5):
            with pytest.raises(Denied):
                suspend(home, viewer, f"nobody-{number}")

        assert len(refusals(home)) == told_max

    def test_is_told_each_time_when_that_is_wanted(self, tmp_path: Path) -> None:
        with house(tmp_path / "other", refusals_told_per_minute=0) as every:
            somebody, _ = every.actor(accounts.Role.VIEWER)
            for _ in range(3):
                with pytest.raises(Denied):
                    look_at_the_trail(every, somebody)

            assert len(refusals(every)) == 3

    def test_stays_refused_when_it_cannot_be_told(self, home: House, viewer: Actor) -> None:
        with home.grove.database.engine.begin() as connection:
            full = "CREATE TRIGGER full BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'no room'); END"
            connection.execute(text(full))

        with pytest.raises(Denied):
            suspend(home, viewer, home.admin.id)

    def test_is_not_told_when_nobody_was_refused(self, home: House, viewer: Actor) -> None:
        with pytest.raises(RepositoryNotFound), home.grove.database.reading() as tx:
            repositories.find_repository(tx, actor=viewer, name="nothing")

        assert refusals(home) == []
