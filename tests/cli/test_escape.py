import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grove.cli.escape import as_field, as_json, visible, visible_lines

HARMFUL = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def harmful_in(text: str) -> set[str]:
    return {character for character in text if unicodedata.category(character) in HARMFUL} - {"\t", "\n"}


class TestVisible:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("plain", "plain"),
            ("tab\tstays", "tab\tstays"),
            ("\x1b[31mred", "\\x1b[31mred"),
            ("bell\x07", "bell\\x07"),
            ("back\rover", "back\\x0dover"),
            ("two\nlines", "two\\x0alines"),
            ("\u202egpj.exe", "\\u202egpj.exe"),
            ("c1\x9b2J", "c1\\x9b2J"),
            ("zero\u200bwidth", "zero\\u200bwidth"),
            ("line\u2028end", "line\\u2028end"),
            ("tag\U000e0041", "tag\\U000e0041"),
            ("half\ud800", "half\\ud800"),
            ("grün 漢字 ✓", "grün 漢字 ✓"),
        ],
    )
    def test_shows_what_would_act_on_a_terminal_by_its_code(self, text: str, shown: str) -> None:
        assert visible(text) == shown

    @given(st.text(alphabet=st.characters()))
    def test_never_leaves_anything_that_acts(self, text: str) -> None:
        assert not harmful_in(visible(text))
        assert "\n" not in visible(text)

    def test_keeps_the_lines_of_a_text_and_drops_their_carriage_returns(self) -> None:
        assert visible_lines("a\r\nb\x1b\n") == "a\nb\\x1b\n"


class TestAsField:
    def test_leaves_no_tab_that_would_end_it(self) -> None:
        assert as_field("a\tb") == "a\\tb"


class TestAsJson:
    @given(st.text(alphabet=st.characters()))
    def test_reads_back_the_same_and_acts_on_nothing(self, text: str) -> None:
        written = as_json({"text": text})
        assert json.loads(written) == {"text": text}
        assert not harmful_in(written)

    def test_leaves_letters_readable(self) -> None:
        assert as_json(["grün"]) == '["grün"]'
