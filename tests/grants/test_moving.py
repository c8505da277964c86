"""A repository that was renamed, moved or archived at its forge, and one that somebody gives another address."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from grove import activity, grants, mirrors, policies, repositories
from grove.accounts import Role
from grove.git import UrlSchemeRefused
from grove.jobs import Job, JobState
from grove.kit.gate import Denied
from grove.repositories import (
    Access,
    AddressUnchanged,
    AddressUnknown,
    Repository,
    RepositoryExists,
    ScreenStatus,
    screen_status_of,
    why_not_ready,
)
from grove.search import Question
from tests.grants.conftest import DOCUMENTS, Kept
from tests.support.git_repositories import Repository as Upstream
from tests.support.git_server import Raw
from tests.support.sources import connect, last_job, now_of, sync

Keep = Callable[..., Kept]
APIS = {
    "github": ("/api/v3/repos/acme/pay", "/api/v3/repositories/7"),
    "gitea": ("/api/v1/repos/acme/pay", "/api/v1/repos/acme/billing"),
    "gitlab": ("/api/v4/projects/acme%2Fpay", "/api/v4/projects/7"),
}


def check(kept: Kept) -> Repository:
    """Have the forge asked, and do all that follows."""
    with kept.made.grove.database.transaction() as tx:
        grants.request_check(tx, actor=kept.made.admin, repository_id=kept.repository.id, now=kept.made.now)
    kept.made.work()
    return now_of(kept.made, kept.repository)


def rename(kept: Kept, *, location: str | None = None, **facts: Any) -> None:
    """Have the forge keep `acme/pay` as `acme/billing` from now on, and redirect as its kind does."""
    server = kept.forge.server
    if (server.root / "acme" / "pay.git").is_dir():
        (server.root / "acme" / "pay.git").rename(server.root / "acme" / "billing.git")
    old, new = APIS[kept.forge.name]
    document = {**DOCUMENTS[kept.forge.name], **facts}
    document["path_with_namespace" if kept.forge.name == "gitlab" else "full_name"] = "acme/billing"

    def answer(_method: str, target: str, _headers: dict[str, str], _body: bytes) -> Any:
        kept.forge.asked.append(target)
        path = target.partition("?")[0]
        if path == old:
            return Raw(301, {"Location": location or f"https://localhost:{server.port}{new}"})
        return (200, document) if path == new else (404, {})

    server.behaviour.api = answer


def found(kept: Kept, text: str) -> int:
    return len(kept.made.grove.search.run(kept.made.admin, Question(text=text)).files)


def acts(kept: Kept, action: str) -> list[activity.AuditEntry]:
    with kept.made.grove.database.reading() as tx:
        entries = activity.list_entries(tx, actor=kept.made.admin, limit=50)
    return [entry for entry in entries if entry.action == action]


def move(kept: Kept, address: str | None, *, actor: Any = None, credential: str | None = None) -> Job:
    with kept.made.grove.database.transaction() as tx:
        mirrors.request_new_address(
            tx,
            actor=actor or kept.made.admin,
            repository_id=kept.repository.id,
            address=address,
            credential=credential,
            forges=kept.made.grove.sources.forges,
            now=kept.made.now,
        )
    kept.made.work()
    return last_job(kept.made, kept.repository, kind=mirrors.MoveArguments.kind)


class TestARepositoryThatWasRenamedAtItsForge:
    @pytest.mark.parametrize("forge", ["github", "gitlab", "gitea"])
    def test_is_fetched_from_its_new_address_which_the_api_tells(self, keep: Keep, forge: str) -> None:
        kept = keep(forge)
        rename(kept)
        head = Upstream(kept.forge.server.root / "acme" / "billing.git").commit({"new.py": "def refund(): ...\n"})

        moved = check(kept)

        assert moved.url == kept.forge.server.url("acme/billing.git")
        assert moved.name.endswith("/acme/billing")
        assert (moved.access, moved.moved_to, moved.problem) == (Access.GRANTED, None, None)
        assert screen_status_of(moved) is ScreenStatus.READY
        assert last_job(kept.made, kept.repository, kind="mirror.sync").state is JobState.SUCCEEDED
        assert moved.head_commit == head

    def test_is_found_by_what_it_was_called_before(self, keep: Keep) -> None:
        kept = keep()
        old = now_of(kept.made, kept.repository)
        rename(kept)
        check(kept)

        with kept.made.grove.database.reading() as tx:
            for name in (old.name, old.url, old.name.rpartition("/")[2], "acme/billing", "billing"):
                assert repositories.find_repository(tx, actor=kept.made.admin, name=name).id == old.id
            address = repositories.address_key(old.url)
            assert repositories.aliases_of(tx, repository_id=old.id) == [address]
            hooked = repositories.at_addresses(tx, tenant_id=old.tenant_id, addresses={address})
        assert [each.id for each in hooked[address]] == [old.id]

    def test_leaves_its_steps_in_the_audit_trail(self, keep: Keep) -> None:
        kept = keep()
        before = now_of(kept.made, kept.repository)
        rename(kept)
        after = check(kept)

        [told], [moved] = acts(kept, "repository.upstream"), acts(kept, "repository.moved")
        assert (told.facts["before"], told.facts["after"], told.facts["follows"]) == (before.url, after.url, True)
        assert (moved.facts["before"], moved.facts["after"]) == (before.url, after.url)

    def test_is_found_by_gits_own_redirect_when_there_is_no_credential(self, keep: Keep) -> None:
        kept = keep("github", token=None)
        rename(kept)
        kept.forge.server.behaviour.renamed = {"/acme/pay.git": "/acme/billing.git"}

        sync(kept.made, kept.repository)  # fails, and has the forge asked at once

        moved = now_of(kept.made, kept.repository)
        assert moved.url == kept.forge.server.url("acme/billing.git")
        assert (moved.problem, moved.access) == (None, Access.GRANTED)

    def test_keeps_a_name_that_somebody_chose(self, keep: Keep) -> None:
        kept = keep(called="payments")
        rename(kept)

        assert check(kept).name == "payments"

    def test_waits_for_a_person_where_policy_wants_that(self, keep: Keep) -> None:
        kept = keep()
        forbid(kept, "repository.follow", "transfers are looked at")
        rename(kept)

        waiting = check(kept)

        assert waiting.url == kept.repository.url
        assert screen_status_of(waiting) is ScreenStatus.ATTENTION
        assert "transfers are looked at" in why_not_ready(waiting)
        assert "grove repo move" in why_not_ready(waiting)
        assert found(kept, "settle_invoice") == 1

        assert move(kept, None).state is JobState.SUCCEEDED
        assert now_of(kept.made, kept.repository).url == kept.forge.server.url("acme/billing.git")

    def test_stays_where_it_is_when_the_new_address_holds_another_history(self, keep: Keep) -> None:
        kept = keep()
        rename(kept)
        path = kept.forge.server.root / "acme" / "billing.git"
        subprocess.run(["rm", "-r", str(path)], check=True)
        Upstream.new(path).commit({"other.py": "def steal(): ...\n"}, message="another beginning")

        stayed = check(kept)

        assert stayed.url == kept.repository.url
        assert (stayed.moved_to or {})["code"] == "history_unrelated"
        assert (found(kept, "settle_invoice"), found(kept, "steal")) == (1, 0)
        check(kept)
        assert len(acts(kept, "repository.upstream")) == 1

    def test_stays_where_it_is_when_that_address_is_kept_already(self, keep: Keep) -> None:
        kept = keep()
        rename(kept)
        api, kept.forge.server.behaviour.api = kept.forge.server.behaviour.api, None
        other = connect(kept.made, kept.forge.server.url("acme/billing.git"), token=kept.forge.server.behaviour.token)
        kept.made.work()
        kept.forge.server.behaviour.api = api

        stayed = check(kept)

        assert (stayed.moved_to or {})["code"] == "repository_exists"
        assert now_of(kept.made, other).problem is None

    def test_is_not_followed_to_another_host(self, keep: Keep) -> None:
        kept = keep()
        rename(kept, location=f"https://127.0.0.1:{kept.forge.server.port}/api/v3/stolen")

        assert check(kept).access is Access.UNSURE
        assert not any("stolen" in target for _, target, _ in kept.forge.server.requests)

    def test_is_not_followed_round_and_round_or_out_of_the_api(self, keep: Keep) -> None:
        kept = keep()
        for location in ("/api/v3/repos/acme/pay", "https://localhost/api/v3/x", "/else/where", " ", "http:"):
            rename(kept, location=location)
            before = len(kept.forge.asked)

            assert check(kept).access is Access.UNSURE, location
            assert len(kept.forge.asked) - before <= 4


class TestARepositoryThatIsArchivedAtItsForge:
    def test_shows_it_after_the_next_check_and_not_any_more_when_it_is_taken_back(self, keep: Keep) -> None:
        kept = keep()
        for archived in (True, False):
            kept.forge.always = (200, {**DOCUMENTS["github"], "archived": archived})
            assert check(kept).archived is archived
        assert [entry.facts["archived"] for entry in acts(kept, "repository.upstream")] == [False, True]

    def test_is_read_without_a_credential_only_while_the_forge_has_answers_to_spare(self, keep: Keep) -> None:
        kept = keep("github", token=None)

        def told(archived: bool, left: int) -> Raw:
            reset = {"X-RateLimit-Remaining": str(left), "Retry-After": "3600"}
            return Raw(200, reset, json.dumps({**DOCUMENTS["github"], "archived": archived}).encode())

        kept.forge.always = told(archived=True, left=20)
        assert check(kept).archived is True
        kept.forge.always = told(archived=False, left=60)
        assert check(kept).archived is True
        assert len(kept.forge.asked) == 1


class TestSomebodyWhoGivesARepositoryAnotherAddress:
    def test_has_it_fetched_from_there(self, keep: Keep) -> None:
        kept = keep()
        root = kept.forge.server.root
        subprocess.run(["git", "clone", "-q", "--mirror", root / "acme/pay.git", root / "acme/copy.git"], check=True)
        head = Upstream(root / "acme" / "copy.git").commit({"copied.py": "def only_in_copy(): ...\n"})

        job = move(kept, kept.forge.server.url("acme/copy.git"))

        assert job.state is JobState.SUCCEEDED
        assert now_of(kept.made, kept.repository).head_commit == head

    def test_is_refused_another_history_and_nothing_changes(self, keep: Keep) -> None:
        kept = keep()
        Upstream.new(kept.forge.server.root / "acme" / "other.git").commit({"x.py": "x = 1\n"}, message="another")

        job = move(kept, kept.forge.server.url("acme/other.git"))

        assert (job.error or {})["code"] == "history_unrelated"
        assert now_of(kept.made, kept.repository).url == kept.repository.url
        assert found(kept, "settle_invoice") == 1

    def test_is_refused_what_makes_no_sense(self, keep: Keep) -> None:
        kept = keep()
        with pytest.raises(AddressUnknown):
            move(kept, None)
        with pytest.raises(AddressUnchanged):
            move(kept, kept.repository.url)
        with pytest.raises(UrlSchemeRefused):
            move(kept, "file:///etc")

    def test_is_refused_an_address_that_is_kept_already(self, keep: Keep) -> None:
        kept = keep()
        Upstream.new(kept.forge.server.root / "acme" / "other.git").commit({"x.py": "x = 1\n"})
        kept.forge.server.behaviour.api = None
        connect(kept.made, kept.forge.server.url("acme/other.git"), token=kept.forge.server.behaviour.token)

        with pytest.raises(RepositoryExists):
            move(kept, kept.forge.server.url("acme/other.git"))

    def test_needs_the_right_to_and_policy_sees_the_new_address(self, keep: Keep) -> None:
        kept = keep()
        developer, _ = kept.made.actor(Role.DEVELOPER)
        with pytest.raises(Denied):
            move(kept, kept.forge.server.url("acme/copy.git"), actor=developer)
        forbid(kept, "repository.move", "not there", when='resource has name && resource.name like "*/evil/*"')
        with pytest.raises(Denied, match="not"):
            move(kept, kept.forge.server.url("evil/pay.git"))


def forbid(kept: Kept, action: str, reason: str, *, when: str = "true") -> None:
    """Apply a policy of the tenant's own."""
    scope = f'principal, action == Grove::Action::"{action}", resource'
    text = f'@id("own")\n@reason("{reason}")\nforbid ({scope}) when {{ {when} }};'
    with kept.made.grove.database.transaction() as tx:
        policies.apply_policies(
            tx,
            actor=kept.made.admin,
            draft=policies.PolicyDraft(documents={"own.cedar": text}),
            gate=kept.made.grove.gate,
            origin="test",
            reason="test",
            now=kept.made.now,
        )
