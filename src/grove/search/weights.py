"""The weights of ranked search, in one place.

Every signal lies between 0 and 1; its weight says how much of the score it can give. Factors multiply a score. Set a
weight to 0, or a factor to 1, to take that signal out. The defaults are what did best on the relevance benchmark.
"""

from dataclasses import dataclass, field

from grove.indexing import FieldWeights


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionWeights:
    """How much each signal gives to the score of a chunk, for one sort of question."""

    words_rank: float
    """Its place among the chunks by the words they hold (BM25F)."""
    words_score: float
    """The same by score, relative to the best."""
    meaning_rank: float
    """Its place among the chunks by vector."""
    meaning_score: float
    """The same by cosine, relative to the best."""
    coherence: float
    """How much of the whole question's score its file gathers; for the best chunk of each file."""
    definition: float
    """It defines a symbol that the question names."""
    definition_words: float
    """The share of the question's words in the names that it defines."""
    stem: float
    """Its file is named like a symbol that the question names."""
    path_words: float
    """The share of the question's words in its file's name and last folder, whole or as a beginning."""
    path_score: float
    """How well its path matches the question's words, relative to the best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingWeights:
    """All that ranked search can be tuned by."""

    named: QuestionWeights = QuestionWeights(
        words_rank=0.7,
        words_score=0.3,
        meaning_rank=0.3,
        meaning_score=0.0,
        coherence=0.2,
        definition=3.0,
        definition_words=0.2,
        stem=1.0,
        path_words=0.2,
        path_score=0.2,
    )
    """For a question that is the name of something in code."""
    described: QuestionWeights = QuestionWeights(
        words_rank=0.5,
        words_score=0.5,
        meaning_rank=0.5,
        meaning_score=0.2,
        coherence=0.3,
        definition=0.8,
        definition_words=0.4,
        stem=0.4,
        path_words=0.8,
        path_score=0.2,
    )
    """For a question in words."""
    fields: FieldWeights = field(default_factory=FieldWeights)
    rank_offset: float = 60.0
    part_of_identifier: float = 0.5
    """The weight of `parse` when the question says `parseConfig`."""
    variant: float = 0.4
    """The weight of another form of a word, such as `encrypt` when the question says `encryption`."""
    folded_definition: float = 0.8
    """What a definition counts whose name is spelt in other cases than the question's."""
    titled_definition: float = 0.7
    """What a definition counts whose name the question holds as a word with a capital: it may be a name."""
    word_candidates: int = 120
    vector_candidates: int = 60
    path_candidates: int = 10
    symbol_candidates: int = 50
    definition_candidates: int = 60
    """How many of the best so far are looked at for the names that they define."""
    same_file: float = 0.5
    """The factor for every further chunk of one file."""
    test: float = 0.3
    vendored: float = 0.3
    generated: float = 0.3
    example: float = 0.3
    documentation: float = 0.6
    legacy: float = 0.3
    declarations: float = 0.7
    package_index: float = 0.5
