from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grove.indexing import IndexCorrupt, IndexFormatUnknown, IndexMissing
from grove.indexing.parts import BLOCK_BYTES, DELTA_ZSTD, RAW, ZSTD, PartsReader, PartsWriter

NUMBERS = np.arange(10_000, dtype=np.uint32) ** 2


def written(path: Path) -> bytes:
    writer = PartsWriter(path, kind="test")
    for name, encoding in (("raw", RAW), ("zstd", ZSTD), ("delta", DELTA_ZSTD)):
        writer.add(name, NUMBERS, encoding=encoding)
    writer.begin("pieces")
    for size in (1, BLOCK_BYTES, 5, 3 * BLOCK_BYTES):
        writer.append(bytes(size))
    writer.end()
    writer.add("empty", b"")
    writer.add("facts", b'{"a": 12}')
    writer.finish()
    return path.read_bytes()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("parts") / "file")


def read_everything(content: bytes) -> tuple[list[bytes], object]:
    reader = PartsReader(content, kind="test", label="it")
    arrays = [reader.array(name, np.uint32).tobytes() for name in ("raw", "zstd", "delta")]
    pieces = reader.slice("pieces", 0, reader.size("pieces")).tobytes()
    return [*arrays, pieces, reader.array("empty", np.uint8).tobytes()], reader.facts("facts")


class TestPartsReader:
    def test_gives_back_what_was_written(self, content: bytes) -> None:
        raw = NUMBERS.tobytes()
        assert read_everything(content) == ([raw, raw, raw, bytes(4 * BLOCK_BYTES + 6), b""], {"a": 12})

    def test_maps_a_file(self, tmp_path: Path) -> None:
        written(tmp_path / "file")

        reader = PartsReader.open(tmp_path / "file", kind="test")

        assert (reader.array("raw", np.uint32) == NUMBERS).all()
        reader.verify()

    def test_checks_only_the_blocks_it_is_asked_for(self, content: bytes) -> None:
        at = content.index(NUMBERS.tobytes()) + 2 * BLOCK_BYTES
        damaged = bytearray(content)
        damaged[at] ^= 1
        reader = PartsReader(bytes(damaged), kind="test", label="it")

        assert reader.slice("raw", 0, BLOCK_BYTES).tobytes() == NUMBERS.tobytes()[:BLOCK_BYTES]
        with pytest.raises(IndexCorrupt) as found:
            reader.slice("raw", 2 * BLOCK_BYTES, 2 * BLOCK_BYTES + 1)
        assert found.value.facts == {"name": "it", "part": "raw", "block": 2}

    def test_refuses_what_is_out_of_bounds(self, content: bytes) -> None:
        reader = PartsReader(content, kind="test", label="it")

        for begin, end in ((0, NUMBERS.nbytes + 1), (-1, 1), (5, 4)):
            with pytest.raises(IndexCorrupt):
                reader.slice("raw", begin, end)
        with pytest.raises(IndexCorrupt):
            reader.array("absent", np.uint8)
        with pytest.raises(IndexCorrupt):
            reader.array("facts", np.uint64).sum()
        with pytest.raises(IndexCorrupt):
            reader.facts("raw")

    def test_refuses_a_file_of_another_kind(self, content: bytes) -> None:
        with pytest.raises(IndexCorrupt):
            PartsReader(content, kind="other", label="it")

    def test_names_a_version_that_it_does_not_know(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("grove.indexing.parts.FORMAT_VERSION", 99)
        later = written(tmp_path / "file")
        monkeypatch.undo()

        with pytest.raises(IndexFormatUnknown) as found:
            PartsReader(later, kind="test", label="it")
        assert found.value.facts["version"] == 99

    def test_says_when_there_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(IndexMissing):
            PartsReader.open(tmp_path / "name" / "file", kind="test")

    def test_refuses_an_empty_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(IndexCorrupt):
            PartsReader.open(tmp_path / "file", kind="test")

    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def test_notices_any_changed_byte(self, content: bytes, data: st.DataObject) -> None:
        near = data.draw(st.sampled_from([0, 64, len(content) - 1_000, len(content) // 2]))
        at = min(near + data.draw(st.integers(0, 2_000)), len(content) - 1)
        damaged = bytearray(content)
        damaged[at] ^= data.draw(st.integers(1, 255))

        try:
            assert read_everything(bytes(damaged)) == read_everything(content)
        except IndexCorrupt:
            return
        with pytest.raises(IndexCorrupt):
            PartsReader(bytes(damaged), kind="test", label="it").verify()

    @settings(max_examples=100, deadline=None)
    @given(st.data())
    def test_notices_any_missing_end(self, content: bytes, data: st.DataObject) -> None:
        with pytest.raises(IndexCorrupt):
            PartsReader(content[: data.draw(st.integers(0, len(content) - 1))], kind="test", label="it")

    @given(st.binary(max_size=300))
    def test_refuses_any_other_bytes(self, other: bytes) -> None:
        with pytest.raises(IndexCorrupt):
            PartsReader(other, kind="test", label="it")
