import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grove.indexing import FieldWeights, IndexMissing, IndexView, Need, Selection, SymbolMatch, nearest, split_words
from grove.indexing.model import Ordinals
from grove.indexing.reuse import known_chunks
from grove.languages import Mark
from tests.indexing.trees import Library

LETTERS = st.sampled_from(["a", "B", "k", "S", "\u212a", "\u017f", "é", "É", "_", " ", "名", "\t", "0"])
LINES = st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=1, max_size=40)
TREES = st.dictionaries(
    st.sampled_from(["a", "b", "c/d"]), LINES.map(lambda lines: "\n".join(lines) + "\n"), min_size=1
)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The project's own sources as three commits that share most of their files."""
    root = Path(__file__).parents[2] / "src" / "grove"
    files: dict[str | bytes, str | bytes] = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for folder in ("kit", "git", "sandbox")
        for path in sorted((root / folder).glob("*.py"))
    }
    library = Library(tmp_path_factory.mktemp("sources"), parse=True)
    names = list(files)
    for left_out in (names[::3], names[1::3], []):
        library.add({name: text for name, text in files.items() if name not in left_out})
    return library


def holding(view: IndexView, ordinals: Ordinals, literal: bytes) -> list[int]:
    return [ordinal for ordinal in ordinals.tolist() if literal in view.chunk_text(ordinal)]


class TestScope:
    def test_holds_the_chunks_of_the_selected_paths(self, sources: Library) -> None:
        view, name = sources.view(), sources.snapshots[-1]
        files = view.snapshots[name]
        numbers = np.array([3, 1], dtype=np.uint32)

        scope = view.scope([Selection(snapshot=name, path_numbers=numbers)])

        assert scope.ordinals.tolist() == sorted({*files.chunks_of(1).tolist(), *files.chunks_of(3).tolist()})
        assert len(scope) == scope.ordinals.size
        assert scope.path_numbers(name).tolist() == [1, 3]
        assert scope.path_numbers("another").size == 0

    def test_joins_selections(self, sources: Library) -> None:
        view = sources.view()
        first, second, _ = sources.snapshots
        some = np.array([0, 2], dtype=np.uint32)

        scope = view.scope(
            [
                Selection(snapshot=first, path_numbers=some),
                Selection(snapshot=second),
                Selection(snapshot=first, path_numbers=some[:1]),
            ]
        )

        expected = np.union1d(view.snapshots[second].ordinals, view.snapshots[first].ordinals_of(some))
        assert scope.ordinals.tolist() == expected.tolist()
        assert scope.path_numbers(first).tolist() == [0, 2]

    def test_is_empty_without_selections(self, sources: Library) -> None:
        scope = sources.view().scope([])

        assert len(scope) == 0
        assert sources.view().score_words(scope, {"error": 1.0})[0].size == 0
        assert sources.view().candidates(scope, Need(), fold_case=False).size == 0

    def test_refuses_a_snapshot_that_is_not_open(self, sources: Library) -> None:
        with pytest.raises(IndexMissing):
            sources.view().scope([Selection(snapshot="absent")])

    def test_refuses_a_snapshot_whose_chunks_are_not_open(self, sources: Library) -> None:
        view = sources.store.open_view(segments=sources.segments[1:], snapshots=sources.snapshots)
        with pytest.raises(IndexMissing):
            view.scope([Selection(snapshot=sources.snapshots[-1])])

    def test_says_where_a_chunk_stands(self, tmp_path: Path) -> None:
        library = Library(tmp_path)
        repeated = "".join(f"line {number}\n" for number in range(400))
        library.add({"b.py": repeated, "a/test_x.py": "first\n" * 60 + repeated})
        view, name = library.view(), library.snapshots[0]
        files = view.snapshots[name]
        last = int(files.chunks_of(1)[-1])

        places = library.scope().occurrences(last)

        assert [(place.path, place.language, place.marks) for place in places] == [
            ("a/test_x.py", "python", Mark.TEST),
            ("b.py", "python", Mark.NONE),
        ]
        assert places[0].first_line == places[1].first_line + 60
        only = view.scope([Selection(snapshot=name, path_numbers=np.array([1], dtype=np.uint32))])
        assert [place.path for place in only.occurrences(last)] == ["b.py"]


class TestCandidates:
    @settings(max_examples=60, deadline=None)
    @given(tree=TREES, data=st.data())
    def test_misses_no_chunk_that_holds_the_literal(
        self, tmp_path_factory: pytest.TempPathFactory, tree: dict[str | bytes, str | bytes], data: st.DataObject
    ) -> None:
        library = Library(tmp_path_factory.mktemp("library"))
        library.add(tree)
        view, scope = library.view(), library.scope()
        text = "".join(map(str, tree.values()))
        begin = data.draw(st.integers(0, len(text) - 1))
        literal = text[begin : begin + data.draw(st.integers(1, 6))].partition("\n")[0]
        assume(literal)

        exact = view.candidates(scope, Need(literals=(literal.encode(),)), fold_case=False).tolist()
        folded = view.candidates(scope, Need(literals=(literal.encode(),)), fold_case=True).tolist()

        pattern = re.compile(re.escape(literal), re.IGNORECASE)
        texts = {ordinal: view.chunk_text(ordinal) for ordinal in scope.ordinals.tolist()}
        assert {ordinal for ordinal, chunk in texts.items() if literal.encode() in chunk} <= set(exact)
        assert {ordinal for ordinal, chunk in texts.items() if pattern.search(chunk.decode())} <= set(folded)

    @pytest.mark.parametrize("literal", [b"raise ", b"def __init__", b"SIGKILL", b"import", b"absent_from_all_of_it"])
    def test_agrees_with_a_scan(self, sources: Library, literal: bytes) -> None:
        view = sources.view()
        for scope in (sources.scope(), sources.scope(sources.snapshots[0])):
            found = view.candidates(scope, Need(literals=(literal,)), fold_case=False)

            assert set(holding(view, scope.ordinals, literal)) <= set(found.tolist()) <= set(scope.ordinals.tolist())
            assert found.tolist() == sorted(found.tolist())

    def test_is_selective(self, sources: Library) -> None:
        view, scope = sources.view(), sources.scope()

        found = view.candidates(scope, Need(literals=(b"start_new_session",)), fold_case=False)

        assert set(holding(view, scope.ordinals, b"start_new_session")) <= set(found.tolist())
        assert found.size <= scope.ordinals.size / 50

    def test_combines_needs(self, sources: Library) -> None:
        view, scope = sources.view(), sources.scope()

        def holding_each(*literals: bytes) -> set[int]:
            return set.intersection(*(set(holding(view, scope.ordinals, literal)) for literal in literals))

        both = Need(literals=(b"Final", b"struct"))
        either = Need(literals=(b"SIGKILL", b"Struct("), any_of=True)
        nested = Need(literals=(b"import",), needs=(either, Need()))
        anything = Need(literals=(b"SIGKILL",), needs=(Need(),), any_of=True)

        assert holding_each(b"Final", b"struct") <= set(view.candidates(scope, both, fold_case=False).tolist())
        found = set(view.candidates(scope, either, fold_case=False).tolist())
        assert holding_each(b"SIGKILL") | holding_each(b"Struct(") <= found
        assert len(found) < len(scope) / 2
        assert holding_each(b"SIGKILL", b"import") <= set(view.candidates(scope, nested, fold_case=False).tolist())
        assert view.candidates(scope, anything, fold_case=False).tolist() == scope.ordinals.tolist()
        assert view.candidates(scope, Need(literals=(b"ab",)), fold_case=False).tolist() == scope.ordinals.tolist()


class TestCandidateFiles:
    def test_looks_in_all_chunks_of_a_file_together(self, tmp_path: Path) -> None:
        library = Library(tmp_path)
        filler = "".join(f"filler {number}\n" for number in range(300))
        library.add({"both": f"alpha_one\n{filler}beta_two\n", "one": f"alpha_one\n{filler}", "none": filler})
        view, scope, name = library.view(), library.scope(), library.snapshots[0]
        need = Need(literals=(b"alpha_one", b"beta_two"))

        assert view.candidates(scope, need, fold_case=False).size == 0
        files = view.candidate_files(scope, need, fold_case=False)
        assert [view.snapshots[name].paths[number] for number in files[name].tolist()] == ["both"]

    def test_takes_a_literal_with_newlines_line_by_line(self, tmp_path: Path) -> None:
        library = Library(tmp_path)
        lines = [f"row {number} of many\n" for number in range(500)]
        library.add({"a": "".join(lines), "b": "row 1 of many\n", "c": "nothing\n"})
        view, scope, name = library.view(), library.scope(), library.snapshots[0]

        for at in range(0, 498, 7):
            literal = "".join(lines[at : at + 3]).encode()
            files = view.candidate_files(scope, Need(literals=(literal,)), fold_case=False)
            assert 0 in files[name].tolist()

    def test_keeps_to_the_scope_and_joins_alternatives(self, sources: Library) -> None:
        view, name = sources.view(), sources.snapshots[-1]
        files = view.snapshots[name]
        numbers = np.arange(0, files.path_count, 2, dtype=np.uint32)
        scope = view.scope([Selection(snapshot=name, path_numbers=numbers)])
        need = Need(literals=(b"SIGKILL", b"Protocol"), any_of=True)

        found = view.candidate_files(scope, need, fold_case=False).get(name, numbers[:0]).tolist()

        def text(number: int) -> bytes:
            return b"".join(view.chunk_texts(files.chunks_of(number)))

        expected = [number for number in numbers.tolist() if b"SIGKILL" in text(number) or b"Protocol" in text(number)]
        assert set(expected) <= set(found) <= set(numbers.tolist())
        everything = view.candidate_files(scope, Need(), fold_case=False)[name].tolist()
        assert everything == [number for number in numbers.tolist() if files.chunks_of(number).size]


class TestChunkTexts:
    def test_gives_them_in_the_order_asked(self, sources: Library) -> None:
        view, scope = sources.view(), sources.scope()
        asked = np.random.default_rng(1).permutation(scope.ordinals)[:200].repeat(2)

        assert view.chunk_texts(asked) == [view.chunk_text(ordinal) for ordinal in asked.tolist()]

    def test_refuses_a_chunk_that_is_not_there(self, sources: Library) -> None:
        beyond = np.array([10**6], dtype=np.uint32)
        with pytest.raises(IndexMissing):
            sources.view().chunk_texts(beyond)
        with pytest.raises(IndexMissing):
            sources.view().chunk_text(10**6)


class TestScoreWords:
    def test_is_bm25_over_the_scope(self, tmp_path: Path) -> None:
        library = Library(tmp_path)
        library.add({"other": "alpha beta gamma\n" * 30})
        library.add({"a": "alpha alpha beta\n", "b": "alpha gamma delta epsilon\n", "c": "beta\n"})
        view, scope = library.view(), library.scope()
        weights = FieldWeights()

        ordinals, scores = view.score_words(scope, {"alpha": 2.0, "beta": 1.0, "absent": 5.0})

        lengths = {"a": 3, "b": 4, "c": 1}
        counts = {"a": {"alpha": 2, "beta": 1}, "b": {"alpha": 1}, "c": {"beta": 1}}
        mean = sum(lengths.values()) / 3
        expected = {}
        for name, words in counts.items():
            expected[name] = sum(
                {"alpha": 2.0, "beta": 1.0}[word]
                * (weights.k1 + 1)
                * math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
                * (tf := count / (1 - weights.body_length + weights.body_length * lengths[name] / mean))
                / (tf + weights.k1)
                for word, count in words.items()
            )
        found = {
            scope.occurrences(ordinal)[0].path: score
            for ordinal, score in zip(ordinals.tolist(), scores.tolist(), strict=True)
        }
        assert found == pytest.approx(expected, rel=1e-5)

    def test_does_not_depend_on_what_is_out_of_scope(self, tmp_path: Path) -> None:
        tree: dict[str | bytes, str | bytes] = {f"f{n}": f"alpha word{n} {'beta ' * n}\n" for n in range(9)}
        alone, beside = Library(tmp_path / "alone"), Library(tmp_path / "beside")
        alone.add(tree)
        beside.add({"secret": "alpha beta secret\n" * 50, "f1": tree["f1"]})
        beside.add(tree)

        results = []
        for library in (alone, beside):
            scope = library.scope()
            ordinals, scores = library.view().score_words(scope, {"alpha": 1.0, "beta": 1.0, "secret": 9.0})
            results.append({scope.occurrences(o)[0].path: s for o, s in zip(ordinals.tolist(), scores, strict=True)})

        assert results[0] == pytest.approx(results[1])

    def test_counts_a_definition_more_than_a_use(self, tmp_path: Path) -> None:
        library = Library(tmp_path, parse=True)
        library.add({"def.py": "def frobnicate():\n    pass\n", "use.py": "frobnicate()\nfrobnicate()\n"})
        scope = library.scope()

        ordinals, scores = library.view().score_words(scope, {"frobnicate": 1.0})

        assert scope.occurrences(int(ordinals[np.argmax(scores)]))[0].path == "def.py"

    def test_weighs_comments_apart(self, tmp_path: Path) -> None:
        library = Library(tmp_path)
        library.add({"a.py": "# frobnicate\nx = 1\n", "b.py": "frobnicate = 1\n"})
        scope = library.scope()

        ordinals, scores = library.view().score_words(scope, {"frobnicate": 1.0}, weights=FieldWeights(comment=0.1))

        assert scope.occurrences(int(ordinals[np.argmin(scores)]))[0].path == "a.py"

    def test_keeps_recall_under_any_filter(self, sources: Library) -> None:
        view, name = sources.view(), sources.snapshots[-1]
        words = dict.fromkeys(split_words("raise error when the limit is exceeded"), 1.0)
        whole = dict(zip(*map(np.ndarray.tolist, view.score_words(sources.scope(), words)), strict=True))

        for number in range(view.snapshots[name].path_count):
            scope = view.scope([Selection(snapshot=name, path_numbers=np.array([number], dtype=np.uint32))])
            found, _ = view.score_words(scope, words)
            assert set(found.tolist()) == set(scope.ordinals.tolist()) & set(whole)


class TestScoreVector:
    def test_gives_the_nearest_first(self, sources: Library) -> None:
        view, scope = sources.view(), sources.scope()
        vector = sources.tools.embedder.embed_query("start a process and kill its group")

        ordinals, scores = view.score_vector(scope, vector, limit=20)
        everything, all_scores = view.score_vector(scope, vector, limit=10**6)

        assert ordinals.tolist() == everything[:20].tolist()
        assert len(scope) == everything.size
        assert scores.tolist() == sorted(all_scores.tolist(), reverse=True)[:20]
        assert -1.001 < all_scores.min() < all_scores.max() < 1.001

    def test_fills_its_limit_after_the_filter(self, sources: Library) -> None:
        view, name = sources.view(), sources.snapshots[-1]
        scope = view.scope([Selection(snapshot=name, path_numbers=np.array([2], dtype=np.uint32))])
        vector = sources.tools.embedder.embed_query("anything")

        assert view.score_vector(scope, vector, limit=len(scope))[0].size == len(scope)

    def test_finds_most_of_the_nearest_in_a_large_scope(
        self, sources: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(nearest, "COMPARED_MIN", 30)
        monkeypatch.setattr(nearest, "COMPARED_PER_RESULT", 3)
        view, scope = sources.view(), sources.scope()
        vector = sources.tools.embedder.embed_query("start a process and kill its group")
        everything, scores = view.score_vector(scope, vector, limit=10**6)

        found, found_scores = view.score_vector(scope, vector, limit=10)

        assert len(scope) > 60
        assert len(set(found.tolist()) & set(everything[:10].tolist())) >= 5
        exact = dict(zip(everything.tolist(), scores.tolist(), strict=True))
        assert [exact[ordinal] for ordinal in found.tolist()] == pytest.approx(found_scores.tolist())

    def test_leaves_out_the_vectors_of_another_embedder(self, sources: Library) -> None:
        view, scope = sources.view(), sources.scope()
        vector = np.full(16, 0.25, dtype=np.float32)

        assert view.score_vector(scope, vector, limit=5, embedder="word-hash")[0].size == 5
        assert view.score_vector(scope, vector, limit=5, embedder="another")[0].size == 0

    def test_leaves_out_vectors_of_another_size(self, sources: Library) -> None:
        assert sources.view().score_vector(sources.scope(), np.ones(7, dtype=np.float32), limit=5)[0].size == 0


class TestFindSymbols:
    @pytest.fixture
    def library(self, tmp_path: Path) -> Library:
        library = Library(tmp_path, parse=True)
        library.add({"a.py": "def handle(): ...\ndef Handle(): ...\ndef handler(): ...\ndef mishandle(): ...\n"})
        library.add({"b.py": "class Handler:\n    def handle_it(self): ...\n    def other(self): ...\n"})
        return library

    @pytest.mark.parametrize(
        ("match", "names"),
        [
            (SymbolMatch.EXACT, ["handle"]),
            (SymbolMatch.FOLDED, ["handle", "Handle"]),
            (SymbolMatch.PREFIX, ["handle", "Handle", "Handler", "handler", "handle_it"]),
            (SymbolMatch.SUBSTRING, ["handle", "Handle", "Handler", "handler", "handle_it", "mishandle"]),
        ],
    )
    def test_compares_names(self, library: Library, match: SymbolMatch, names: list[str]) -> None:
        scope = library.scope(*library.snapshots)

        found = library.view().find_symbols(scope, "handle", match=match, limit=10)

        assert [hit.name for hit in found] == names

    def test_keeps_to_limit_and_scope(self, library: Library) -> None:
        view = library.view()

        assert len(view.find_symbols(library.scope(*library.snapshots), "", match=SymbolMatch.SUBSTRING, limit=3)) == 3
        only = view.find_symbols(library.scope(), "handle", match=SymbolMatch.SUBSTRING, limit=10)
        assert [(hit.name, hit.kind, hit.line, hit.container) for hit in only] == [
            ("Handler", "class", 0, ""),
            ("handle_it", "method", 1, "Handler"),
        ]

    def test_forgets_a_removed_symbol(self, library: Library) -> None:
        library.add({"b.py": "class Renamed: ...\n"})

        assert library.view().find_symbols(library.scope(), "Handler", match=SymbolMatch.FOLDED, limit=9) == []


class TestMatchWords:
    def test_prefers_the_name_and_rare_words(self, tmp_path: Path) -> None:
        library = Library(tmp_path)
        library.add({"router/app.py": "x\n", "src/router.py": "y\n", "src/app.py": "z\n", "src/app_config.py": "w\n"})
        files = library.view().snapshots[library.snapshots[0]]

        scores = files.match_words({"router": 1.0, "app": 1.0})

        by_path = dict(zip(files.paths, scores.tolist(), strict=True))
        assert by_path["router/app.py"] > by_path["src/app.py"] > 0
        assert by_path["src/router.py"] > by_path["src/app.py"]
        assert files.match_words({"absent": 1.0}).tolist() == [0, 0, 0, 0]


class TestKnownChunks:
    def test_finds_chunks_by_their_digests(self, sources: Library) -> None:
        view = sources.view()
        digests = [row.tobytes() for row in view.open_segments[0].digests.by_number()]

        found = known_chunks(view, [*digests, b"\0" * 16])

        assert [found[digest] for digest in digests] == view.open_segments[0].ordinals.tolist()
        assert len(found) == len(digests)
        assert known_chunks(view, []) == {}
