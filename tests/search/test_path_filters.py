"""Paths matched by patterns: the same as trying each path."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from grove.search.masks import path_table
from grove.search.patterns import literal_pattern, regex_pattern
from tests.search.library import Library

NAMES = st.text(st.sampled_from("abB./_é"), min_size=1, max_size=8)
PATHS = st.sets(NAMES.map(lambda name: f"x/{name}".replace("//", "/")))
NEEDLES = st.text(st.sampled_from("abB./_é"), min_size=1, max_size=3)
REGEXES = st.sampled_from([r"^x/a", r"b$", r"\.", r"a|B", r"[^/]*b", r"\Ax", r"", r"x*", r"(?:^|/)a[^/\n]*$", r"é"])


class TestPathsOfASnapshot:
    @settings(max_examples=100, deadline=None)
    @given(names=PATHS, needle=NEEDLES, regex=REGEXES, fold_case=st.booleans())
    def test_match_a_pattern_as_each_of_them_does(
        self, names: set[str], needle: str, regex: str, *, fold_case: bool
    ) -> None:
        names = {name for name in names if not {"", ".", ".."} & set(name.split("/"))}
        with TemporaryDirectory() as folder:
            library = Library(Path(folder), {"r": dict.fromkeys(names, "text\n")})
            (snapshot,) = library.view().snapshots.values()
            for pattern in (literal_pattern(needle, fold_case=fold_case), regex_pattern(regex, fold_case=fold_case)):
                mask = path_table(snapshot).matching(pattern)

                assert mask.tolist() == [pattern.found_in(path.encode()) for path in snapshot.paths]
