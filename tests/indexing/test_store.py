import gc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grove.indexing import (
    IndexCorrupt,
    IndexMissing,
    IndexStore,
    IndexView,
    Need,
    Selection,
    SymbolMatch,
    segments_to_join,
)
from grove.indexing.merging import is_wholly_live
from tests.indexing.trees import Library, contents_of

FIRST: dict[str | bytes, str | bytes] = {
    "a.py": "def alpha():\n    return 1\n" + "x = 1\n" * 40,
    "b.py": "def beta():\n    return 2\n" + "y = 2\n" * 40,
}
SECOND: dict[str | bytes, str | bytes] = {"c.py": "class Gamma:\n    pass\n", "b.py": FIRST["b.py"], "d.bin": b"\0"}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path, parse=True)
    library.add(FIRST)
    library.add(SECOND)
    return library


def answers(view: IndexView) -> list[object]:
    """What a view has to say about everything."""
    scope = view.scope([Selection(snapshot=name) for name in view.snapshots])
    vector = np.eye(16, dtype=np.float32)[3]
    return [
        [contents_of(view, name) for name in view.snapshots],
        [(list(files.languages), files.marks.tolist(), files.skipped) for files in view.snapshots.values()],
        [scope.occurrences(ordinal) for ordinal in scope.ordinals.tolist()],
        view.candidates(scope, Need(literals=(b"return",)), fold_case=True).tolist(),
        [array.tolist() for array in view.score_words(scope, {"return": 1.0, "gamma": 1.0, "def": 0.5})],
        [array.tolist() for array in view.score_vector(scope, vector, limit=5)],
        view.find_symbols(scope, "a", match=SymbolMatch.SUBSTRING, limit=9),
        [view.symbols_of(ordinal) for ordinal in scope.ordinals.tolist()],
    ]


class TestOpenView:
    def test_shares_what_is_open(self, library: Library) -> None:
        one = library.view()
        other = library.store.open_view(segments=library.segments[:1], snapshots=library.snapshots[:1])

        assert other.open_segments[0] is one.open_segments[0]
        assert other.snapshots[library.snapshots[0]] is one.snapshots[library.snapshots[0]]

    def test_closes_what_no_view_uses(self, library: Library) -> None:
        view = library.view()
        assert str(library.store.root) in Path("/proc/self/maps").read_text()
        del view
        gc.collect()

        assert str(library.store.root) not in Path("/proc/self/maps").read_text()

    @pytest.mark.parametrize("name", ["absent", "../segments", "", "a/b", "a" * 200])
    def test_says_when_a_name_has_nothing(self, library: Library, name: str) -> None:
        with pytest.raises(IndexMissing):
            library.store.open_view(segments=[name], snapshots=[])
        with pytest.raises(IndexMissing):
            library.store.open_view(segments=[], snapshots=[name])


class TestRemoving:
    def test_leaves_open_views_working(self, library: Library) -> None:
        view = library.view()
        before = answers(view)

        for name in library.segments:
            library.store.remove_segment(name)
        for name in library.snapshots:
            library.store.remove_snapshot(name)

        fresh = IndexStore(library.store.root)
        with pytest.raises(IndexMissing):
            fresh.open_view(segments=library.segments, snapshots=[])
        assert answers(view) == before
        assert [path.name for path in library.store.root.glob("*/*")] == []

    def test_may_be_done_twice(self, library: Library) -> None:
        library.store.remove_segment("absent")
        library.store.remove_snapshot("absent")
        library.store.remove_building("absent")


class TestRewriteSegment:
    def test_drops_chunks_and_keeps_the_rest_as_it_was(self, library: Library) -> None:
        view = library.view()
        second = view.snapshots[library.snapshots[1]]
        wanted = library.store.open_view(segments=library.segments, snapshots=library.snapshots[1:])
        before = answers(wanted)
        assert not is_wholly_live(view, library.segments[0], second.ordinals)
        assert is_wholly_live(view, library.segments[1], second.ordinals)

        record = library.store.rewrite_segment(view, library.segments[0], keep=second.ordinals, job="job")

        assert record is not None
        assert 0 < record.chunk_count < len(view.open_segments[0])
        assert record.blob_count == 1
        library.store.remove_segment(library.segments[0])
        library.segments[0] = record.name
        after = library.store.open_view(segments=library.segments, snapshots=library.snapshots[1:])
        assert answers(after) == before
        assert b"alpha" not in (library.store.segment_folder(record.name) / "segment.grove").read_bytes()
        library.store.verify_segment(record.name)
        assert not list(library.store.root.glob("building/*"))

    def test_gives_nothing_when_nothing_is_kept(self, library: Library) -> None:
        nothing = np.empty(0, dtype=np.uint32)
        assert library.store.rewrite_segment(library.view(), library.segments[0], keep=nothing, job="job") is None

    def test_lets_a_dropped_blob_be_indexed_again(self, library: Library) -> None:
        view = library.view()
        record = library.store.rewrite_segment(
            view, library.segments[0], keep=view.snapshots[library.snapshots[1]].ordinals, job="job"
        )
        assert record is not None
        library.segments[0] = record.name
        library.snapshots.pop(0)

        built = library.add(FIRST)

        assert built.new_chunk_count > 0
        assert contents_of(library.view(), built.snapshot.name)["a.py"] == FIRST["a.py"].encode()  # type: ignore[union-attr]

    def test_joins_segments(self, library: Library) -> None:
        view = library.view()
        before = answers(view)
        everything = np.concatenate([segment.ordinals for segment in view.open_segments])

        record = library.store.merge_segments(view, library.segments, keep=np.sort(everything), job="job")

        assert record is not None
        assert record.chunk_count == everything.size
        assert answers(library.store.open_view(segments=[record.name], snapshots=library.snapshots)) == before

    def test_refuses_a_segment_that_is_not_open(self, library: Library) -> None:
        with pytest.raises(IndexMissing):
            library.store.rewrite_segment(library.view(), "absent", keep=np.empty(0, dtype=np.uint32), job="job")


class TestSegmentsToJoin:
    def test_are_eight_of_about_the_same_size(self, tmp_path: Path) -> None:
        library = Library(tmp_path)
        library.add({"large": "".join(f"line {number}\n" for number in range(3_000))})
        for number in range(7):
            library.add({"small": f"number {number}\n"})
        assert segments_to_join(library.view()) == []

        library.add({"small": "number 8\n"})

        assert segments_to_join(library.view()) == library.segments[1:]

    def test_leaves_what_is_too_large_to_be_joined(self, library: Library) -> None:
        for number in range(9):
            library.add({"small": f"number {number}\n"})

        assert len(segments_to_join(library.view(), chunks_max=8)) == 8
        assert segments_to_join(library.view(), chunks_max=7) == []


class TestDamage:
    @settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_is_noticed_or_does_no_harm(self, library: Library, data: st.DataObject) -> None:
        expected = answers(library.view())
        files = sorted(library.store.root.glob("*/*/*.grove"))
        file = data.draw(st.sampled_from(files))
        whole = file.read_bytes()
        at = data.draw(st.integers(0, len(whole) - 1))
        damage: Callable[[], bytes] = data.draw(
            st.sampled_from(
                [
                    lambda: whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :],
                    lambda: whole[:at],
                    lambda: whole[:at] + whole[at + 1 :],
                    lambda: whole[:at] + bytes(min(100, len(whole) - at)) + whole[at + 100 :],
                ]
            )
        )
        file.unlink()
        file.write_bytes(damage())
        try:
            fresh = IndexStore(library.store.root)
            view = fresh.open_view(segments=library.segments, snapshots=library.snapshots)
            assert answers(view) == expected
        except IndexCorrupt:
            pass
        finally:
            file.unlink()
            file.write_bytes(whole)

    def test_is_found_by_verifying(self, library: Library) -> None:
        library.store.verify_segment(library.segments[0])
        library.store.verify_snapshot(library.snapshots[0])
        for file in library.store.root.glob("*/*/*.grove"):
            content = bytearray(file.read_bytes())
            content[len(content) // 3] ^= 0x40
            file.write_bytes(content)

        with pytest.raises(IndexCorrupt):
            library.store.verify_segment(library.segments[0])
        with pytest.raises(IndexCorrupt):
            library.store.verify_snapshot(library.snapshots[0])
