import pytest
from hypothesis import given
from hypothesis import strategies as st

from grove.indexing import SkipReason
from grove.indexing.paths import refusal, shown, stored


def refused(path: bytes) -> SkipReason | None:
    return refusal(path, bytes_max=4_096, depth_max=256)


class TestRefusal:
    @pytest.mark.parametrize(
        "path",
        [
            b"..",
            b"../../evil",
            b"a/../b",
            b"./a",
            b"a/./b",
            b"/etc/evil",
            b"a//b",
            b"a/",
            b"",
            b"a\0b",
            b".git",
            b".git/hooks/post-checkout",
            b"sub/.GIT/config",
            b"git~1/config",
            b"GIT~1",
            b".git /config",
            b".git./config",
            b".git::$INDEX_ALLOCATION/x",
            ".g\u200cit/config".encode(),
            ".git\ufeff".encode(),
        ],
    )
    def test_refuses_paths_that_are_made_to_escape(self, path: bytes) -> None:
        assert refused(path) is SkipReason.UNSAFE_PATH

    @pytest.mark.parametrize(
        "path",
        [
            b"a",
            b".github/workflows/x.yml",
            b".gitignore",
            b"src/git/x.py",
            b"..foo/bar",
            b"a\nb",
            b"\xff\xfe",
            b"--output=x",
            rb"..\..\evil",
            b"CON",
            "\u202eevil".encode(),
            b"sub/HEAD",
        ],
    )
    def test_takes_odd_names_that_do_not(self, path: bytes) -> None:
        assert refused(path) is None

    def test_says_when_a_path_is_too_long_or_too_deep(self) -> None:
        assert refused(b"x" * 5_000) is SkipReason.PATH_TOO_LONG
        assert refused(b"d/" * 300 + b"x") is SkipReason.PATH_TOO_DEEP


class TestShown:
    @pytest.mark.parametrize(
        ("path", "text"),
        [
            (b"src/main.py", "src/main.py"),
            ("größe/名前".encode(), "größe/名前"),
            (b"a\nb\x1b[31m", r"a\x0ab\x1b[31m"),
            (b"\xff\xfe", r"\xff\xfe"),
            (rb"a\b", r"a\\b"),
            ("\u202eevil\u200b".encode(), r"\u{202e}evil\u{200b}"),
        ],
    )
    def test_escapes_what_cannot_be_displayed(self, path: bytes, text: str) -> None:
        assert shown(path) == text

    @given(st.binary())
    def test_can_be_turned_back(self, path: bytes) -> None:
        assert stored(shown(path)) == path

    @given(st.text(alphabet=st.sampled_from("\\x{u}0a\u202e\n名"), max_size=30))
    def test_can_be_turned_back_when_it_looks_escaped(self, path: str) -> None:
        assert stored(shown(path.encode())) == path.encode()

    @given(st.binary())
    def test_is_printable(self, path: bytes) -> None:
        assert not any(character < " " or character == "\x7f" for character in shown(path))
