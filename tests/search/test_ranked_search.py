"""Ranked search: the best places first, each with its reasons."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from grove.search import Mode, Question, RankingWeights, plan_of, rank, select
from grove.search.wording import wording_of
from tests.search.library import Library, Tree, paths

FILLER = "\n".join(f"value_{number} = {number}" for number in range(60))
TREE: Tree = {
    "src/net/retry.py": (
        "import time\n\n\ndef retry_call(fn, tries=5):\n"
        '    """Call again with exponential backoff and jitter."""\n    time.sleep(1)\n'
    ),
    "src/net/http.py": f"from net.retry import retry_call\n\n\ndef get(url):\n    return retry_call(url)\n\n{FILLER}\n",
    "src/crypto/vault.py": 'def encrypt_token(token, key):\n    """Encrypt it before it is kept."""\n    return key\n',
    "src/users/session.py": "class SessionStore:\n    def expire(self, session):\n        del session\n",
    "tests/test_retry.py": "def test_retry_call():\n    # exponential backoff\n    assert retry_call(int)\n",
    "docs/retry.md": "# Retry\n\nWe retry with exponential backoff and jitter.\n",
    "vendor/lib/retry.py": "def retry_call(fn):\n    # exponential backoff and jitter\n    return fn()\n",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    repositories: dict[str, Tree] = {"acme/web": TREE, "acme/fork": {"lib/vault.py": TREE["src/crypto/vault.py"]}}
    return Library(tmp_path_factory.mktemp("index"), repositories)


class TestRankedSearch:
    @pytest.mark.parametrize(
        ("query", "best"),
        [
            ("how are calls tried again with backoff", "src/net/retry.py"),
            ("retry_call", "src/net/retry.py"),
            ("SessionStore", "src/users/session.py"),
            ("where do sessions expire", "src/users/session.py"),
            ("token encryption", "src/crypto/vault.py"),
            ("retry docs", "docs/retry.md"),
            ("test of retry_call", "tests/test_retry.py"),
        ],
    )
    def test_puts_first_what_the_question_is_about(self, library: Library, query: str, best: str) -> None:
        assert paths(library.ask(query, repositories=("web",)))[0] == best

    def test_puts_a_file_of_the_product_before_tests_docs_and_vendored_code(self, library: Library) -> None:
        found = paths(library.ask("exponential backoff jitter"))

        assert found[0] == "src/net/retry.py"
        assert {"docs/retry.md", "vendor/lib/retry.py"} < set(found)

    def test_shows_a_text_once_and_names_the_other_places(self, library: Library) -> None:
        answer = library.ask("encrypt token vault")

        (best,) = [file for file in answer.files if file.address.path.endswith("vault.py")]
        assert [place.repository for place in best.also_in] == ["acme/fork"]

    def test_keeps_to_the_filters(self, library: Library) -> None:
        assert set(paths(library.ask("retry backoff lang:markdown"))) == {"docs/retry.md"}
        assert set(paths(library.ask("retry backoff -file:^src -file:docs repo:web lang:python"))) == {
            "tests/test_retry.py",
            "vendor/lib/retry.py",
        }

    def test_names_lines_and_symbol_of_each_place(self, library: Library) -> None:
        file = library.ask("retry_call repo:web").files[0]

        excerpt = file.excerpts[0]
        assert (excerpt.first_line, excerpt.last_line) == (1, 6)
        assert excerpt.symbol is not None
        assert (excerpt.symbol.name, excerpt.symbol.line) == ("retry_call", 4)
        assert "def retry_call(fn, tries=5):" in [line.text for line in excerpt.lines]

    def test_explains_itself_only_if_asked(self, library: Library) -> None:
        plain = library.ask("retry_call").files[0].excerpts[0]
        explained = library.ask("retry_call", explain=True).files[0].excerpts[0]

        assert plain.signals == {}
        assert explained.signals["definition"] > 0
        assert 1 / (1 + math.exp(-sum(explained.signals.values()))) == pytest.approx(explained.score, rel=1e-3)

    def test_lists_each_file_once(self, library: Library) -> None:
        found = paths(library.ask("value http get retry_call"))

        assert len(found) == len(set(found))

    def test_does_without_vectors(self, library: Library) -> None:
        corpus = replace(library.corpus(), meaning=None)
        field = select(plan_of(Question(text="retry")).condition, corpus)

        ranking = rank("exponential backoff", corpus=corpus, field=field)

        assert not ranking.signals["meaning"].any()
        assert ranking.files[0].file.path == "src/net/retry.py"

    def test_can_be_tuned(self, library: Library) -> None:
        corpus = library.corpus()
        field = select(plan_of(Question(text="retry", repositories=("web",))).condition, corpus)
        usual = RankingWeights()
        blind = replace(usual, described=replace(usual.described, test=0.0, vendored=0.0, documentation=0.0, title=0.0))

        by_usual = rank("exponential backoff jitter", corpus=corpus, field=field)
        by_blind = rank("exponential backoff jitter", corpus=corpus, field=field, weights=blind)

        assert [ranked.score for ranked in by_usual.files] != [ranked.score for ranked in by_blind.files]
        assert "title" not in {name for ranked in by_blind.files for name in by_blind.explain(ranked)}

    def test_hardly_counts_a_word_that_the_repository_has_in_its_name(self, tmp_path: Path) -> None:
        tree: Tree = {
            "web.py": "class Web:\n    pass\n",
            "routing.py": "# routing\ndef match(path):\n    return path\n",
        }
        library = Library(tmp_path, {"acme/web": tree})

        assert paths(library.ask("how web routing works", Mode.SEMANTIC))[0] == "routing.py"

    @pytest.mark.parametrize("query", ["the of and", "???", "日本語", "x" * 300])
    def test_answers_questions_that_say_little(self, library: Library, query: str) -> None:
        assert library.ask(query, Mode.SEMANTIC).truth.files_shown >= 0

    def test_of_nothing_finds_nothing(self, tmp_path: Path) -> None:
        answer = Library(tmp_path, {"r": {"a.py": "x = 1\n"}}).ask("words file:nowhere")

        assert answer.files == ()
        assert not answer.truth.more


class TestAWording:
    def test_leaves_out_what_says_nothing(self) -> None:
        wording = wording_of("How does the parseConfig function work?", RankingWeights())

        assert wording.keywords == ("parseconfig", "parse", "config", "function", "work")
        assert wording.names == ("parseConfig",)
        assert not wording.is_name

    @pytest.mark.parametrize(
        ("text", "name"),
        [("parse", "parse"), ("std::vector", "vector"), ("Config.load", "load"), ("run()", "run"), ("_x", "_x")],
    )
    def test_knows_a_name_when_it_is_nothing_else(self, text: str, name: str) -> None:
        wording = wording_of(text, RankingWeights())

        assert wording.is_name
        assert wording.names == (name,)

    def test_keeps_words_that_say_little_if_there_are_no_others(self) -> None:
        assert wording_of("what is this", RankingWeights()).words


class TestNonsense:
    def test_finds_nothing_and_says_so(self, tmp_path: Path) -> None:
        library = Library(tmp_path, {"acme/web": {"src/retry.py": "def retry_call(fn):\n    return fn()\n"}})

        answer = library.ask("zzqx flurb")

        assert answer.files == ()
        assert (answer.truth.files_found, answer.truth.more) == (0, False)
