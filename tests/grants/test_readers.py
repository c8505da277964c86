"""People see what their forges let them read, if a repository is set so; nobody does before the forge has told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from grove import accounts, grants
from grove.grants import ForgeAccountTaken
from grove.kit.gate import Actor, Denied
from grove.mirrors import repository_to_clone
from grove.repositories import Permissions, PermissionsOfNoForge, Repository, RepositoryNotFound, list_repositories
from grove.search import Question
from tests.grants.conftest import Kept
from tests.support.git_server import Raw
from tests.support.sources import now_of

Keep = Callable[..., Kept]
LISTED: dict[str, dict[str, Any]] = {
    "github": {
        "/api/v3/repos/acme/pay/collaborators": (
            200,
            [
                {"login": "Ada-At-Forge", "permissions": {"pull": True}},
                {"login": "mallory", "permissions": {"pull": False}},
            ],
        )
    },
    "gitlab": {
        "/api/v4/projects/acme%2Fpay/members/all": (
            200,
            [
                {"username": "ada-at-forge", "access_level": 20, "state": "active"},
                {"username": "mallory", "access_level": 10, "state": "active"},
                {"username": "eve", "access_level": 40, "state": "blocked"},
            ],
        )
    },
    "gitea": {
        "/api/v1/repos/acme/pay/collaborators/ada-at-forge/permission": (200, {"permission": "read"}),
        "/api/v1/repos/acme/pay/collaborators/mallory/permission": (200, {"permission": "none"}),
    },
}


def guard(kept: Kept) -> Repository:
    """Have people see the repository by the forge's rules, and the forge asked for them."""
    with kept.made.grove.database.transaction() as tx:
        grants.set_permissions(
            tx,
            actor=kept.made.admin,
            repository_id=kept.repository.id,
            permissions=Permissions.FORGE,
            now=kept.made.now,
        )
    kept.made.work()
    return now_of(kept.made, kept.repository)


def link(kept: Kept, who: Actor, login: str) -> grants.ForgeAccount:
    with kept.made.grove.database.transaction() as tx:
        return grants.link_account(
            tx,
            actor=kept.made.admin,
            principal=who.id,
            host=f"LOCALHOST:{kept.forge.server.port}",
            login=login,
            now=kept.made.now,
        )


def ask_again(kept: Kept) -> None:
    with kept.made.grove.database.transaction() as tx:
        grants.check_due(tx, patience=grants.Patience(), now=kept.made.now)
    kept.made.work()


def sees(kept: Kept, who: Actor) -> tuple[int, int, bool]:
    """How many files a search finds, how many repositories are listed, and whether it can be cloned."""
    made, name = kept.made, kept.repository.name
    with made.grove.database.reading() as tx:
        listed = len(list_repositories(tx, actor=who))
        try:
            is_cloned = repository_to_clone(tx, actor=who, name=name).id == kept.repository.id
        except RepositoryNotFound:
            is_cloned = False
    return len(made.grove.search.run(who, Question(text="settle_invoice")).files), listed, is_cloned


ALL, NOTHING = (1, 1, True), (0, 0, False)


class TestARepositoryThatIsSeenByTheForgesRules:
    @pytest.mark.parametrize("forge", sorted(LISTED))
    def test_is_there_for_those_alone_whom_the_forge_lets_read_it(self, keep: Keep, forge: str) -> None:
        kept = keep(forge)
        kept.forge.answers |= LISTED[forge]
        people = {login: kept.made.actor(accounts.Role.DEVELOPER)[0] for login in ("Ada-at-forge", "mallory", "eve")}
        stranger, _ = kept.made.actor(accounts.Role.MAINTAINER)
        for login, who in people.items():
            link(kept, who, login)

        guarded = guard(kept)

        assert guarded.readers_read_at is not None
        assert sees(kept, people["Ada-at-forge"]) == ALL
        for who in (people["mallory"], people["eve"], stranger):
            assert sees(kept, who) == NOTHING

    def test_is_there_for_nobody_before_the_forge_has_told(self, keep: Keep) -> None:
        kept = keep()
        ada, _ = kept.made.actor(accounts.Role.DEVELOPER)
        link(kept, ada, "ada-at-forge")
        kept.forge.answers["/api/v3/repos/acme/pay/collaborators"] = (403, {"message": "push access is needed"})

        assert guard(kept).readers_read_at is None
        assert sees(kept, ada) == NOTHING

    def test_is_listed_for_administrators_who_read_nothing_of_it(self, keep: Keep) -> None:
        kept = keep()
        guard(kept)

        assert sees(kept, kept.made.admin) == (0, 1, False)
        with pytest.raises(Denied):
            kept.made.grove.search.read_file(kept.made.admin, repository=kept.repository.id, path="main.py")

    def test_is_there_for_an_agent_of_somebody_who_may_read_it(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.answers |= LISTED["github"]
        ada, _ = kept.made.actor(accounts.Role.DEVELOPER)
        link(kept, ada, "ada-at-forge")
        guard(kept)
        stranger, _ = kept.made.actor(accounts.Role.DEVELOPER)

        for person, seen in ((ada, 1), (stranger, 0)):
            agent = Actor(
                id=f"agent of {person.id}",
                tenant_id=person.tenant_id,
                name="agent",
                role="developer",
                scopes=person.scopes,
                source=person.source,
                kind="agent",
                acts_for=person,
            )
            assert len(kept.made.grove.search.run(agent, Question(text="settle_invoice")).files) == seen

    def test_is_there_for_all_when_it_is_public_at_the_forge(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.always = (200, {"full_name": "acme/pay", "private": False, "visibility": "public"})
        guard(kept)

        assert sees(kept, kept.made.actor(accounts.Role.VIEWER)[0]) == ALL

    def test_closes_workspaces_of_those_who_may_read_it_no_more(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.answers |= LISTED["github"]
        ada, _ = kept.made.actor(accounts.Role.DEVELOPER)
        account = link(kept, ada, "ada-at-forge")
        guard(kept)
        desk = kept.made.grove.workspaces
        desk.create(ada, repository=kept.repository.id, name="fix", target="", now=kept.made.now)
        assert desk.read(ada, "fix", path="main.py")

        with kept.made.grove.database.transaction() as tx:
            grants.unlink_account(tx, actor=kept.made.admin, account_id=account.id, now=kept.made.now)

        assert sees(kept, ada) == NOTHING
        with pytest.raises(RepositoryNotFound):
            desk.read(ada, "fix", path="main.py")

    def test_is_seen_by_who_is_linked_later_once_the_forge_was_asked(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.answers |= LISTED["github"]
        guard(kept)
        ada, _ = kept.made.actor(accounts.Role.DEVELOPER)
        link(kept, ada, "ada-at-forge")
        assert sees(kept, ada) == NOTHING

        ask_again(kept)

        assert sees(kept, ada) == ALL

    def test_keeps_its_readers_for_a_grace_when_the_forge_is_silent(self, keep: Keep) -> None:
        kept = keep()
        kept.forge.answers |= LISTED["github"]
        ada, _ = kept.made.actor(accounts.Role.DEVELOPER)
        link(kept, ada, "ada-at-forge")
        guard(kept)
        kept.forge.answers["/api/v3/repos/acme/pay/collaborators"] = Raw(200, {}, b"<html>", "text/html")
        link(kept, kept.made.admin, "somebody")
        ask_again(kept)
        assert sees(kept, ada) == ALL

        later = kept.made.now + timedelta(hours=25)
        with kept.made.grove.database.transaction() as tx:
            grants.check_due(tx, patience=grants.Patience(), now=later)

        assert sees(kept, ada) == NOTHING

    def test_comes_from_a_forge_that_can_tell(self, keep: Keep) -> None:
        kept = keep("github", token=None)
        with pytest.raises(PermissionsOfNoForge):
            guard(kept)


class TestAnAccount:
    def test_is_one_persons(self, keep: Keep) -> None:
        kept = keep()
        link(kept, kept.made.admin, "Ada")
        with pytest.raises(ForgeAccountTaken):
            link(kept, kept.made.actor(accounts.Role.DEVELOPER)[0], "aDA")

    def test_is_linked_by_administrators_alone(self, keep: Keep) -> None:
        kept = keep()
        ada, _ = kept.made.actor(accounts.Role.MAINTAINER)
        with pytest.raises(Denied), kept.made.grove.database.transaction() as tx:
            grants.link_account(tx, actor=ada, principal=ada.id, host="github.com", login="root", now=kept.made.now)
