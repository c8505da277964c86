"""Symbol search: definitions by name."""

import pytest

from grove.search import Limits, Mode
from tests.search.library import Library, paths

TREE = {
    "config.py": "class Config:\n    def parse(self):\n        return 1\n\n\ndef parse_config(path):\n    return 2\n",
    "vendor/x/config.py": "class Config:\n    pass\n",
    "http.go": "package http\n\ntype configLoader struct{}\n\nfunc ParseConfig() {}\n",
    "uses.py": "from config import Config\n\nConfig().parse()\n",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("index"), {"acme/web": TREE})


class TestSymbolSearch:
    def test_finds_definitions_and_not_uses(self, library: Library) -> None:
        assert paths(library.ask("Config", Mode.SYMBOL)) == ["config.py", "vendor/x/config.py", "http.go"]

    @pytest.mark.parametrize(
        ("query", "mode", "names"),
        [
            ("sym:config", Mode.AUTO, ["Config", "parse_config", "configLoader", "ParseConfig", "Config"]),
            ("sym:Config", Mode.AUTO, ["Config", "ParseConfig", "Config"]),
            ("sym:/^parse/", Mode.AUTO, ["parse", "parse_config", "ParseConfig"]),
            ("sym:/^[a-z]+$/ case:yes", Mode.AUTO, ["parse"]),
            ("type:symbol parse lang:go", Mode.AUTO, ["ParseConfig"]),
            ("parse -file:config", Mode.SYMBOL, ["ParseConfig"]),
            ("sym:parse sym:loader", Mode.AUTO, ["configLoader", "ParseConfig"]),
        ],
    )
    def test_matches_names_in_part_or_by_pattern(
        self, library: Library, query: str, mode: Mode, names: list[str]
    ) -> None:
        answer = library.ask(query, mode)

        found = [excerpt.symbol.name for file in answer.files for excerpt in file.excerpts if excerpt.symbol]
        assert sorted(found) == sorted(names)

    def test_puts_the_exact_name_first_and_vendored_files_behind(self, library: Library) -> None:
        assert paths(library.ask("sym:config")) == ["config.py", "http.go", "vendor/x/config.py"]
        assert paths(library.ask("sym:ParseConfig")) == ["http.go"]

    def test_tells_what_is_defined_and_where(self, library: Library) -> None:
        (file,) = library.ask("sym:parse file:^config lang:python").files

        symbols = [excerpt.symbol for excerpt in file.excerpts]
        assert [(symbol.name, symbol.line, symbol.container) for symbol in symbols if symbol] == [
            ("parse", 2, "Config"),
            ("parse_config", 6, ""),
        ]
        (line,) = file.excerpts[0].lines
        assert line.text[line.highlights[0].first_character : line.highlights[0].end_character] == "parse"

    def test_says_when_there_are_more_symbols_than_it_looks_at(self, library: Library) -> None:
        truth = library.ask("sym:config", limits=Limits(symbols_max=2)).truth

        assert truth.more
        assert truth.limits_hit == ("symbols_max",)
