"""Makes what was found into what is answered: reads the files of a page and picks their lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Final

import numpy as np

from grove.indexing import IndexView, Ordinals, SymbolHit
from grove.languages import Mark
from grove.search.answer import Excerpt, FileAddress, FileMatch, Highlight, Symbol
from grove.search.corpus import Limits
from grove.search.exact import ExactSearch, Found
from grove.search.excerpts import FileLines, add_ranges, excerpts_of, highlights_of, symbol_excerpt
from grove.search.question import Finds, Place
from grove.search.ranking import RankedFile, Ranking
from grove.search.selection import Selected
from grove.search.snippets import best_lines, highlighted
from grove.search.tree import signed_leaves

PLACES_NAMED_MAX: Final = 20
_CHUNKS_READ_TOGETHER: Final = 64


@dataclass(slots=True, kw_only=True)
class OpenFile:
    """A file that is being shown: its chunks, and their texts as far as they were read."""

    selected: Selected
    path_number: int
    ordinals: Ordinals
    texts: dict[int, bytes] = field(default_factory=dict)


class ExactRenderer:
    """Shows the files of an exact answer: every matched line, up to a limit, and each definition that was asked for."""

    def __init__(self, search: ExactSearch, *, view: IndexView, limits: Limits, context: int) -> None:
        self._search = search
        self._view = view
        self._limits = limits
        self._context = min(context, limits.context_lines_max)

    def file(self, found: Found) -> FileMatch:
        """One file, read as far as its lines are shown."""
        ordinals = found.selected.snapshot.chunks_of(found.path_number)
        file = OpenFile(selected=found.selected, path_number=found.path_number, ordinals=ordinals)
        lines = FileLines(_firsts(file), partial(self._chunk, file))
        return FileMatch(
            address=address_of(found.selected, found.path_number),
            language=found.selected.snapshot.languages[found.path_number],
            marks=Mark(int(found.selected.snapshot.marks[found.path_number])),
            excerpts=(*self._symbols(file, lines), *self._matches(file, lines)),
            score=found.score,
            path_highlights=self._in_path(file),
            match_count=found.match_count,
            is_count_exact=found.is_count_exact,
        )

    def _matches(self, file: OpenFile, lines: FileLines) -> tuple[Excerpt, ...]:
        matched: dict[int, list[tuple[int, int]]] = {}
        parts = self._search.verifier.wanted
        within = [part for part in parts if not part.pattern.crosses_lines]
        lines_max = self._limits.lines_per_file_max
        for text, first, some in chain(self._whole(file, parts), self._chunks(file, within)):
            for part in some:
                add_ranges(matched, text, part.pattern.spans(text), first=first, lines_max=lines_max)
            if len(matched) >= lines_max:
                break
        return excerpts_of(lines, matched, context=self._context, characters_max=self._limits.line_characters_max)

    def _whole(self, file: OpenFile, parts: Sequence[Finds]) -> Iterator[tuple[bytes, int, list[Finds]]]:
        """The file's text, if something is looked for in it that may cross lines."""
        across = [part for part in parts if part.pattern.crosses_lines]
        if across and len(file.ordinals):
            text = b"".join(self._view.chunk_texts(file.ordinals))
            yield text, 1, [part for part in across if not part.pattern.is_too_costly_for(text)]

    def _chunks(self, file: OpenFile, parts: Sequence[Finds]) -> Iterator[tuple[bytes, int, list[Finds]]]:
        """The chunks that may hold something, their first lines, and what they may hold."""
        masks = {part: self._search.lookups.texts[part].may_be_in(file.ordinals) for part in parts}
        any_of = np.any(list(masks.values()), axis=0) if masks else np.zeros(0, dtype=np.bool_)
        firsts = _firsts(file)
        for at, chunk in enumerate(chosen := np.flatnonzero(any_of).tolist()):
            if at % _CHUNKS_READ_TOGETHER == 0:
                together = file.ordinals[chosen[at : at + _CHUNKS_READ_TOGETHER]]
                file.texts.update(zip(together.tolist(), self._view.chunk_texts(together), strict=True))
            text = self._chunk(file, chunk).removesuffix(b"\n")
            yield text, firsts[chunk], [part for part, mask in masks.items() if mask[chunk]]

    def _chunk(self, file: OpenFile, chunk: int) -> bytes:
        ordinal = int(file.ordinals[chunk])
        text = file.texts.get(ordinal)
        return self._view.chunk_text(ordinal) if text is None else text

    def _symbols(self, file: OpenFile, lines: FileLines) -> list[Excerpt]:
        found: dict[tuple[int, str], Symbol] = {}
        for lookup in self._search.lookups.symbols.values():
            for first, ordinal in zip(_firsts(file), file.ordinals.tolist(), strict=True):
                for hit in lookup.hits.get(ordinal, ()):
                    symbol = _symbol(hit, first)
                    found[symbol.line, symbol.name] = symbol
        return [
            symbol_excerpt(lines, found[key], context=self._context, characters_max=self._limits.line_characters_max)
            for key in sorted(found)  # they are bounded together, by `symbols_max`, which the truth names
        ]

    def _in_path(self, file: OpenFile) -> tuple[Highlight, ...]:
        raw = file.selected.snapshot.paths[file.path_number].encode("utf-8", "replace")
        ranges = [
            span
            for part, negated in signed_leaves(self._search.condition)
            if isinstance(part, Finds) and not negated and part.place is not Place.CONTENT
            for span in part.pattern.spans(raw)
        ]
        return highlights_of(raw, ranges, characters_max=self._limits.line_characters_max)


class RankedRenderer:
    """Shows the files of a ranked answer: the best lines of their best chunks."""

    def __init__(self, ranking: Ranking, *, view: IndexView, limits: Limits) -> None:
        self._ranking = ranking
        self._view = view
        self._limits = limits

    def file(self, ranked: RankedFile, *, explain: bool) -> FileMatch:
        """One file, by its best chunks."""
        file = ranked.file
        rows = self._ranking.rows_of(ranked)[: self._limits.chunks_per_file_max]
        return FileMatch(
            address=address_of(file.selected, file.path_number),
            language=file.selected.snapshot.languages[file.path_number],
            marks=file.marks,
            excerpts=tuple(self._excerpt(row, ranked, explain=explain) for row in rows),
            score=ranked.score,
            match_count=ranked.match_count,
            is_count_exact=not self._ranking.candidates.is_cut,
            also_in=tuple(address_of(selected, number) for selected, number in file.copies[:PLACES_NAMED_MAX]),
        )

    def _excerpt(self, row: int, ranked: RankedFile, *, explain: bool) -> Excerpt:
        candidates = self._ranking.candidates
        ordinal = int(candidates.ordinals[row])
        first = int(candidates.first_lines[row])
        lines = FileLines([first], lambda _: self._view.chunk_text(ordinal))
        numbers = range(first, lines.count + 1)
        wanted = candidates.defined.get(ordinal, ())
        hits = wanted or self._view.symbols_of(ordinal, limit=1)
        shown = best_lines(
            [lines.bytes_of(number) for number in numbers],
            wording=self._ranking.wording,
            defining={hit.line + first for hit in wanted},
            first_line=first,
            lines_max=self._limits.snippet_lines_max,
        )
        cut = self._limits.line_characters_max
        wording = self._ranking.wording
        return Excerpt(
            first_line=first,
            last_line=numbers[-1],
            lines=tuple(highlighted(lines.bytes_of(number), number, wording, characters_max=cut) for number in shown),
            symbol=_symbol(hits[0], first) if hits else None,
            score=ranked.score,
            signals=self._ranking.explain(ranked) if explain else {},
        )


def address_of(selected: Selected, path_number: int) -> FileAddress:
    """Where a file is."""
    return FileAddress(
        repository_id=selected.target.repository_id,
        repository=selected.target.name,
        revision=selected.target.revision,
        commit=selected.target.commit,
        path=selected.snapshot.paths[path_number],
    )


def _firsts(file: OpenFile) -> list[int]:
    firsts: list[int] = file.selected.snapshot.first_lines_of(file.path_number).tolist()
    return firsts


def _symbol(hit: SymbolHit, first_line: int) -> Symbol:
    return Symbol(name=hit.name, kind=hit.kind, container=hit.container, line=first_line + hit.line)
