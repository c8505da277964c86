"""Paths matched by patterns: the same as trying each path."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from grove.indexing import IndexView
from grove.search.masks import PathMatches
from grove.search.patterns import Pattern, literal_pattern, regex_pattern
from tests.search.library import Library

NAMES = st.text(st.sampled_from("abB./_é\u212aKß"), min_size=1, max_size=8)
PATHS = st.sets(NAMES.map(lambda name: f"x/{name}".replace("//", "/")))
NEEDLES = st.text(st.sampled_from("abBk./_é"), min_size=1, max_size=4)
REGEXES = st.sampled_from([r"^x/a", r"b$", r"\.", r"a|B", r"[^/]*b", r"\Ax", r"", r"x*", r"(?:^|/)a[^/\n]*$", r"é"])
WORDS = st.sampled_from(["abb", "kab", "b_a", "ssa", "bss", "éé"])
REPOSITORIES = 9
"""As many as are looked at only when a filter of their paths' trigrams lets them pass."""


class TestPathsOfSnapshots:
    @settings(max_examples=100, deadline=None)
    @given(names=PATHS, needle=NEEDLES, regex=REGEXES, fold_case=st.booleans())
    def test_match_a_pattern_as_each_of_them_does(
        self, names: set[str], needle: str, regex: str, *, fold_case: bool
    ) -> None:
        safe = sorted(name for name in names if not {"", ".", ".."} & set(name.split("/")))
        parted = {str(first): dict.fromkeys(safe[first::REPOSITORIES], "text\n") for first in range(REPOSITORIES)}
        with TemporaryDirectory() as folder:
            view = Library(Path(folder), parted).view()
            for pattern in (literal_pattern(needle, fold_case=fold_case), regex_pattern(regex, fold_case=fold_case)):
                _assert_agree(view, tuple(view.snapshots), pattern)
                _assert_agree(view, tuple(view.snapshots)[:1], pattern)

    @settings(max_examples=50, deadline=None)
    @given(names=PATHS, word=WORDS)
    def test_are_ruled_out_for_words_that_none_of_them_has(self, names: set[str], word: str) -> None:
        safe = sorted(name for name in names if not {"", ".", ".."} & set(name.split("/")))
        parted = {str(first): dict.fromkeys(safe[first::REPOSITORIES], "text\n") for first in range(REPOSITORIES)}
        with TemporaryDirectory() as folder:
            view = Library(Path(folder), parted).view()
            kept = PathMatches(view, view.snapshots).words_by_snapshot({word: 1.0})

            for snapshot, words in zip(view.snapshots.values(), kept, strict=True):
                assert words or not snapshot.match_words({word: 1.0}).any()


def _assert_agree(view: IndexView, names: tuple[str, ...], pattern: Pattern) -> None:
    matches = PathMatches(view, names)
    for snapshot in map(view.snapshots.__getitem__, names):
        expected = [pattern.found_in(path.encode()) for path in snapshot.paths]

        assert matches.matching(pattern, snapshot).tolist() == expected
        assert matches.matches_any(pattern, snapshot) == any(expected)
