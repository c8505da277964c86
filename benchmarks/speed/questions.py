"""What is asked: drawn from the first repositories of a run, so that every question has an answer at every size."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.speed.corpus import Revision
from grove.search import Mode

EXACT, FOLDED, REGEX, NO_LITERALS = "exact", "any case", "regex", "regex, no literals"
SYMBOL, RANKED, ANY_COMMIT = "symbol", "ranked", "any commit"
KINDS = (EXACT, FOLDED, REGEX, NO_LITERALS, SYMBOL, RANKED, ANY_COMMIT)
ASKED = 12
"""How many questions of each kind."""
_DRAWN_FROM = 10
_FILES = 40
_NAME = re.compile(rb"\b[A-Za-z_][A-Za-z0-9_]{5,30}\b")
_DEFINED = re.compile(rb"\b(?:def|func|fn|function|class|struct|interface|trait|module)\s+([A-Za-z_]\w{4,30})")
_SENTENCE = re.compile(rb"(?://|#|\*|--)\s+([A-Z][a-z]+(?: [a-z]+){4,9})")
_SCANS = (
    r"\b[0-9]{3}-[0-9]{4}\b",
    r"\b[A-Z]{2}[0-9]{5}\b",
    r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b",
    r"[A-Z][a-z]+[0-9]{4,}",
)


@dataclass(frozen=True)
class Asked:
    """A question as each tool is asked it: `pattern` is what is looked for, as a regular expression or as it stands."""

    kind: str
    pattern: str

    @property
    def is_regex(self) -> bool:
        """Whether the pattern is a regular expression."""
        return self.kind in {REGEX, NO_LITERALS}

    @property
    def folds_case(self) -> bool:
        """Whether the case of letters does not matter."""
        return self.kind == FOLDED

    @property
    def text(self) -> str:
        """As Grove is asked."""
        if self.kind in {SYMBOL, RANKED}:
            return self.pattern
        return self.pattern if self.folds_case else f"case:yes {self.pattern}"

    @property
    def mode(self) -> Mode:
        """How Grove reads the text."""
        return {SYMBOL: Mode.SYMBOL, RANKED: Mode.SEMANTIC}.get(self.kind, Mode.REGEX if self.is_regex else Mode.TEXT)


def questions_of(revisions: Sequence[Revision], *, seed: int) -> list[Asked]:
    """The questions of a run: always the same for the same repositories and seed."""
    draw = random.Random(seed)
    names: dict[str, None] = {}
    defined: dict[str, None] = {}
    sentences: dict[str, None] = {}
    for revision in revisions[:_DRAWN_FROM]:
        small = [entry for entry in revision.entries if 500 < entry.size_bytes < 50_000]
        for _, content in revision.contents(draw.sample(small, min(_FILES, len(small)))):
            names.update(dict.fromkeys(name.decode() for name in _NAME.findall(content)))
            defined.update(dict.fromkeys(name.decode() for name in _DEFINED.findall(content)))
            sentences.update(dict.fromkeys(found.decode() for found in _SENTENCE.findall(content)))
    exact = draw.sample(sorted(names), ASKED * 4)
    return [
        *(Asked(EXACT, name) for name in exact[:ASKED]),
        *(Asked(FOLDED, name.lower()) for name in exact[ASKED : ASKED * 2]),
        *(Asked(REGEX, rf"{name[:5]}\w*\(") for name in exact[ASKED * 2 : ASKED * 3]),
        *(Asked(NO_LITERALS, pattern) for pattern in _SCANS),
        *(Asked(SYMBOL, name) for name in draw.sample(sorted(defined), min(ASKED, len(defined)))),
        *(Asked(RANKED, sentence) for sentence in draw.sample(sorted(sentences), min(ASKED, len(sentences)))),
        *(Asked(ANY_COMMIT, name) for name in exact[ASKED * 3 :]),
    ]
