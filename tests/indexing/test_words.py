import pytest
from hypothesis import given
from hypothesis import strategies as st

from grove.indexing import split_words
from grove.indexing.words import TOKEN_BYTES_MAX, words_of_token


class TestSplitWords:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("parse", ["parse"]),
            ("HTTPServer", ["httpserver", "http", "server"]),
            ("get_user_by_id", ["get_user_by_id", "get", "user", "by", "id"]),
            ("__init__", ["init"]),
            ("sha256sum", ["sha256sum", "sha", "256", "sum"]),
            ("MAX_SIZE = 10", ["max_size", "max", "size", "10"]),
            ("a.b->c", ["a", "b", "c"]),
            ("x_train", ["x_train", "train"]),
            ("", []),
            ("+-*/", []),
        ],
    )
    def test_gives_an_identifier_and_its_parts(self, text: str, words: list[str]) -> None:
        assert split_words(text) == words

    def test_folds_the_case_of_every_script(self) -> None:
        assert split_words("Größe ПРИВЕТ") == ["grösse", "привет"]

    def test_gives_pairs_of_characters_where_words_are_not_spaced(self) -> None:
        assert split_words("検索結果 用户name") == ["検索", "索結", "結果", "用户", "name"]

    def test_keeps_no_token_that_is_data_but_its_parts(self) -> None:
        words = split_words("Abc" * 100)

        assert set(words) == {"abc"}

    @given(st.text())
    def test_gives_only_words_that_are_not_empty_and_not_too_long(self, text: str) -> None:
        assert all(0 < len(word.encode()) <= 4 * TOKEN_BYTES_MAX for word in split_words(text))

    @given(st.binary())
    def test_takes_any_bytes_for_a_token(self, token: bytes) -> None:
        assert isinstance(words_of_token(token), tuple)
