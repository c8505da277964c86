"""The cells of a table, whatever repositories hold."""

import csv
import io

import pytest

from grove.exports.model import ExportForm
from grove.exports.rows import COLUMNS, header_of, written


class TestACell:
    @pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
    @pytest.mark.parametrize("column", ["repository", "revision", "path", "text", "symbol"])
    def test_that_would_be_a_formula_begins_with_an_apostrophe(self, column: str, begins: str) -> None:
        told = f"{begins}cmd|'/c calc'!A1"

        (cells,) = csv.DictReader(io.StringIO(table({column: told}), newline=""))

        assert cells[column] == f"'{told}"

    def test_is_quoted_so_that_nothing_in_it_begins_another(self) -> None:
        hostile = 'a;=cmd()\t=cmd(),=cmd()"\r\n=cmd()'

        row = table({"text": hostile}).removeprefix(header_of(ExportForm.CSV).decode())

        assert (
            row
            == ",".join(f'"{hostile.replace(chr(34), chr(34) * 2) if name == "text" else ""}"' for name in COLUMNS)
            + "\r\n"
        )
        (cells,) = csv.DictReader(io.StringIO(table({"text": hostile}), newline=""))
        assert cells["text"] == hostile


def table(row: dict[str, str]) -> str:
    return (header_of(ExportForm.CSV) + written(row, ExportForm.CSV)).decode()
