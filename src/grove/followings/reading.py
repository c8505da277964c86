"""Reading a set of policies from a folder of a commit: `*.cedar` documents, and `*.json` cases."""

import json
from typing import Any, Final

from grove.followings.errors import PolicyFilesUnreadable
from grove.git import EntryKind, ObjectReader, PathMissing, kind_of, parse_tree
from grove.policies import PoliciesTooLarge, PolicyDraft

FILES_MAX: Final = 200
FILE_BYTES_MAX: Final = 400_000


def draft_at(objects: ObjectReader, commit: str, folder: str) -> PolicyDraft:
    """The policies in a folder of a commit, and their cases; what lies in folders below is none of them.

    :raises PathMissing: if there is no such folder.
    :raises PolicyFilesUnreadable: if there is no document, or a file is not what its name says.
    :raises PoliciesTooLarge: if there are too many files.
    """
    entry = objects.entry_at(commit, folder.encode())
    if entry.kind is not EntryKind.FOLDER:
        raise PathMissing(path=folder)
    files = [
        (_name(name), oid)
        for mode, name, oid in parse_tree(objects.read(entry.oid), oid_bytes=len(entry.oid) // 2)
        if kind_of(mode) is EntryKind.FILE and name.endswith((b".cedar", b".json"))
    ]
    if len(files) > FILES_MAX:
        raise PoliciesTooLarge(files_max=FILES_MAX)
    documents: dict[str, str] = {}
    cases: list[Any] = []
    for name, oid in sorted(files):
        text = _text(name, objects.read(oid, FILE_BYTES_MAX))
        if name.endswith(".cedar"):
            documents[name] = text
        else:
            cases += _cases(name, text)
    if not documents:
        raise PolicyFilesUnreadable(folder=folder or "/", reason="no *.cedar file is there")
    return PolicyDraft(documents=documents, cases=cases)


def _name(name: bytes) -> str:
    """The name of a file; two that were shown alike would take each other's place."""
    shown = name.decode(errors="backslashreplace")
    if shown.encode() != name or not shown.isprintable():
        raise PolicyFilesUnreadable(file=ascii(shown)[1:-1], reason="its name is no line of text")
    return shown


def _text(name: str, content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise PolicyFilesUnreadable(file=name, reason="it is not UTF-8") from error
    if "\0" in text:
        raise PolicyFilesUnreadable(file=name, reason="it has a character without a form")
    return text


def _cases(name: str, text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyFilesUnreadable(file=name, reason="it is not JSON") from error
    cases = found if isinstance(found, list) else [found]
    if not all(isinstance(case, dict) for case in cases):
        raise PolicyFilesUnreadable(file=name, reason="cases are objects")
    return cases
