"""Puts the questions of a data set to Grove, each about its own repository, as a user would."""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from benchmarks.relevance.dataset import Asked, Subject
from benchmarks.relevance.scoring import Predictions, Result, same_path
from grove.search import (
    Answer,
    Corpus,
    FileMatch,
    Mode,
    QueryInvalid,
    Question,
    RankedFile,
    Ranking,
    RankingWeights,
    plan_of,
    rank,
    search,
    select,
)

CHARACTERS_PER_TOKEN = 4
"""About what a language model's tokens hold in code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoped:
    """A question with the part of the corpus that it is about."""

    question: Question
    corpus: Corpus

    def ranking(self, weights: RankingWeights) -> Ranking:
        """The candidates of an answer, best first."""
        plan = plan_of(self.question)
        return rank(plan.words, corpus=self.corpus, field=select(plan.condition, self.corpus), weights=weights)

    def answer(self) -> tuple[Answer, float]:
        """What a user gets, and how many seconds it took."""
        began = time.perf_counter()
        return search(self.question, self.corpus), time.perf_counter() - began


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The answer to one question of the data set."""

    subject: Subject
    asked: Asked
    answer: Answer
    seconds: float


def scoped(text: str, subject: Subject, corpus: Corpus) -> Scoped:
    """A question about one repository, as a registry would resolve it."""
    question = _question(text, subject)
    plan = plan_of(question)
    targets = tuple(target for target in corpus.targets if plan.admits_repository(target.name))
    return Scoped(question=question, corpus=replace(corpus, targets=targets))


def _question(text: str, subject: Subject) -> Question:
    """The question; where its words would be read as a filter that makes no sense, they are only words."""
    question = Question(text=text, mode=Mode.SEMANTIC, repositories=(f"^{re.escape(subject.name)}$",))
    try:
        plan_of(question)
    except QueryInvalid:
        return replace(question, text=text.replace(":", " "))
    return question


def ask(subjects: Sequence[Subject], corpus: Corpus) -> Iterator[Reply]:
    """Ask every question."""
    for subject in subjects:
        for asked in subject.questions:
            answer, seconds = scoped(asked.text, subject, corpus).answer()
            yield Reply(subject=subject, asked=asked, answer=answer, seconds=seconds)


def predictions_of(replies: Sequence[Reply]) -> Predictions:
    """The files of each answer, each with the lines of its best excerpt."""
    return {(reply.subject.name, reply.asked.text): [_result(file) for file in reply.answer.files] for reply in replies}


def recalled_within(reply: Reply, tokens_max: int) -> bool:
    """Whether a file that answers the question is shown within the first so many tokens of the answer."""
    characters = 0
    for file in reply.answer.files:
        characters += len(_shown(file))
        if characters > tokens_max * CHARACTERS_PER_TOKEN:
            return False
        if any(same_path(file.address.path, target.path) for target in reply.asked.targets):
            return True
    return False


def result_of(ranked: RankedFile, ranking: Ranking, corpus: Corpus) -> Result:
    """A candidate with the lines of its best chunk."""
    row = ranking.rows_of(ranked)[0]
    first = int(ranking.candidates.first_lines[row])
    lines = corpus.view.chunk_lines(int(ranking.candidates.ordinals[row]))
    return Result(path=ranked.file.path, first_line=first, last_line=first + lines - 1)


def _result(file: FileMatch) -> Result:
    best = file.excerpts[0]
    return Result(path=file.address.path, first_line=best.first_line, last_line=best.last_line)


def _shown(file: FileMatch) -> str:
    """The file as an answer in text shows it: its name, and its best lines with their numbers."""
    lines = [f"{line.number} {line.text}" for excerpt in file.excerpts for line in excerpt.lines]
    return "\n".join([f"{file.address.repository} {file.address.path}", *lines])
