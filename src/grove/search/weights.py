"""The weights of ranked search, in one place.

A file's score is the sum of its signals, each times its weight; a file's chance to be the one looked for goes with the
exponential of that sum. Signals lie between 0 and 1 unless they say otherwise. Set a weight to 0 to take a signal out.
The weights were fitted to questions with known answers (`training/README.md` says to which, and how well they hold on
repositories that they never saw).
"""

from dataclasses import dataclass, field

from grove.indexing import FieldWeights


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalWeights:
    """How much each signal gives to the score of a file, for one sort of question."""

    words_best: float
    """How well its best chunk matches the question's words (BM25F), relative to the best file."""
    words_top: float
    """The same of its three best chunks together."""
    words_all: float
    """The same of all its chunks together."""
    words_defined: float
    """The same, counting only words in the names that it defines."""
    coverage: float
    """The share of the question's words that stand in it, by how much they tell."""
    meaning: float
    """How near its vectors are to the question's, relative to the nearest file."""
    title: float
    """The share of the words in its name that the question has."""
    path: float
    """The share of the question's words in its path, by how much they tell."""
    folder: float
    """The same in its last folder."""
    beginnings: float
    """The same of words that begin like a word in its name, or the other way round."""
    definition: float
    """It defines a symbol that the question names."""
    definition_words: float
    """How much the question's words and those of a name that it defines are the same."""
    namesake: float
    """It is named like a symbol that the question names."""
    length: float
    """The logarithm of its number of lines, over 8."""
    depth: float
    """How many folders deeper it lies than the shallowest candidate."""
    test: float
    example: float
    documentation: float
    vendored: float
    generated: float
    data: float
    """It holds prose or data, not code."""
    legacy: float
    """Its path says that it is kept for compatibility."""
    declarations: float
    """It declares what another file defines."""
    package_index: float
    """It stands for its folder."""
    platform: float
    """It is for one of the less usual platforms, and the question does not name one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingWeights:
    """All that ranked search can be tuned by."""

    named: SignalWeights = SignalWeights(
        words_best=0.38,
        words_top=0.31,
        words_all=0.82,
        words_defined=0.34,
        coverage=0.23,
        meaning=0.02,
        title=1.7,
        path=0.79,
        folder=0.42,
        beginnings=0.39,
        definition=3.18,
        definition_words=1.56,
        namesake=1.55,
        length=0.37,
        depth=-0.04,
        test=-2.1,
        example=-1.68,
        documentation=-1.53,
        vendored=-1,
        generated=-1.54,
        data=-1.03,
        legacy=-1.17,
        declarations=-0.23,
        package_index=0.2,
        platform=0.05,
    )
    """For a question that is the name of something in code."""
    described: SignalWeights = SignalWeights(
        words_best=0.69,
        words_top=1.34,
        words_all=1.14,
        words_defined=0.07,
        coverage=1.29,
        meaning=1.63,
        title=1.9,
        path=1.89,
        folder=3.33,
        beginnings=4.72,
        definition=1.41,
        definition_words=1.68,
        namesake=2.06,
        length=0.87,
        depth=-0.34,
        test=-2.84,
        example=-2.65,
        documentation=-2.19,
        vendored=-4.09,
        generated=-2.43,
        data=-1.82,
        legacy=-1.6,
        declarations=-2.44,
        package_index=-0.07,
        platform=-2.88,
    )
    """For a question in words."""
    fields: FieldWeights = field(default_factory=FieldWeights)
    part_of_identifier: float = 0.5
    """The weight of `parse` when the question says `parseConfig`."""
    variant: float = 0.4
    """The weight of another form of a word, such as `encrypt` when the question says `encryption`."""
    repository_word: float = 0.25
    """The weight of a word that stands in the repository's own name."""
    folded_definition: float = 0.5
    """What a definition counts whose name is spelt in other cases than the question's."""
    titled_definition: float = 0.7
    """What a definition counts whose name the question holds as a word with a capital: it may be a name."""
    word_candidates: int = 200
    vector_candidates: int = 60
    compared_chunks: int = 5_000
    """In a scope of at most so many chunks every vector is compared."""
    path_candidates: int = 20
    symbol_candidates: int = 50
    file_candidates: int = 120
    """How many files are looked at closely."""
    near_enough: float = 0.4
    """A file without any word of the question answers it if a chunk's vector is at least so near (the cosine)."""
    definition_candidates: int = 40
    """In how many chunks the defined names are looked at, those first in which they match best."""
