from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from grove.indexing import postings
from grove.indexing.postings import NUMBER_MAX, Runs, decoded, encoded, packed

Lists = dict[int, dict[int, int]]
LISTS = st.dictionaries(
    st.integers(0, 40),
    st.dictionaries(st.one_of(st.integers(0, 300), st.integers(0, NUMBER_MAX)), st.integers(1, 255), min_size=1),
)


def as_packed(lists: Lists) -> NDArray[np.uint64]:
    rows = [(key, number, byte) for key, postings in lists.items() for number, byte in postings.items()]
    columns = np.array(rows, dtype=np.uint64).reshape(-1, 3).T
    return packed(columns[0], columns[1], columns[2])


def decoded_lists(partition: NDArray[np.uint64], dense_below: int = 0) -> Lists:
    keys, ends, stream = encoded(partition, dense_below=dense_below)
    found: Lists = {}
    begin = 0
    for key, end in zip(keys.tolist(), ends.tolist(), strict=True):
        postings = decoded(stream[begin:end])
        assert postings is not None
        found[key] = dict(zip(postings.numbers.tolist(), postings.payload.tolist(), strict=True))
        begin = end
    return found


class TestEncoded:
    @given(LISTS.filter(bool))
    def test_can_be_decoded(self, lists: Lists) -> None:
        assert decoded_lists(np.sort(as_packed(lists))) == lists

    def test_keeps_a_list_that_is_almost_everywhere_as_a_bitmap(self) -> None:
        dense = dict.fromkeys(range(0, 4000, 2), 3)
        lists = {1: {5: 9}, 2: dense, 3: {3_999: 1}}

        found = decoded_lists(np.sort(as_packed(lists)), dense_below=4_000)

        assert found == {1: {5: 9}, 2: dict.fromkeys(dense, 255), 3: {3_999: 1}}
        assert encoded(np.sort(as_packed(lists)), dense_below=4_000)[2].size < 600

    @given(st.binary(max_size=60))
    def test_is_never_misread_with_an_error(self, stream: bytes) -> None:
        found = decoded(np.frombuffer(stream, dtype=np.uint8))

        assert found is None or found.numbers.size == found.payload.size


class TestRuns:
    @settings(deadline=None)
    @given(lists=LISTS, runs=st.integers(1, 5))
    def test_gives_all_postings_in_one_order(
        self, tmp_path_factory: pytest.TempPathFactory, lists: Lists, runs: int
    ) -> None:
        entries = as_packed(lists)
        kept = Runs(tmp_path_factory.mktemp("runs") / "file")
        for number in range(runs):
            kept.add(entries[number::runs])

        assert np.concatenate([entries[:0], *kept.partitions()]).tolist() == np.sort(entries).tolist()

    def test_parts_them_at_keys_when_there_are_many(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(postings, "PARTITION_POSTINGS", 500)
        lists = {key: dict.fromkeys(range(0, 100 + key, 1 + key % 3), 7) for key in range(60)}
        entries = as_packed(lists)
        kept = Runs(tmp_path / "file")
        for number in range(3):
            kept.add(entries[number::3])

        partitions = list(kept.partitions())

        assert len(partitions) > 3
        assert np.concatenate(partitions).tolist() == np.sort(entries).tolist()
        keys = [set((partition >> np.uint64(36)).tolist()) for partition in partitions]
        assert sum(map(len, keys)) == len(set().union(*keys)) == 60
        assert not list(tmp_path.iterdir())

    def test_renumbers_keys(self, tmp_path: Path) -> None:
        kept = Runs(tmp_path / "file")
        kept.add(as_packed({0: {1: 1}, 2: {5: 5}}))
        kept.add(as_packed({1: {3: 3}}))

        kept.renumber(np.array([2, 1, 0], dtype=np.uint64))

        assert (
            np.concatenate(list(kept.partitions())).tolist()
            == np.sort(as_packed({2: {1: 1}, 0: {5: 5}, 1: {3: 3}})).tolist()
        )
