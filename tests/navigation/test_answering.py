import pytest

from grove.navigation import Basis, Wanted
from grove.navigation.answering import find_callees, find_callers, find_definitions, find_references
from grove.search import Limits, truth_line
from tests.navigation.conftest import Shop


class TestDefinitions:
    def test_are_told_with_their_place_and_first_line(self, shop: Shop) -> None:
        answer = find_definitions(Wanted(name="Clock"), ground=shop.ground())

        (found,) = answer.items
        assert (found.address.repository, found.address.path) == ("acme/shop", "shop/clock.py")
        assert (found.kind, found.line, found.end_line, found.signature) == ("class", 4, 9, "class Clock(Base):")
        assert found.basis is Basis.NAME

    def test_are_those_of_a_qualified_name(self, shop: Shop) -> None:
        answer = find_definitions(Wanted(name="Clock.tick"), ground=shop.ground())

        assert [(found.kind, found.container, found.line) for found in answer.items] == [("method", "Clock", 5)]

    def test_are_found_in_any_case_if_there_is_none_in_this(self, shop: Shop) -> None:
        assert [found.name for found in find_definitions(Wanted(name="CLOCK"), ground=shop.ground()).items] == ["Clock"]

    def test_near_a_file_come_first(self, shop: Shop) -> None:
        near = Wanted(name="page", near="acme/shop:web/other.py")

        assert find_definitions(near, ground=shop.ground()).items[0].address.path == "web/page.py"

    def test_are_those_of_the_commit_that_is_asked(self, shop: Shop) -> None:
        before = find_definitions(Wanted(name="tick"), ground=shop.ground())
        after = find_definitions(Wanted(name="tick"), ground=shop.ground("next"))

        assert [found.kind for found in before.items] == ["method", "function"]
        assert [found.kind for found in after.items] == ["method"]

    def test_come_page_by_page(self, shop: Shop) -> None:
        first = find_definitions(Wanted(name="tick", limit=1), ground=shop.ground())
        second = find_definitions(Wanted(name="tick", limit=1, offset=1), ground=shop.ground())

        assert [found.line for found in (*first.items, *second.items)] == [5, 12]
        assert (first.truth.more, second.truth.more) == (True, False)

    def test_that_are_missing_name_similar_ones(self, shop: Shop) -> None:
        answer = find_definitions(Wanted(name="loc"), ground=shop.ground())

        assert answer.items == ()
        assert "similar ones: Clock" in truth_line(answer.truth)


class TestReferences:
    def test_come_in_the_order_of_their_closeness(self, shop: Shop) -> None:
        answer = find_references(Wanted(name="tick"), ground=shop.ground())

        assert [(use.address.path, use.line, use.role.value) for use in answer.items] == [
            ("shop/clock.py", 14, "call"),
            ("shop/beside.py", 2, "reference"),
            ("web/page.py", 1, "import"),
            ("web/page.py", 7, "call"),
            ("web/page.py", 7, "call"),
            ("tests/test_clock.py", 1, "import"),
            ("tests/test_clock.py", 5, "call"),
            ("web/other.py", 1, "reference"),
            ("web/other.py", 2, "reference"),
            ("main.go", 4, "call"),
            ("notes.txt", 1, "reference"),
        ]

    def test_say_how_they_are_known_and_what_was_left_out(self, shop: Shop) -> None:
        answer = find_references(Wanted(name="tick"), ground=shop.ground())

        assert {use.basis for use in answer.items} == {Basis.NAME, Basis.TEXT}
        assert "by name · where there is no grammar, by text · 2 in comments or text left out" in truth_line(
            answer.truth
        )
        assert [commit.commit for commit in answer.truth.searched] == [
            target.commit for target in shop.library.corpus().targets
        ]

    def test_say_where_the_name_is_defined(self, shop: Shop) -> None:
        answer = find_references(Wanted(name="tick"), ground=shop.ground())

        assert [(found.address.path, found.line) for found in answer.definitions] == [
            ("shop/clock.py", 5),
            ("shop/clock.py", 12),
        ]

    def test_know_the_definition_around_them_and_their_columns(self, shop: Shop) -> None:
        answer = find_references(
            Wanted(name="tick", paths=("web/page.py",)), ground=shop.ground(paths=("web/page.py",))
        )

        _, first, second = answer.items
        assert first.around is not None
        assert (first.around.kind, first.around.name) == ("function", "page")
        assert [use.text[use.first_column : use.end_column] for use in (first, second)] == ["tick", "tick"]
        assert first.first_column < second.first_column

    def test_come_page_by_page(self, shop: Shop) -> None:
        whole = find_references(Wanted(name="tick"), ground=shop.ground())
        pages = [find_references(Wanted(name="tick", limit=4, offset=at), ground=shop.ground()) for at in (0, 4, 8)]

        assert [use for page in pages for use in page.items] == list(whole.items)
        assert [page.truth.more for page in pages] == [True, True, False]

    def test_of_a_name_that_was_removed_are_gone(self, shop: Shop) -> None:
        answer = find_references(Wanted(name="tock"), ground=shop.ground())

        assert (answer.items, answer.definitions) == ((), ())

    def test_stop_at_the_limit_of_time_and_say_so(self, shop: Shop) -> None:
        answer = find_references(Wanted(name="tick"), ground=shop.ground(limits=Limits(seconds_max=0)))

        assert answer.truth.more
        assert answer.truth.limits_hit == ("seconds_max",)

    @pytest.mark.parametrize(("name", "count"), [("is", 1), ("a", 1), ("==", 0)])
    def test_of_short_names_and_signs_are_looked_for(self, shop: Shop, name: str, count: int) -> None:
        assert len(find_references(Wanted(name=name), ground=shop.ground()).items) == count


class TestCallers:
    def test_are_the_definitions_around_uses(self, shop: Shop) -> None:
        answer = find_callers(Wanted(name="tick"), ground=shop.ground())

        found = [
            (item.address.path, item.around.name if item.around else "", [use.line for use in item.uses])
            for item in answer.items
        ]
        assert found == [
            ("shop/clock.py", "tick", [14]),
            ("shop/beside.py", "beside", [2]),
            ("web/page.py", "page", [7, 7]),
            ("tests/test_clock.py", "test_tick", [5]),
            ("web/other.py", "other", [1, 2]),
            ("main.go", "main", [4]),
        ]


class TestCallees:
    def test_are_resolved_by_name_to_what_is_closest(self, shop: Shop) -> None:
        answer = find_callees(Wanted(name="Clock.tick"), ground=shop.ground())

        assert answer.definition is not None
        assert answer.definition.line == 5
        assert [(item.name, item.lines) for item in answer.items] == [("now", (6,))]
        assert [(found.address.path, found.line) for found in answer.items[0].definitions] == [("shop/clock.py", 8)]

    def test_of_an_unknown_name_are_none(self, shop: Shop) -> None:
        answer = find_callees(Wanted(name="nobody"), ground=shop.ground())

        assert (answer.definition, answer.items) == (None, ())
