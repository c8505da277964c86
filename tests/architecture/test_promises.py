"""Every promise names tests that there are."""

import ast
import re

import pytest

from tests.architecture.source import ROOT

PAGE = ROOT / "docs" / "promises.md"
ROWS = [*(f"K{number}" for number in range(1, 9)), *(f"A{number}" for number in range(1, 16)), "J1", "J2"]
ROWS += ["P1", "P2", "P3", "P4", "P6", "P7"]


def rows() -> dict[str, list[str]]:
    """The tests that each row names."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| [A-Z]\d+ \|", line)]
    return {line.split("|")[1].strip(): re.findall(r"`(tests/[^`]+)`", line) for line in lines}


def exists(test: str) -> bool:
    """Whether there is a test of that name."""
    path, kind, name = test.split("::")
    if not (ROOT / path).is_file():
        return False
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return any(
        isinstance(part, ast.FunctionDef) and part.name == name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == kind
        for part in node.body
    )


class TestThePromises:
    def test_are_all_there(self) -> None:
        assert list(rows()) == ROWS

    @pytest.mark.parametrize("row", ROWS)
    def test_name_tests_that_there_are(self, row: str) -> None:
        assert rows()[row]
        assert [test for test in rows()[row] if not exists(test)] == []
