"""Contexts: named sets of repositories, in a whole Grove."""

from collections.abc import Iterator

import pytest

from grove.accounts import Role
from grove.kit.gate import Actor, Denied
from grove.search import (
    Context,
    ContextInvalid,
    ContextNotFound,
    Question,
    get_context,
    list_contexts,
    remove_context,
    set_context,
)
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("contexts")
    with house(folder / "data", local_roots=(folder,)) as made:
        for name in ("web", "web-old", "api"):
            upstream = Repository.new(folder / "up" / f"{name}.git")
            upstream.commit({"main.py": f"needle = '{name}'\n"})
            upstream.commit({"dev.py": "needle\n"}, branch="dev")
            connect(made, str(upstream.path), name=f"acme/{name}")
        made.work()
        yield made


def name_set(made: House, name: str, *entries: str, actor: Actor | None = None) -> Context:
    with made.grove.database.transaction() as tx:
        return set_context(tx, actor=actor or made.admin, name=name, entries=entries, now=made.now)


def found(made: House, text: str) -> set[tuple[str, str]]:
    answer = made.grove.search.run(made.admin, Question(text=text))
    return {(file.address.repository, file.address.revision) for file in answer.files}


class TestAContext:
    @pytest.mark.parametrize(
        ("entries", "places"),
        [
            (["repo:=web"], {("acme/web", "main")}),
            (["repo:web -repo:old"], {("acme/web", "main")}),
            (["repo:=web", "repo:=api rev:dev"], {("acme/web", "main"), ("acme/api", "dev")}),
            (["(repo:=web OR repo:api@dev)"], {("acme/web", "main"), ("acme/api", "dev")}),
            (["repo:=web", "repo:=web rev:dev"], {("acme/web", "main"), ("acme/web", "dev")}),
            (["repo:=web fork:only"], set()),
            (["repo:=web archived:no"], {("acme/web", "main")}),
            (["repo:nothing"], set()),
        ],
    )
    def test_is_searched_alone(self, made: House, entries: list[str], places: set[tuple[str, str]]) -> None:
        name_set(made, "chosen", *entries)

        assert found(made, "context:chosen 'needle'") == places

    def test_adds_up_with_another(self, made: House) -> None:
        name_set(made, "one", "repo:=web")
        name_set(made, "two", "repo:=api")

        assert found(made, "context:one context:two 'needle'") == {("acme/web", "main"), ("acme/api", "main")}
        assert found(made, "context:one repo:api 'needle'") == set()
        assert len(found(made, "context:global 'needle'")) == 3

    def test_yields_to_a_revision_of_the_query(self, made: House) -> None:
        name_set(made, "chosen", "repo:=web rev:main")

        assert found(made, "context:chosen rev:dev 'needle'") == {("acme/web", "dev")}

    def test_that_nobody_has_named_is_an_error(self, made: House) -> None:
        name_set(made, "payments", "repo:=web")
        with pytest.raises(ContextNotFound) as refused:
            found(made, "context:payment x")

        assert refused.value.facts["nearest"] == "payments"


class TestNaming:
    @pytest.mark.parametrize(
        ("name", "entries"),
        [
            ("global", ["repo:web"]),
            ("a b", ["repo:web"]),
            ("", ["repo:web"]),
            ("none", []),
            ("words", ["web"]),
            ("words", ["repo:web file:x"]),
            ("words", ["repo:web count:3"]),
            ("words", ["repo:web context:other"]),
            ("words", ["repo:web type:commit author:ada"]),
            ("words", ["rev:main"]),
            ("words", [""]),
        ],
    )
    def test_refuses_what_is_no_set_of_repositories(self, made: House, name: str, entries: list[str]) -> None:
        with pytest.raises(ContextInvalid):
            name_set(made, name, *entries)

    def test_is_for_those_who_may_write(self, made: House) -> None:
        viewer, developer = made.actor(Role.VIEWER)[0], made.actor(Role.DEVELOPER)[0]
        name_set(made, "theirs", "repo:=web", actor=developer)

        with pytest.raises(Denied):
            name_set(made, "theirs", "repo:=api", actor=viewer)
        with made.grove.database.reading() as tx:
            assert get_context(tx, actor=viewer, name="theirs").entries == ("repo:=web",)

    def test_ends_with_its_removal(self, made: House) -> None:
        name_set(made, "gone", "repo:=web")
        with made.grove.database.transaction() as tx:
            remove_context(tx, actor=made.admin, name="gone", now=made.now)
        with made.grove.database.transaction() as tx, pytest.raises(ContextNotFound):
            remove_context(tx, actor=made.admin, name="gone", now=made.now)
        with made.grove.database.reading() as tx:
            assert "gone" not in [context.name for context in list_contexts(tx, actor=made.admin)]
