"""What a power cut may take of checkouts, and how that is known."""

from pathlib import Path

from grove.checkouts import sweep_checkouts
from grove.checkouts.lasting import MARK, is_lasting, make_lasting
from tests.checkouts.conftest import checked_out, opened
from tests.support.grove import House


def after_another_start(folder: Path) -> None:
    """As if the machine had been started anew since."""
    facts = folder / "facts.json"
    told = facts.read_text()
    facts.write_text(told.replace('"boot": "', '"boot": "another-'))


class TestAfterAPowerCut:
    def test_a_checkout_that_was_written_to_the_disk_is_kept(self, made: House) -> None:
        opened(made)
        placed = checked_out(made)
        make_lasting(placed.path.parent)
        after_another_start(placed.path.parent)
        assert sweep_checkouts(made.grove.checkouts) == []
        assert made.grove.checkouts.find(made.admin, "fix") == placed

    def test_one_that_was_not_is_given_up_and_made_anew(self, made: House) -> None:
        opened(made)
        placed = checked_out(made)
        (placed.path.parent / MARK).unlink(missing_ok=True)
        after_another_start(placed.path.parent)
        assert placed.path.parent in sweep_checkouts(made.grove.checkouts)
        assert checked_out(made).path == placed.path
        assert (placed.path / "README.md").read_text() == "shop\n"

    def test_one_of_which_not_even_the_facts_were_written_is_given_up(self, made: House) -> None:
        opened(made)
        placed = checked_out(made)
        (placed.path.parent / "facts.json").write_bytes(b"")
        assert placed.path.parent in sweep_checkouts(made.grove.checkouts)


class TestAPublishedTree:
    def test_that_was_not_written_to_the_disk_before_a_power_cut_is_published_anew(self, made: House) -> None:
        opened(made)
        opened(made, "other")
        checked_out(made)
        tree = self._tree(made)
        (tree / MARK).unlink(missing_ok=True)
        assert tree not in sweep_checkouts(made.grove.checkouts)
        after_another_start(tree)
        (tree / MARK).unlink(missing_ok=True)
        assert tree in sweep_checkouts(made.grove.checkouts)
        assert (checked_out(made, "other").path / "README.md").read_text() == "shop\n"

    def test_that_was_is_kept(self, made: House) -> None:
        opened(made)
        checked_out(made)
        tree = self._tree(made)
        make_lasting(tree)
        after_another_start(tree)
        assert tree not in sweep_checkouts(made.grove.checkouts)

    def test_of_which_not_even_the_facts_were_written_is_given_up(self, made: House) -> None:
        opened(made)
        checked_out(made)
        tree = self._tree(made)
        (tree / "facts.json").write_bytes(b"")
        assert tree in sweep_checkouts(made.grove.checkouts)

    def _tree(self, made: House) -> Path:
        (facts,) = made.grove.checkouts.ground.places.tenants.glob("*/r/*/trees/*/facts.json")
        return facts.parent


class TestAfterACrashOfTheServer:
    def test_nothing_is_given_up_since_the_machine_ran_on(self, made: House) -> None:
        opened(made)
        placed = checked_out(made)
        assert sweep_checkouts(made.grove.checkouts) == []
        assert is_lasting(placed.path.parent, boot="another") == (placed.path.parent / MARK).exists()
