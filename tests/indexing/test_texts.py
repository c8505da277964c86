import codecs

from hypothesis import given
from hypothesis import strategies as st

from grove.indexing import SkipReason
from grove.indexing.texts import text_of


class TestTextOf:
    def test_leaves_utf8_as_it_is(self) -> None:
        assert text_of("naïve\r\n".encode()) == "naïve\r\n".encode()

    def test_takes_a_byte_order_mark_away(self) -> None:
        assert text_of(codecs.BOM_UTF8 + b"a = 1\n") == b"a = 1\n"

    def test_turns_utf16_into_utf8(self) -> None:
        assert text_of(codecs.BOM_UTF16_LE + "größe\n".encode("utf-16-le")) == "größe\n".encode()
        assert text_of(codecs.BOM_UTF16_BE + "größe\n".encode("utf-16-be")) == "größe\n".encode()

    def test_replaces_what_is_not_utf8_and_keeps_the_lines(self) -> None:
        assert text_of(b"caf\xe9 = 1\nnext\n") == "caf\ufffd = 1\nnext\n".encode()

    def test_calls_a_nul_near_the_beginning_binary(self) -> None:
        assert text_of(b"\x7fELF\0\0") is SkipReason.BINARY

    def test_calls_what_is_mostly_not_utf8_binary(self) -> None:
        assert text_of(bytes(range(128, 256)) * 4) is SkipReason.BINARY

    def test_calls_nothing_empty(self) -> None:
        assert text_of(b"") is SkipReason.EMPTY
        assert text_of(codecs.BOM_UTF8) is SkipReason.EMPTY
        assert text_of(codecs.BOM_UTF16_LE) is SkipReason.EMPTY

    @given(st.binary())
    def test_gives_valid_utf8_or_a_reason(self, blob: bytes) -> None:
        text = text_of(blob)

        if isinstance(text, bytes):
            assert text.decode()
