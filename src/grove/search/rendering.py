"""Makes what was found into what is answered: reads the files of a page and picks their lines."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, islice

from grove.indexing import IndexView, Mark, SymbolHit
from grove.search.answer import Excerpt, FileAddress, FileMatch, Highlight, Symbol
from grove.search.corpus import Limits
from grove.search.exact import ExactSearch, Found
from grove.search.excerpts import FileLines, excerpts_of, highlights_of, ranges_by_line, symbol_excerpt
from grove.search.question import Finds, Place
from grove.search.ranking import RankedChunk, Ranking
from grove.search.selection import Field, Selected
from grove.search.snippets import best_lines
from grove.search.tree import signed_leaves
from grove.search.verifying import OpenFile, open_file


class ExactRenderer:
    """Shows the files of an exact answer: every matched line, up to a limit, and each definition that was asked for."""

    def __init__(self, search: ExactSearch, *, view: IndexView, limits: Limits, context: int) -> None:
        self._search = search
        self._view = view
        self._limits = limits
        self._context = min(context, limits.context_lines_max)

    def file(self, found: Found) -> FileMatch:
        """One file, read whole."""
        file = open_file(found.selected, found.path_number)
        ordinals = file.ordinals.tolist()
        file.texts.update(zip(ordinals, self._view.chunk_texts(file.ordinals), strict=True))
        lines = FileLines(file.whole())
        excerpts = (*self._symbols(file, lines), *self._matches(file, lines))
        return FileMatch(
            address=address_of(found.selected, found.path_number),
            language=found.selected.snapshot.languages[found.path_number],
            marks=Mark(int(found.selected.snapshot.marks[found.path_number])),
            excerpts=excerpts,
            score=found.score,
            path_highlights=self._in_path(file),
            match_count=found.match_count,
            is_count_exact=found.is_count_exact,
        )

    def _matches(self, file: OpenFile, lines: FileLines) -> tuple[Excerpt, ...]:
        begins = [0, *accumulate(len(file.texts[ordinal]) for ordinal in file.ordinals.tolist())]
        spans, _ = self._search.verifier.spans(file)
        places = sorted(
            (begins[max(span.chunk, 0)] + span.begin, begins[max(span.chunk, 0)] + span.end) for span in spans
        )
        matched = ranges_by_line(lines, places)
        shown = dict(islice(sorted(matched.items()), self._limits.lines_per_file_max))
        return excerpts_of(lines, shown, context=self._context, characters_max=self._limits.line_characters_max)

    def _symbols(self, file: OpenFile, lines: FileLines) -> list[Excerpt]:
        firsts = file.selected.snapshot.first_lines_of(file.path_number).tolist()
        excerpts: dict[tuple[int, str], Excerpt] = {}
        for lookup in self._search.lookups.symbols.values():
            for first, ordinal in zip(firsts, file.ordinals.tolist(), strict=True):
                for hit in lookup.hits.get(ordinal, ()):
                    symbol = _symbol(hit, first)
                    excerpts[symbol.line, symbol.name] = symbol_excerpt(
                        lines, symbol, context=self._context, characters_max=self._limits.line_characters_max
                    )
        return [excerpts[key] for key in sorted(excerpts)][: self._limits.lines_per_file_max]

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

    def __init__(self, ranking: Ranking, *, view: IndexView, field: Field, limits: Limits) -> None:
        self._ranking = ranking
        self._view = view
        self._by_snapshot = field.by_snapshot()
        self._limits = limits

    def file(self, chunks: Sequence[RankedChunk], *, explain: bool) -> FileMatch:
        """One file, by its chunks, the best first."""
        candidates = self._ranking.candidates
        best = chunks[0]
        file = candidates.files[candidates.file_of[best.row]]
        others = candidates.occurrences[best.row][1:]
        return FileMatch(
            address=address_of(file.selected, file.path_number),
            language=file.selected.snapshot.languages[file.path_number],
            marks=file.marks,
            excerpts=tuple(
                self._excerpt(chunk, explain=explain) for chunk in chunks[: self._limits.chunks_per_file_max]
            ),
            score=best.score,
            match_count=len(chunks),
            is_count_exact=not candidates.is_cut,
            also_in=tuple(
                address_of(self._by_snapshot[place.snapshot], place.path_number)
                for place in others[: self._limits.facets_max]
            ),
        )

    def _excerpt(self, chunk: RankedChunk, *, explain: bool) -> Excerpt:
        candidates = self._ranking.candidates
        ordinal = int(candidates.ordinals[chunk.row])
        first = candidates.occurrences[chunk.row][0].first_line
        lines = FileLines(self._view.chunk_text(ordinal))
        wanted = candidates.defined.get(ordinal, ())
        hits = wanted or self._view.symbols_of(ordinal)
        shown = best_lines(
            lines,
            wording=self._ranking.wording,
            defining={hit.line + 1 for hit in wanted},
            lines_max=self._limits.snippet_lines_max,
            characters_max=self._limits.line_characters_max,
        )
        return Excerpt(
            first_line=first,
            last_line=first + lines.count - 1,
            lines=tuple(replace(line, number=line.number + first - 1) for line in shown),
            symbol=_symbol(hits[0], first) if hits else None,
            score=chunk.score,
            signals=chunk.signals if explain else {},
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


def _symbol(hit: SymbolHit, first_line: int) -> Symbol:
    return Symbol(name=hit.name, kind=hit.kind, container=hit.container, line=first_line + hit.line)
