"""Turns training repositories into numbers of words: chunks for co-occurrence, pairs for contrast."""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grove.indexing.words import split_words
from training import history, pairs

CHUNK_LINES = 25
Row = NDArray[np.int32]


@dataclass
class Repository:
    """What is learnt from one repository, as numbers of words."""

    name: str
    revision: str
    chunks: list[Row] = field(default_factory=list)
    chunk_paths: list[Row] = field(default_factory=list)
    prose: list[Row] = field(default_factory=list)
    code: list[Row] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    paths: list[Row] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


class Numbering:
    """Gives every distinct word a number, in the order met."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.repositories_with: Counter[int] = Counter()

    def row(self, text: str) -> Row:
        """The numbers of a text's words, in their order."""
        numbers = self.numbers
        return np.array(
            array("i", [numbers.setdefault(word, len(numbers)) for word in split_words(text)]), dtype=np.int32
        )


def read_repository(folder: Path, numbering: Numbering, *, bytes_max: int, commits_max: int) -> Repository:
    """Read one repository: its files in windows of lines, its comments, its newest commits."""
    git_dir = history.git_dir_of(folder)
    repository = Repository(name=folder.name.replace("+", "/"), revision=history.newest_commit(git_dir))
    for source in history.source_files(git_dir, bytes_max=bytes_max):
        lines = source.text.split("\n")
        path = numbering.row(source.path)
        for first in range(0, len(lines), CHUNK_LINES):
            repository.chunks.append(numbering.row("\n".join(lines[first : first + CHUNK_LINES])))
            repository.chunk_paths.append(path)
        if not source.is_test:
            for pair in pairs.comment_pairs(source):
                _keep(repository, numbering, pair)
    for change in history.changes(git_dir, commits_max=commits_max):
        for pair in pairs.change_pairs(change):
            _keep(repository, numbering, pair)
    seen = np.unique(np.concatenate(repository.chunks)) if repository.chunks else np.zeros(0, np.int32)
    numbering.repositories_with.update(seen.tolist())
    return repository


def _keep(repository: Repository, numbering: Numbering, pair: pairs.Pair) -> None:
    repository.prose.append(numbering.row(pair.prose))
    repository.code.append(numbering.row(pair.code))
    repository.paths.append(numbering.row(pair.path))
    repository.kinds.append(pair.kind)
    repository.files.append(pair.path)
