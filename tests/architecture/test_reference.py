"""Every setting, error, event, kind of job and permission is documented."""

from tools.reference import PAGE, page


class TestTheReference:
    def test_says_what_the_code_says(self) -> None:
        assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tools.reference`"

    def test_has_no_empty_descriptions(self) -> None:
        rows = [line for line in page().splitlines() if line.startswith("| `")]
        assert rows
        for row in rows:
            assert row.rstrip(" |").count("|") >= 2, f"not described: {row}"
