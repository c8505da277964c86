"""A filter that admits one file in a hundred finds the same ten as looking at every file that it admits."""

from dataclasses import replace
from random import Random

import pytest

from grove.search import Mode, Question, RankingWeights, plan_of, rank, select
from tests.search.library import Library, Tree

WORDS = [
    *("parse", "token", "retry", "socket", "cache", "encode", "index"),
    *("merge", "vector", "session", "payment", "ledger", "worker", "lease"),
]
ALL = 1_000_000
EXHAUSTIVE = replace(
    RankingWeights(),
    word_candidates=ALL,
    vector_candidates=ALL,
    path_candidates=ALL,
    symbol_candidates=ALL,
    definition_candidates=ALL,
    file_candidates=ALL,
    compared_chunks=ALL,
)
QUESTIONS = (
    "retry a payment when the lease is lost",
    "merge the index",
    "encode_session",
    "cache of vectors",
    "socket worker",
)
FILES = 2_000


def written(draw: Random, number: int, *, words: int) -> str:
    """A file that says more of the questions' words the more there are."""
    said = [" ".join(draw.choices(WORDS, k=6)) for _ in range(words)]
    return "".join(
        f"def {line.split()[0]}_{number}_{at}():\n    # {line}\n    return {at}\n" for at, line in enumerate(said)
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    draw = Random(11)
    tree: Tree = {
        # Those that the filter admits say the least: whoever looks at the best of all files first sees none of them.
        f"{'rare' if number % 100 == 0 else 'usual'}/f{number}.py": written(
            draw, number, words=1 if number % 100 == 0 else 8
        )
        for number in range(FILES)
    }
    return Library(tmp_path_factory.mktemp("index"), {"acme/all": tree})


class TestAFilterForOneInAHundred:
    @pytest.mark.parametrize("question", QUESTIONS)
    def test_loses_nothing_of_the_best_ten_of_a_ranked_answer(self, library: Library, question: str) -> None:
        corpus = library.corpus()
        field = select(plan_of(Question(text=f"file:^rare/ {question}")).condition, corpus)

        found = [ranked.file.path for ranked in rank(question, corpus=corpus, field=field).files[:10]]
        best = [
            ranked.file.path for ranked in rank(question, corpus=corpus, field=field, weights=EXHAUSTIVE).files[:10]
        ]

        assert len(found) >= 5
        assert found == best

    def test_loses_nothing_of_an_exact_answer(self, library: Library) -> None:
        answer = library.ask("file:^rare/ return", Mode.TEXT, limit=100)

        assert answer.truth.files_found == FILES // 100
        assert {file.address.path.split("/")[0] for file in answer.files} == {"rare"}
