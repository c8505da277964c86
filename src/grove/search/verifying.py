"""Decides for certain whether conditions hold in a file, on its bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from grove.indexing import IndexView, Ordinals
from grove.search.lookups import Lookups, TextLookup
from grove.search.masks import Mask
from grove.search.progress import Progress
from grove.search.question import Condition, Finds, Part
from grove.search.selection import Selected
from grove.search.tree import All, AnyOf, Is, Negated, signed_leaves

_NONE: Final = np.empty(0, dtype=np.uint32)


@dataclass(slots=True, kw_only=True)
class OpenFile:
    """A file that is being decided: its chunks, and their texts as far as they were read."""

    selected: Selected
    path_number: int
    ordinals: Ordinals
    texts: dict[int, bytes] = field(default_factory=dict)
    tried: dict[Finds, bytes | None] = field(default_factory=dict)
    """What of its content is tried for each text, as far as that was put together."""
    content: bytes = field(init=False)
    """What tells its content from that of other files."""

    def __post_init__(self) -> None:
        self.content = self.ordinals.tobytes()

    def text_of(self, chosen: Mask) -> bytes:
        """The text of some of its chunks, which must have been read."""
        return b"".join([self.texts[ordinal] for ordinal in self.ordinals[chosen].tolist()])


def open_file(selected: Selected, path_number: int) -> OpenFile:
    """A file of which nothing was read yet."""
    return OpenFile(selected=selected, path_number=path_number, ordinals=selected.snapshot.chunks_of(path_number))


class Verifier:
    """Reads files and decides the conditions of one question in them."""

    def __init__(self, condition: Condition, *, view: IndexView, lookups: Lookups, progress: Progress) -> None:
        self._condition = condition
        self._view = view
        self._lookups = lookups
        self._progress = progress
        self._found: dict[tuple[Finds, bytes], bool] = {}

    @cached_property
    def wanted(self) -> tuple[Finds, ...]:
        """The texts that are looked for in content, each once."""
        signed = signed_leaves(self._condition)
        found = {part: None for part, negated in signed if not negated and isinstance(part, Finds)}
        return tuple(part for part in found if part in self._lookups.texts)

    def held(self, files: Sequence[OpenFile]) -> Iterator[OpenFile]:
        """Those files in which the conditions hold, read as far as they matter."""
        self._read(files)
        for part in self._lookups.texts:
            self._try(part, files)
        for file in files:
            if self._holds(self._condition, file):
                yield file

    def count(self, part: Finds, file: OpenFile) -> int:
        """How often a wanted text is in the content of a file that was read, up to `SPANS_MAX`."""
        text = self._text_for(part, file)
        return part.pattern.count_in(text) if text is not None else 0

    def is_word(self, part: Finds, file: OpenFile) -> bool:
        """Whether a wanted text is in the content of a file that was read as a word of its own."""
        text = self._text_for(part, file)
        return text is not None and part.pattern.is_word_in(text)

    def _try(self, part: Finds, files: Sequence[OpenFile]) -> None:
        """Find out in which of the files a text is; the same content is tried once."""
        texts: dict[bytes, bytes] = {}
        for file in files:
            if (part, file.content) not in self._found:
                text = self._text_for(part, file)
                if text is None:
                    self._found[part, file.content] = False
                else:
                    texts[file.content] = text
        found = part.pattern.found_in_each(list(texts.values()))
        self._found.update(((part, content), holds) for content, holds in zip(texts, found, strict=True))

    def _read(self, files: Sequence[OpenFile]) -> None:
        """Read what the conditions need of all these files together."""
        needed = [self._needed_of(file) for file in files]
        ordinals = np.unique(np.concatenate([_NONE, *needed]))
        texts = dict(zip(ordinals.tolist(), self._view.chunk_texts(ordinals), strict=True))
        for file, mine in zip(files, needed, strict=True):
            file.texts = {ordinal: texts[ordinal] for ordinal in mine.tolist()}

    def _needed_of(self, file: OpenFile) -> Ordinals:
        mask = np.zeros(len(file.ordinals), dtype=np.bool_)
        for part, lookup in self._lookups.texts.items():
            if self._lookups.bounds(part, file.selected).maybe[file.path_number]:
                mask |= lookup.may_be_in(file.ordinals)
        return file.ordinals[mask]

    def _text_for(self, part: Finds, file: OpenFile) -> bytes | None:
        """What of a file's content has to be tried for a text: the chunks that may hold it, or all if it crosses lines.

        `None` if there is nothing to try, or too much.
        """
        if part not in file.tried:
            file.tried[part] = self._put_together(part, file)
        return file.tried[part]

    def _put_together(self, part: Finds, file: OpenFile) -> bytes | None:
        lookup = self._lookups.texts[part]
        if not self._lookups.bounds(part, file.selected).maybe[file.path_number] or not len(file.ordinals):
            return None
        text = file.text_of(lookup.may_be_in(file.ordinals))
        if lookup.pattern.crosses_lines:
            return text if self._is_affordable(lookup, text) else None
        return text.removesuffix(b"\n") if text else None

    def _holds(self, tree: Condition, file: OpenFile) -> bool:
        match tree:
            case Is(part):
                return self._part_holds(part, file)
            case Negated(part):
                return not self._holds(part, file)
            case AnyOf(parts):
                return any(self._holds(part, file) for part in parts)
            case All(parts):
                return all(self._holds(part, file) for part in parts)
        raise TypeError(type(tree))

    def _part_holds(self, part: Part, file: OpenFile) -> bool:
        bounds = self._lookups.bounds(part, file.selected)
        if bounds.surely[file.path_number] or not bounds.maybe[file.path_number] or not isinstance(part, Finds):
            return bool(bounds.surely[file.path_number])
        return self._found[part, file.content]

    def _is_affordable(self, lookup: TextLookup, text: bytes) -> bool:
        if lookup.pattern.is_too_costly_for(text):
            self._progress.hit("pattern_work_max")
            return False
        return True
