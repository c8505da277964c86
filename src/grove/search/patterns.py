"""What is looked for in a text: a literal or a regular expression, compiled by RE2 within limits."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, islice
from typing import Any, Final

import numpy as np
import re2
from numpy.typing import NDArray

from grove.indexing import Need
from grove.search.errors import PatternInvalid, PatternTooComplex
from grove.search.literals import need_of_text, shape_of

PATTERN_CHARACTERS_MAX: Final = 2_000
PROGRAM_SIZE_MAX: Final = 3_000
MATCHER_BYTES_MAX: Final = 8 * 1024 * 1024
WORK_MAX: Final = 1_000_000_000
"""Instructions of the program times bytes of the text, beyond which one text is not tried."""
SPANS_MAX: Final = 10_000
"""How many matches of one text are told apart."""

_LIKE_ASCII: Final = ((b"\xaa", "\u212a".encode()), (b"\xc5", "\u017f".encode()))
"""The letters outside ASCII that are letters of ASCII (`k`, `s`) without regard to case, behind their rarest bytes."""
_PLAIN = re.compile(r"[\w /:;,@#%&=<>~!\"'`-]+")
"""A regular expression that means what it says."""
_NOT_LETTERS = re.compile(r"\\(?:[pP]\{\^?\w+\}|[pP]?.|x\{\w+\})|\(\?P?<\w+>|\(\?[imsU-]+[:)]", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Something to look for. Texts are bytes of UTF-8; lines end in a line feed.

    One that cannot match a line feed is tried on runs of whole lines without the last line feed; one that
    `crosses_lines` is tried on whole files.
    """

    source: str
    is_regex: bool
    fold_case: bool
    crosses_lines: bool
    need: Need
    need_folds_case: bool
    matcher: Any
    literal: bytes | None = None
    """The bytes that it finds, in lower case if it ignores case; `None` if it is not as simple as that."""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.source, self.is_regex, self.fold_case)))

    def found_in(self, text: bytes) -> bool:
        """Whether it matches anywhere in the text."""
        if self.literal is None or self._needs_matcher(text):
            return self.matcher.search(text) is not None
        return self.literal in (text.lower() if self.fold_case else text)

    def found_in_each(self, texts: Sequence[bytes]) -> list[bool]:
        """Whether it matches in each of some texts: tried on all of them together if it stays within lines."""
        if self.crosses_lines or len(texts) == 1:
            return [self.found_in(text) for text in texts]
        begins = list(accumulate((len(text) + 1 for text in texts[:-1]), initial=0))[: len(texts)]
        return self.found_in_parts(b"\n".join(texts), begins)

    def found_in_parts(self, text: bytes, begins: Sequence[int]) -> list[bool]:
        """Whether it matches in each part of a text, each of whole lines; where they begin ascends."""
        first = self._finder(text)
        found = [False] * len(begins)
        at = first(0) if found else -1
        while at >= 0:
            number = bisect_right(begins, at) - 1
            found[number] = True
            at = first(begins[number + 1]) if number + 1 < len(begins) else -1
        return found

    def count_in(self, text: bytes) -> int:
        """How often it matches, as `spans` tells it."""
        if self.literal is None or self._needs_matcher(text):
            return sum(1 for _ in self.spans(text))
        return min((text.lower() if self.fold_case else text).count(self.literal), SPANS_MAX)

    def places_in(self, text: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where its matches begin, and where they end, as `spans` tells it but without a limit."""
        if self.literal is None or self._needs_matcher(text):
            places = np.array(list(self._spans(text)), dtype=np.int64).reshape(-1, 2)
            return places[:, 0], places[:, 1]
        begins = np.array(list(_places(text.lower() if self.fold_case else text, self.literal)), dtype=np.int64)
        return begins, begins + len(self.literal)

    def first_in(self, text: bytes, begin: int) -> int | None:
        """Where its first match begins that begins at `begin` or later."""
        match = self.matcher.search(text, begin)
        return None if match is None else int(match.start())

    def spans(self, text: bytes) -> Iterator[tuple[int, int]]:
        """Where it matches, as byte offsets, at most `SPANS_MAX`; an empty match stands for the rest of its line."""
        if self.literal is not None and not self._needs_matcher(text):
            places = _places(text.lower() if self.fold_case else text, self.literal)
            yield from ((begin, begin + len(self.literal)) for begin in islice(places, SPANS_MAX))
        else:
            yield from islice(self._spans(text), SPANS_MAX)

    def _spans(self, text: bytes) -> Iterator[tuple[int, int]]:
        at, last = 0, -1
        while True:
            match = self.matcher.search(text, at)
            if match is None:
                return
            begin, end = match.span()
            if begin < end or last < 0 or text.find(b"\n", last, begin) >= 0:
                yield begin, end
            at = last = end
            if begin == end:
                at = text.find(b"\n", begin) + 1
                if not at:
                    return

    def _finder(self, text: bytes) -> Callable[[int], int]:
        """Tells where in a text the first match begins that begins at a place or later, -1 if there is none."""
        if self.literal is None or self._needs_matcher(text):
            matcher = self.matcher

            def first(begin: int) -> int:
                match = matcher.search(text, begin)
                return -1 if match is None else int(match.start())

            return first
        return partial((text.lower() if self.fold_case else text).find, self.literal)

    def _needs_matcher(self, text: bytes) -> bool:
        """Whether letters outside ASCII may stand for letters of the literal."""
        if not self.fold_case or text.isascii():
            return False
        return any(byte in text and letter in text for byte, letter in _LIKE_ASCII)

    def is_too_costly_for(self, text: bytes) -> bool:
        """Whether trying it on the text might take seconds."""
        return int(self.matcher.programsize) * len(text) > WORK_MAX

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        flag = "i" if self.fold_case else ""
        return f"/{self.source}/{flag}" if self.is_regex else f'"{self.source}"{flag}'


def literal_pattern(text: str, *, fold_case: bool) -> Pattern:
    """The pattern that finds exactly this text.

    :raises PatternTooComplex: if it is longer than `PATTERN_CHARACTERS_MAX`.
    """
    if len(text) > PATTERN_CHARACTERS_MAX:
        raise PatternTooComplex(characters=len(text), characters_max=PATTERN_CHARACTERS_MAX)
    return Pattern(
        source=text,
        is_regex=False,
        fold_case=fold_case,
        crosses_lines="\n" in text,
        need=need_of_text(text, fold_case=fold_case),
        need_folds_case=fold_case,
        matcher=_compile(re2.escape(text), fold_case=fold_case, multiline=True),
        literal=_plain(text, fold_case=fold_case),
    )


def regex_pattern(source: str, *, fold_case: bool, position: int = 0) -> Pattern:
    r"""The pattern that finds what a regular expression in RE2's syntax matches; `^` and `$` mean lines.

    :raises PatternInvalid: if it is not in RE2's syntax; `position` is where the query's text holds it.
    :raises PatternTooComplex: if it is too long, or compiles to too large a program.
    """
    if len(source) > PATTERN_CHARACTERS_MAX:
        raise PatternTooComplex(characters=len(source), characters_max=PATTERN_CHARACTERS_MAX, position=position)
    try:
        # Compiled as it was written first, so that errors name places in what the user wrote.
        _compile(source, fold_case=fold_case, multiline=False)
        matcher = _compile(source, fold_case=fold_case, multiline=True)
    except re2.error as error:
        raise _refusal(source, error, position) from None
    if matcher.programsize > PROGRAM_SIZE_MAX:
        raise PatternTooComplex(size=matcher.programsize, size_max=PROGRAM_SIZE_MAX, position=position)
    shape = shape_of(source, fold_case=fold_case)
    is_plain = _PLAIN.fullmatch(source) is not None
    return Pattern(
        source=source,
        is_regex=True,
        fold_case=fold_case,
        crosses_lines=shape.crosses_lines,
        need=shape.need,
        need_folds_case=shape.ignores_case,
        matcher=matcher,
        literal=_plain(source, fold_case=fold_case) if is_plain else None,
    )


def has_upper_case(text: str, *, is_regex: bool) -> bool:
    """Whether a user who wrote this means the case of letters."""
    return any(letter.isupper() for letter in (_NOT_LETTERS.sub("", text) if is_regex else text))


def _places(text: bytes, literal: bytes) -> Iterator[int]:
    at = text.find(literal)
    while at >= 0:
        yield at
        at = text.find(literal, at + len(literal))


def _plain(text: str, *, fold_case: bool) -> bytes | None:
    if not text or (fold_case and not text.isascii()):
        return None
    return (text.lower() if fold_case else text).encode()


def _compile(source: str, *, fold_case: bool, multiline: bool) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MATCHER_BYTES_MAX
    options.case_sensitive = not fold_case
    return re2.compile((f"(?m){source}" if multiline else source).encode(), options)


def _refusal(source: str, error: Exception, position: int) -> PatternInvalid | PatternTooComplex:
    message = error.args[0].decode(errors="replace") if error.args else ""
    reason, _, fragment = message.partition(": ")
    if "too large" in reason or "repetition size" in reason:
        return PatternTooComplex(pattern=source, reason=reason, position=position)
    is_missing_end = reason.startswith(("missing", "trailing"))
    place = len(source) if is_missing_end or not fragment else max(source.find(fragment), 0)
    return PatternInvalid(pattern=source, reason=reason, position=position + place)
