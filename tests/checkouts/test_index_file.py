"""Git's index as Grove writes it: whole, or with only a few files changed."""

import pytest

from grove.checkouts import IndexUnreadable
from grove.checkouts.index_file import IndexParts, read_index, write_index
from grove.checkouts.listing import EXECUTABLE, FILE, LINK, Entry, Listing

TREE = "1" * 40


def entry(path: bytes, digit: str, *, mode: int = FILE, is_left_out: bool = False) -> Entry:
    return Entry(path=path, mode=mode, oid=digit * 40, state=bytes(range(40)), is_left_out=is_left_out)


def index_of(*entries: Entry, tree: str = TREE) -> bytes:
    return write_index(Listing(entries=list(entries), folders={b"": tree}))[0]


class TestChangingAFew:
    def test_gives_what_writing_all_anew_gives(self) -> None:
        kept = [entry(b"a", "a"), entry(b"b/" + b"x" * 5_000, "b", mode=LINK), entry(b"b/c", "c", is_left_out=True)]
        parts = IndexParts.of(index_of(entry(b"Gone", "9"), *kept, entry(b"changed", "d")))
        parts.put(b"Gone", None)
        parts.put(b"changed", entry(b"changed", "e", mode=EXECUTABLE))
        parts.put(b"b-new", entry(b"b-new", "f"))
        new, changed = entry(b"b-new", "f"), entry(b"changed", "e", mode=EXECUTABLE)
        wanted = sorted([*kept, new, changed], key=lambda each: each.path)
        assert parts.written(tree="2" * 40) == index_of(*wanted, tree="2" * 40)

    def test_tells_what_is_written_of_a_file(self) -> None:
        parts = IndexParts.of(index_of(entry(b"a", "a"), entry(b"b", "b", is_left_out=True)))
        found = parts.entry(b"b")
        assert found is not None
        assert (found.oid, found.is_left_out, parts.entry(b"c")) == ("b" * 40, True, None)

    def test_can_leave_one_out_for_the_first_time(self) -> None:
        parts = IndexParts.of(index_of(entry(b"a", "a")))
        parts.put(b"a", entry(b"a", "b", is_left_out=True))
        assert read_index(parts.written(tree=TREE)).entries[0].is_left_out

    def test_refuses_what_is_damaged(self) -> None:
        with pytest.raises(IndexUnreadable):
            IndexParts.of(index_of(entry(b"a", "a"))[:-1] + b"?")
