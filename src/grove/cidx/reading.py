"""Reading a CIDX data folder: its JSON files are believed only as far as the folders bear them out.

The recorded paths are often stale, and whoever wrote them may have been hostile: a folder counts only when it lies,
with all links followed, inside of the data folder. Nothing is written, and nothing in a repository is run or read.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from grove.cidx.errors import CidxFolderUnknown
from grove.cidx.model import CidxEntry, EntryKind

GOLDEN: Final = "golden-repos"
ACTIVATED: Final = "activated-repos"
VERSIONED: Final = ".versioned"
JSON_BYTES_MAX: Final = 64 * 1024 * 1024
_METADATA: Final = "_metadata.json"
_GLOBAL: Final = "-global"
_VERSION: Final = re.compile(r"v_([0-9]{1,20})")
_NAME: Final = re.compile(r"[^\x00-\x1f/\\]{1,200}")


def read_cidx(folder: Path) -> list[CidxEntry]:
    """Every repository and working copy that a data folder names, or holds without naming it; by kind and name.

    :raises CidxFolderUnknown: if it is no CIDX data folder.
    """
    root = next((place for place in (folder, folder / "data") if (place / GOLDEN).is_dir()), None)
    if root is None:
        raise CidxFolderUnknown(folder=str(folder))
    root = root.resolve()
    repositories = {entry.name: entry for entry in _global(root)} | {entry.name: entry for entry in _golden(root)}
    unnamed = [entry for entry in _unnamed(root) if entry.name not in repositories]
    found = [*repositories.values(), *unnamed, *_activated(root)]
    return sorted(found, key=lambda entry: (entry.kind, entry.name, entry.owner))


def _golden(root: Path) -> Iterator[CidxEntry]:
    for name, told in _document(root / GOLDEN / "metadata.json"):
        yield _repository(root, name, told, path_key="clone_path")


def _global(root: Path) -> Iterator[CidxEntry]:
    for name, told in _document(root / GOLDEN / "global_registry.json"):
        plain = told.get("repo_name") if isinstance(told, Mapping) else None
        yield _repository(root, str(plain or name).removesuffix(_GLOBAL), told, path_key="index_path")


def _repository(root: Path, name: str, told: Any, *, path_key: str) -> CidxEntry:
    if not isinstance(told, Mapping):
        return CidxEntry(kind=EntryKind.REPOSITORY, name=name, path=None, problem="its entry is no object")
    url = told.get("repo_url") if isinstance(told.get("repo_url"), str) else ""
    if problem := _wrong_name(name):
        return CidxEntry(kind=EntryKind.REPOSITORY, name=name, path=None, url=str(url), problem=problem)
    path, resolved, problem = _resolve(root, name, told.get(path_key))
    return CidxEntry(kind=EntryKind.REPOSITORY, name=name, path=path, url=str(url), resolved=resolved, problem=problem)


def _resolve(root: Path, name: str, recorded: object) -> tuple[Path | None, str, str]:
    """The folder of a repository: as recorded, else by its name, else its newest version; and why there is none."""
    golden = root / GOLDEN
    tried = [("recorded", Path(recorded))] if isinstance(recorded, str) and recorded and "\0" not in recorded else []
    tried += [("flat", golden / name), *(("versioned", path) for path in _versions(golden / VERSIONED / name))]
    escaped = False
    for resolved, path in tried:
        if path.is_absolute() and path.is_dir():
            if not _is_inside(path, golden):
                escaped = True
            elif _is_repository(path):
                return path.resolve(), resolved, ""
    problem = "its folder is outside of the data folder" if escaped else "its folder is not there, or no repository"
    return None, "", problem


def _versions(folder: Path) -> list[Path]:
    """The versions of a repository, the newest first; what is not named like one is none."""
    if not folder.is_dir():
        return []
    numbered = [(int(found[1]), path) for path in folder.iterdir() if (found := _VERSION.fullmatch(path.name))]
    return [path for _, path in sorted(numbered, reverse=True)]


def _unnamed(root: Path) -> Iterator[CidxEntry]:
    """Repositories that no file names: a newer CIDX has these in its database."""
    golden = root / GOLDEN
    versioned = golden / VERSIONED
    names = [path.name for path in golden.iterdir() if path.is_dir() and not path.name.startswith(".")]
    names += [path.name for path in versioned.iterdir() if path.is_dir()] if versioned.is_dir() else []
    for name in dict.fromkeys(names):
        path, resolved, problem = _resolve(root, name, None)
        if path is not None or not _wrong_name(name):
            yield CidxEntry(kind=EntryKind.REPOSITORY, name=name, path=path, resolved=resolved, problem=problem)


def _activated(root: Path) -> Iterator[CidxEntry]:
    for file in sorted((root / ACTIVATED).glob(f"*/*{_METADATA}")):
        owner, name = file.parent.name, file.name.removesuffix(_METADATA)
        told = _read(file)
        if not isinstance(told, Mapping) or not isinstance(told.get("golden_repo_alias"), str):
            problem = "its file is damaged, or names no repository"
            yield CidxEntry(kind=EntryKind.WORKSPACE, name=name, owner=owner, path=None, problem=problem)
            continue
        path = file.parent / name
        is_here = path.is_dir() and _is_inside(path, root / ACTIVATED) and _is_repository(path)
        yield CidxEntry(
            kind=EntryKind.WORKSPACE,
            name=name,
            owner=owner,
            path=path.resolve() if is_here else None,
            repository=told["golden_repo_alias"],
            branch=told["current_branch"] if isinstance(told.get("current_branch"), str) else "",
            problem="" if is_here else "its folder is not there, or no repository, or outside of the data folder",
        )


def _document(file: Path) -> list[tuple[str, Any]]:
    """The entries of a file; a damaged one is an entry of its own, which says so."""
    if not file.exists():
        return []
    told = _read(file)
    return list(told.items()) if isinstance(told, dict) else [(file.name, None)]


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes()) if file.stat().st_size <= JSON_BYTES_MAX else None
    except (OSError, ValueError, RecursionError):
        return None


def _wrong_name(name: str) -> str:
    is_name = _NAME.fullmatch(name) and ".." not in name and not name.startswith(".") and name.isprintable()
    return "" if is_name else "its name cannot be that of a folder"


def _is_inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def _is_repository(path: Path) -> bool:
    return (path / ".git").is_dir() or ((path / "HEAD").is_file() and (path / "objects").is_dir())
