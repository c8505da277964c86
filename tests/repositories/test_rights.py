"""Who may bring about each move of a repository: every move by people, tried by every role."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from grove import policies, repositories
from grove.accounts import Role
from grove.kit.gate import Actor, Denied
from grove.kit.transactions import Transaction
from grove.policies import RULES
from grove.repositories import Approval, Lifecycle, Repository
from grove.repositories.model import NEXT
from grove.repositories.tables import RepositoryRow
from tests.support.git_repositories import Repository as Upstream
from tests.support.grove import House, house
from tests.support.sources import connect
from tools.moves import action_of_move

Act = Callable[..., Any]
RANK = (Role.VIEWER, Role.DEVELOPER, Role.MAINTAINER, Role.ADMIN)
ACTS: Mapping[StrEnum, tuple[Act, bool]] = {
    Approval.APPROVED: (repositories.approve_repository, False),
    Approval.REJECTED: (repositories.reject_repository, True),
    Approval.REVOKED: (repositories.revoke_approval, True),
    Approval.PENDING: (repositories.request_again, True),
    Lifecycle.ARCHIVED: (repositories.archive_repository, True),
    Lifecycle.COLD: (repositories.cool_repository, True),
    Lifecycle.ACTIVE: (repositories.restore_repository, False),
    Lifecycle.DELETED: (repositories.remove_repository, False),
}
"""What brings each state about, and whether it wants a reason."""
MOVES = [
    (field, present, wanted)
    for field in ("approval", "lifecycle")
    for present, following in NEXT[field].items()
    for wanted in sorted(following)
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("rights")
    Upstream.new(folder / "src" / "app.git").commit({"a.txt": "a"})
    with house(folder / "data", local_roots=(folder / "src",)) as running:
        connect(running, str(folder / "src" / "app.git"))
        running.work()
        yield running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[House]:
    """A house whose policies a test may change."""
    with house(tmp_path / "data") as running:
        yield running


@pytest.fixture(scope="module")
def actors(made: House) -> Mapping[Role, Actor]:
    return {role: made.actor(role)[0] for role in RANK}


class Undone(Exception):
    """Whatever was tried is taken back."""


def is_refused(made: House, actor: Actor, move: tuple[str, StrEnum, StrEnum]) -> bool:
    """Whether an actor may not bring a move about; nothing of it stays."""
    field, present, wanted = move
    act, has_reason = ACTS[wanted]
    more = {"reason": "for a test"} if has_reason else {}
    try:
        with made.grove.database.transaction() as tx:
            repository = _put(tx, made, field, present)
            act(tx, actor=actor, repository_id=repository.id, now=made.now, **more)
            raise Undone  # noqa: TRY301 - so that the transaction is not kept
    except Denied:
        return True
    except Undone:
        return False


def _put(tx: Transaction, made: House, field: str, present: StrEnum) -> Repository:
    """The repository in a state, however it came there."""
    [repository] = repositories.list_repositories(tx, actor=made.admin)
    row = tx.session.get(RepositoryRow, repository.id)
    assert row is not None
    setattr(row, field, present)
    tx.session.flush()
    return repository


def connect_under(made: House, document: str, wanted: repositories.NewRepository) -> None:
    """Connect a repository where such a policy is in force."""
    draft = policies.PolicyDraft(documents={"none.cedar": document})
    acting: Any = {"actor": made.admin, "now": made.now}
    with made.grove.database.transaction() as tx:
        policies.apply_policies(tx, **acting, draft=draft, gate=made.grove.gate, origin="test", reason="for a test")
    with made.grove.database.transaction() as tx:
        repositories.connect_repository(tx, **acting, wanted=wanted)


class TestConnecting:
    @pytest.mark.parametrize(("action", "local"), [("connect", False), ("connect", True), ("connect_local", True)])
    def test_a_folder_is_refused_by_what_refuses_any_repository(self, fresh: House, action: str, local: bool) -> None:
        document = f"""@id("none") @reason("none is kept")
            forbid (principal, action == Grove::Action::"repository.{action}", resource);"""
        wanted = repositories.NewRepository(
            name="acme/other",
            url="/srv/other.git" if local else "https://git.example.org/other.git",
            host="" if local else "git.example.org",
            forge="generic",
            project_id="p",
            credential_id=None,
            local=local,
        )
        with pytest.raises(Denied) as refused:
            connect_under(fresh, document, wanted)

        assert refused.value.facts["reason"] == "none is kept"


class TestEveryMoveByPeople:
    @pytest.mark.parametrize("move", MOVES, ids=str)
    def test_is_for_the_roles_of_the_table_and_no_others(
        self, made: House, actors: Mapping[Role, Actor], move: tuple[str, StrEnum, StrEnum]
    ) -> None:
        field, present, wanted = move
        least = RULES[action_of_move(field, present, wanted)].role
        refused = [role for role in RANK if is_refused(made, actors[role], move)]

        assert refused == list(RANK[: RANK.index(least)])
