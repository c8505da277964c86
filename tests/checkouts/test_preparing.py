"""What is done to a checkout before it is used: files are brought along, and a command sets it up."""

from dataclasses import replace

import pytest

from grove.accounts import Role
from grove.checkouts import (
    Preparation,
    PreparationInvalid,
    SetUpState,
    get_preparation,
    set_preparation,
)
from grove.kit.gate import Denied
from grove.repositories import find_repository
from grove.sandbox import Confiner
from tests.checkouts.conftest import checked_out, collected, opened, read
from tests.support.git_repositories import git
from tests.support.grove import House

COUNTING = "echo made >> made.log; cat local.env"


def prepared(made: House, wanted: Preparation) -> None:
    with made.grove.database.transaction() as tx:
        repository = find_repository(tx, actor=made.admin, name="acme/shop")
        set_preparation(tx, actor=made.admin, repository_id=repository.id, wanted=wanted, now=made.now)


@pytest.fixture
def confined(made: House) -> None:
    if made.grove.confiner.method is None:
        pytest.skip("nothing on this machine can confine a command")


class TestFiles:
    def test_are_brought_along_and_belong_to_no_commit(self, made: House) -> None:
        prepared(made, Preparation(files={"conf/local [1].env": "KEY=1\n", "README.md": "other\n", "docs/x": "x"}))
        opened(made)
        placed = checked_out(made)
        assert (placed.path / "conf/local [1].env").read_text() == "KEY=1\n"
        assert (placed.path / "README.md").read_text() == "shop\n"
        assert placed.set_up.state is SetUpState.SUCCEEDED
        assert placed.set_up.brought == ("conf/local [1].env",)
        assert placed.set_up.not_brought.keys() == {"README.md", "docs/x"}
        assert git(placed.path, "status", "--porcelain") == b""
        (placed.path / "conf/local [1].env").write_text("KEY=2\n")
        assert collected(made).from_folder == 0

    def test_never_lead_elsewhere(self, made: House) -> None:
        for path in ("../x", "/etc/x", ".git/hooks/x", "a/../../x", "a\nb"):
            with pytest.raises(PreparationInvalid):
                prepared(made, Preparation(files={path: "x"}))
        with pytest.raises(PreparationInvalid):
            prepared(made, Preparation(set_up="true", seconds_max=10_000))


@pytest.mark.usefixtures("confined")
class TestTheCommand:
    def test_is_run_once_in_each_new_folder_and_its_result_shown(self, made: House) -> None:
        prepared(made, Preparation(set_up=COUNTING, files={"local.env": "KEY=1\n"}))
        opened(made)
        placed = checked_out(made)
        assert (placed.set_up.state, placed.set_up.log) == (SetUpState.SUCCEEDED, "KEY=1\n")
        assert checked_out(made) == placed
        assert collected(made).from_folder == 1
        assert read(made, "made.log") == b"made\n"

    def test_that_fails_is_told_with_its_last_words_and_can_be_run_again(self, made: House) -> None:
        prepared(made, Preparation(set_up="test -e ready || { echo not ready; exit 7; }"))
        opened(made)
        placed = checked_out(made)
        assert placed.set_up.state is SetUpState.FAILED
        assert (placed.set_up.reason, placed.set_up.log) == ("it ended with exit code 7", "not ready\n")
        (placed.path / "ready").touch()
        assert checked_out(made).set_up.state is SetUpState.FAILED
        again = made.grove.checkouts.checkout(made.admin, "fix", now=made.now, again=True)
        assert again.set_up.state is SetUpState.SUCCEEDED

    def test_reaches_no_network_and_is_stopped_in_time(self, made: House) -> None:
        prepared(made, Preparation(set_up="cat /proc/net/dev | wc -l; sleep 60", seconds_max=1.0))
        opened(made)
        placed = checked_out(made)
        assert placed.set_up.reason == "it was stopped: timeout"

    def test_is_done_by_the_next_use_when_it_was_cut_off(self, made: House) -> None:
        prepared(made, Preparation(set_up=COUNTING, files={"local.env": "x"}))
        opened(made)
        placed = checked_out(made)
        facts = placed.path.parent / "facts.json"
        facts.write_text(facts.read_text().replace('"succeeded"', '"waiting"'))
        assert checked_out(made).set_up.state is SetUpState.SUCCEEDED
        assert (placed.path / "made.log").read_text() == "made\nmade\n"

    def test_that_may_is_run_before_a_folder_is_wanted(self, made: House) -> None:
        movable = Preparation(set_up=COUNTING, files={"local.env": "KEY=1\n"}, movable=True)
        prepared(made, movable)
        opened(made)
        assert not checked_out(made).is_warm
        made.work()
        opened(made, "second")
        second = checked_out(made, "second")
        assert (second.is_warm, second.set_up.log) == (True, "KEY=1\n")
        assert git(second.path, "status", "--porcelain") == b"?? made.log\n"
        prepared(made, replace(movable, set_up="echo other"))
        opened(made, "third")
        assert checked_out(made, "third").set_up.log == "other\n"


class TestSetting:
    def test_is_for_maintainers(self, made: House) -> None:
        developer = made.actor(Role.DEVELOPER)[0]
        with made.grove.database.transaction() as tx:
            repository = find_repository(tx, actor=made.admin, name="acme/shop")
            with pytest.raises(Denied):
                get_preparation(tx, actor=developer, repository_id=repository.id)
            with pytest.raises(Denied):
                set_preparation(tx, actor=developer, repository_id=repository.id, wanted=Preparation(), now=made.now)

    def test_where_nothing_confines_leaves_the_files_and_says_so(self, made: House) -> None:
        prepared(made, Preparation(set_up="true"))
        opened(made)
        ground = replace(made.grove.checkouts.ground, confiner=Confiner(made.grove.locator.jobs(), methods=()))
        desk = replace(made.grove.checkouts, ground=ground)
        placed = desk.checkout(made.admin, "fix", now=made.now)
        assert placed.set_up.state is SetUpState.FAILED
        assert "confined" in placed.set_up.reason
        assert (placed.path / "README.md").is_file()
