"""Files whose checksums are right and whose content makes no sense: refused in our own words, or answered; no more."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grove.indexing import IndexCorrupt, IndexFormatUnknown, IndexMissing, IndexStore, PartsReader, PartsWriter
from grove.indexing.parts import DELTA_ZSTD
from tests.indexing.test_store import FIRST, SECOND, answers
from tests.indexing.trees import Library

Change = Callable[[bytearray, int], bytes]

CHANGES: dict[str, Change] = {
    "a bit": lambda raw, at: bytes(raw[:at] + bytes([raw[at] ^ 0x40]) + raw[at + 1 :]),
    "the highest number": lambda raw, at: bytes(raw[: at - at % 4] + b"\xff" * 4 + raw[at - at % 4 + 4 :]),
    "zero": lambda raw, at: bytes(raw[: at - at % 4] + b"\0" * 4 + raw[at - at % 4 + 4 :]),
    "the end": lambda raw, at: bytes(raw[: at - at % 8]),
    "more": lambda raw, _: bytes(raw + raw[-8:]),
}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path, parse=True)
    library.add(FIRST)
    library.add(SECOND)
    return library


def rewrite(file: Path, part: str, changed: Callable[[bytes], bytes]) -> None:
    """Write a file again with another part, under checksums that are right."""
    reader = PartsReader.open(file, kind=file.stem)
    aside = file.with_suffix(".new")
    writer = PartsWriter(aside, kind=file.stem)
    for name, entry in reader._entries.items():
        raw = reader.array(name, np.uint8).tobytes()
        content = changed(raw) if name == part and raw else raw
        whole = content[: len(content) - len(content) % 4] if entry.encoding == DELTA_ZSTD else content
        writer.add(name, whole, encoding=entry.encoding)
    writer.finish()
    aside.replace(file)


class TestAFileThatMakesNoSense:
    @settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_is_refused_in_our_own_words_or_answered(self, library: Library, data: st.DataObject) -> None:
        file = data.draw(st.sampled_from(sorted(library.store.root.glob("*/*/*.grove"))))
        whole = file.read_bytes()
        part = data.draw(st.sampled_from(sorted(PartsReader.open(file, kind=file.stem).stored_sizes())))
        change = CHANGES[data.draw(st.sampled_from(sorted(CHANGES)))]
        at = data.draw(st.integers(0, 1 << 20))
        rewrite(file, part, lambda raw: change(bytearray(raw), at % len(raw)))
        try:
            fresh = IndexStore(library.store.root)
            answers(fresh.open_view(segments=library.segments, snapshots=library.snapshots))
        except (IndexCorrupt, IndexMissing, IndexFormatUnknown):
            pass
        finally:
            file.unlink()
            file.write_bytes(whole)
