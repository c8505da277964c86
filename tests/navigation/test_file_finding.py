from grove.navigation import Wanted
from grove.navigation.file_finding import find_files
from grove.search import Limits, truth_line
from tests.navigation.conftest import Shop


class TestFindFiles:
    def test_finds_files_of_every_repository_the_best_first(self, shop: Shop) -> None:
        answer = find_files(Wanted(name="shop clock"), ground=shop.ground())
        mains = find_files(Wanted(name="main"), ground=shop.ground())

        assert [found.address.path for found in answer.items] == ["shop/clock.py"]
        assert answer.items[0].columns == (0, 1, 2, 3, 5, 6, 7, 8, 9)
        assert [found.address.repository for found in mains.items] == ["acme/go"]

    def test_puts_tests_after_the_others(self, shop: Shop) -> None:
        answer = find_files(Wanted(name="clock"), ground=shop.ground())

        assert [found.address.path for found in answer.items] == ["shop/clock.py", "tests/test_clock.py"]
        assert truth_line(answer.truth).startswith("2 files in 1 repository")

    def test_looks_only_where_it_may(self, shop: Shop) -> None:
        ground = shop.ground(paths=("web/",))

        assert find_files(Wanted(name="clock"), ground=ground).items == ()

    def test_comes_page_by_page_and_counts_all(self, shop: Shop) -> None:
        first = find_files(Wanted(name="p", limit=3), ground=shop.ground())
        second = find_files(Wanted(name="p", limit=3, offset=3), ground=shop.ground())

        assert len({found.address for found in (*first.items, *second.items)}) == 6
        assert (first.truth.files_found, first.truth.more) == (6, True)
        assert (second.truth.files_found, second.truth.more) == (6, False)

    def test_stops_when_the_time_is_up(self, shop: Shop) -> None:
        answer = find_files(Wanted(name="p"), ground=shop.ground(limits=Limits(seconds_max=0)))

        assert answer.items == ()
        assert answer.truth.limits_hit == ("seconds_max",)
