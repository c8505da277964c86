"""Every setting, error, event, kind of job and permission is documented."""

import re

from tests.architecture.source import modules
from tools.reference import PAGE, page


class TestTheReference:
    def test_says_what_the_code_says(self) -> None:
        assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tools.reference`"

    def test_has_no_empty_descriptions(self) -> None:
        rows = [line for line in page().splitlines() if line.startswith("| `")]
        assert rows
        for row in rows:
            assert row.rstrip(" |").count("|") >= 2, f"not described: {row}"


class TestErrorCodes:
    def test_belong_to_one_error_each(self) -> None:
        declared = re.compile(r'^    code(?:: ClassVar\[str\])? = "(\w+)"', re.MULTILINE)
        codes = [code for module in modules() for code in declared.findall(module.text)]

        assert sorted(codes) == sorted(set(codes))
