import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grove.navigation.fuzzy import FuzzyPaths

PATHS = [
    "README.md",
    "app/controllers/users_controller.rb",
    "app/controllers/user_sessions_controller.rb",
    "app/models/user.rb",
    "docs/users/controlling.md",
    "lib/net/retry.py",
    "lib/navigation/retrying.py",
    "src/UserController.java",
    "src/net.py",
    "test/models/user_test.rb",
    "vendor/retry/index.js",
]


def found(pattern: str, paths: list[str] | None = None, *, enough: int = 1_000) -> list[str]:
    paths = PATHS if paths is None else paths
    matched, _ = FuzzyPaths([path.encode() for path in paths]).match(
        pattern.encode(), np.ones(len(paths), dtype=np.bool_), enough=enough
    )
    order = np.argsort(-matched.scores, kind="stable")
    return [paths[number] for number in matched.numbers[order].tolist()]


class TestOrder:
    @pytest.mark.parametrize(
        ("pattern", "first"),
        [
            ("user.rb", "app/models/user.rb"),
            ("user", "app/models/user.rb"),
            ("retry", "lib/net/retry.py"),
            ("UC", "src/UserController.java"),
            ("sessctrl", "app/controllers/user_sessions_controller.rb"),
            ("net/retry", "lib/net/retry.py"),
            ("retrindex", "vendor/retry/index.js"),
            ("readme", "README.md"),
            ("net", "src/net.py"),
        ],
    )
    def test_is_what_people_expect(self, pattern: str, first: str) -> None:
        assert found(pattern)[0] == first

    def test_puts_matches_in_the_base_name_before_all_others(self) -> None:
        assert found("retry") == ["lib/net/retry.py", "lib/navigation/retrying.py", "vendor/retry/index.js"]

    def test_puts_what_is_less_deep_first_among_equals(self) -> None:
        assert found("a.py", ["x/y/a.py", "x/a.py", "a.py"]) == ["a.py", "x/a.py", "x/y/a.py"]


class TestMatch:
    @given(
        st.lists(st.text(alphabet="aAb_/.é", max_size=12), max_size=12),
        st.text(alphabet="aBb/é", min_size=1, max_size=4),
    )
    def test_finds_exactly_the_paths_that_hold_the_characters_in_order(self, paths: list[str], pattern: str) -> None:
        assert sorted(found(pattern, paths)) == sorted(path for path in paths if _holds(path, pattern))

    @given(
        st.lists(st.text(alphabet="abAB_/.", max_size=12), max_size=12), st.text(alphabet="ab", min_size=1, max_size=4)
    )
    def test_knows_places_that_spell_the_pattern(self, paths: list[str], pattern: str) -> None:
        matched, is_all = FuzzyPaths([path.encode() for path in paths]).match(
            pattern.encode(), np.ones(len(paths), dtype=np.bool_), enough=5
        )

        assert is_all
        for number, places in zip(matched.numbers.tolist(), matched.places.tolist(), strict=True):
            assert places == sorted(set(places))
            assert "".join(paths[number][place] for place in places).lower() == pattern

    def test_leaves_out_what_is_not_admitted(self) -> None:
        matched, _ = FuzzyPaths([b"a", b"a"]).match(b"a", np.array([False, True]), enough=5)

        assert matched.numbers.tolist() == [1]

    def test_of_nothing_is_everything(self) -> None:
        assert len(found("")) == len(PATHS)

    def test_says_when_folders_were_not_looked_at(self) -> None:
        paths = [f"{'folder/' * 20}aa{number}.py" for number in range(10)] + [
            f"a/{'f/' * 200}x.py" for _ in range(4_000)
        ]
        prepared = FuzzyPaths([path.encode() for path in paths])
        everything = np.ones(len(paths), dtype=np.bool_)

        some, is_all = prepared.match(b"a", everything, enough=5)
        whole, is_whole = prepared.match(b"a", everything, enough=50)

        assert (some.numbers.size, is_all) == (10, False)
        assert (whole.numbers.size, is_whole) == (len(paths), True)


def _holds(path: str, pattern: str) -> bool:
    rest = iter(_folded(path))
    return all(character in rest for character in _folded(pattern))


def _folded(text: str) -> bytes:
    return bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in text.encode())
