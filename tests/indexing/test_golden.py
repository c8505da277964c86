import json
from pathlib import Path

import numpy as np
import pytest

from grove.indexing import IndexStore, Need, Selection, SkipReason, SymbolMatch
from grove.indexing.parts import FORMAT_VERSION
from grove.languages import Mark
from tests.indexing.golden import FIRST, FOLDER, SECOND
from tests.indexing.trees import contents_of

VERSIONS = sorted(FOLDER.iterdir())


@pytest.fixture(params=VERSIONS, ids=lambda folder: f"version-{folder.name}")
def golden(request: pytest.FixtureRequest) -> tuple[IndexStore, list[str], list[str]]:
    folder: Path = request.param
    names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
    return IndexStore(folder), names["segments"], names["snapshots"]


class TestGoldenIndex:
    def test_exists_for_the_present_version(self) -> None:
        assert str(FORMAT_VERSION) in [folder.name for folder in VERSIONS]

    def test_is_whole(self, golden: tuple[IndexStore, list[str], list[str]]) -> None:
        store, segments, snapshots = golden
        for name in segments:
            store.verify_segment(name)
        for name in snapshots:
            store.verify_snapshot(name)

    def test_gives_the_files_back(self, golden: tuple[IndexStore, list[str], list[str]]) -> None:
        store, segments, snapshots = golden
        view = store.open_view(segments=segments, snapshots=snapshots)

        for name, tree in zip(snapshots, (FIRST, SECOND), strict=True):
            texts = {path: content.encode() if isinstance(content, str) else content for path, content in tree.items()}
            texts = {path if isinstance(path, str) else r"caf\xe9.txt": content for path, content in texts.items()}
            expected = {path: b"" if path == "logo.png" else content for path, content in texts.items()}
            assert contents_of(view, name) == expected | ({"link": b""} if tree is SECOND else {})

    def test_answers(self, golden: tuple[IndexStore, list[str], list[str]]) -> None:
        store, segments, snapshots = golden
        view = store.open_view(segments=segments, snapshots=snapshots)
        files = view.snapshots[snapshots[1]]
        scope = view.scope([Selection(snapshot=snapshots[1])])

        assert files.commit == "commit-1"
        assert files.skipped == {"logo.png": SkipReason.BINARY, "link": SkipReason.SYMLINK}
        by_path = dict(zip(files.paths, zip(files.languages, files.marks.tolist(), strict=True), strict=True))
        assert by_path["src/greeting.py"] == ("python", Mark.NONE)
        assert by_path["tests/test_greeting.py"] == ("python", Mark.TEST)
        assert by_path["docs/größe.md"] == ("markdown", Mark.DOCUMENTATION)

        (found,) = view.candidates(scope, Need(literals=(b"f'hi {NAME}",)), fold_case=True).tolist()
        (place,) = scope.occurrences(found)
        assert (place.path, place.first_line) == ("src/greeting.py", 1)
        (hit,) = view.find_symbols(scope, "greet", match=SymbolMatch.EXACT, limit=9)
        assert (hit.ordinal, hit.line, hit.kind, hit.container) == (found, 2, "method", "Greeter")
        ordinals, scores = view.score_words(scope, {"greeter": 1.0, "people": 1.0})
        assert ordinals[np.argmax(scores)] == found
        assert view.score_vector(scope, np.full(16, 0.25, dtype=np.float32), limit=len(scope))[0].size == len(scope)
