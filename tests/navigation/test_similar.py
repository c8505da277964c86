from collections.abc import Iterator
from dataclasses import replace

import pytest

from grove.accounts import Role
from grove.kit.gate import Denied
from grove.navigation import Navigator, NotText, RangeInvalid, Source, Wanted
from tests.support.git_repositories import Repository
from tests.support.grove import House, house
from tests.support.sources import connect

RETRY = """\
def retry(call, tries):
    for attempt in range(tries):
        try:
            return call(attempt)
        except OSError as error:
            log(error, attempt, tries)
    raise Exhausted(tries)
"""
FILLER = "".join(
    f"def filler{number}(value{number}):\n    return value{number} + {number}\n\n\n" for number in range(60)
)
PLACE = Source(repository="one", path="net/retry.py", first_line=1, last_line=7)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root = tmp_path_factory.mktemp("similar")
    one = Repository.new(root / "src" / "one.git")
    one.commit({"net/retry.py": RETRY, "net/filler.py": FILLER, "logo.png": b"\0", "long.py": "x = [1, 2, 3]\n" * 700})
    two = Repository.new(root / "src" / "two.git")
    two.commit({"lib/moved.py": FILLER + RETRY.replace("OSError", "IOError"), "copy.py": FILLER[:400] + RETRY})
    with house(root / "data", local_roots=(root / "src",)) as running:
        connect(running, str(one.path), name="git.example.org/acme/one")
        connect(running, str(two.path), name="git.example.org/acme/two")
        running.work()
        yield running


@pytest.fixture
def navigator(made: House) -> Navigator:
    return made.grove.navigation


class TestFindSimilar:
    def test_finds_copies_and_changed_copies_in_every_repository(self, made: House, navigator: Navigator) -> None:
        answer = navigator.find_similar(made.admin, PLACE, Wanted(limit=2))

        copy, moved = answer.items
        assert (copy.address.path, copy.similarity, copy.last_line - copy.first_line) == ("copy.py", 1.0, 6)
        assert (moved.address.path, moved.first_line, moved.last_line) == ("lib/moved.py", 241, 247)
        assert 0.6 < moved.similarity < 1
        assert moved.around is not None
        assert moved.around.name == "retry"

    def test_does_not_find_the_lines_themselves(self, made: House, navigator: Navigator) -> None:
        answer = navigator.find_similar(made.admin, PLACE, Wanted())

        assert "net/retry.py" not in [place.address.path for place in answer.items]

    def test_looks_where_it_is_told(self, made: House, navigator: Navigator) -> None:
        answer = navigator.find_similar(made.admin, PLACE, Wanted(paths=("lib/",)))

        assert {place.address.path for place in answer.items} == {"lib/moved.py"}
        assert "places with the likeliest words were compared" in answer.truth.notes[0]

    @pytest.mark.parametrize(("first", "last"), [(0, 3), (5, 4), (1, 900), (7, 7), (1, 600)])
    def test_refuses_lines_that_cannot_be_compared(
        self, made: House, navigator: Navigator, first: int, last: int
    ) -> None:
        source = replace(PLACE, path="long.py" if last == 600 else PLACE.path, first_line=first, last_line=last)

        with pytest.raises(RangeInvalid):
            navigator.find_similar(made.admin, source, Wanted())

    def test_refuses_what_is_no_text(self, made: House, navigator: Navigator) -> None:
        with pytest.raises(NotText):
            navigator.find_similar(made.admin, replace(PLACE, path="logo.png"), Wanted())

    def test_needs_the_permission_to_read_and_to_search(self, made: House, navigator: Navigator) -> None:
        viewer, _ = made.actor(Role.VIEWER)

        with pytest.raises(Denied):
            navigator.find_similar(replace(viewer, scopes=frozenset()), PLACE, Wanted())
