"""Taking an index, listing those that there are, and removing one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
from sqlalchemy import delete, func, select

from grove import activity
from grove.git import EntryKind
from grove.indexing import shown
from grove.kit.files import publish_folder, remove_tree
from grove.kit.gate import Actor
from grove.kit.ids import new_id
from grove.kit.transactions import Database, Transaction
from grove.mirrors import MirrorReader
from grove.placement import Locator
from grove.repositories import Repository, find_repository, ids_within, resource_of
from grove.sandbox import ChildFailure, ChildPool
from grove.scip.errors import ScipInvalid, ScipNotFound, ScipTooLarge
from grove.scip.events import ScipGrowing, ScipUploading
from grove.scip.model import ScipIndex
from grove.scip.parsing import INDEX_BYTES_MAX, TOOL_CHARACTERS_MAX, Parsed, parse_index
from grove.scip.table import FILE_NAME, Content, Document, ScipTable, write_table
from grove.scip.tables import ScipIndexRow

INDEXES_PER_REPOSITORY_MAX: Final = 20
FOLDER: Final = "scip"
OPEN_MAX: Final = 32
LEFTOVER_SECONDS_MIN: Final = 3_600
PARSING_BYTES_MAX: Final = 2 * 1024 * 1024 * 1024
PARSING_SECONDS_MAX: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScipDesk:
    """Keeps uploaded indexes, each in the name of an actor."""

    database: Database
    mirrors: MirrorReader
    locator: Locator
    parser: ChildPool[bytes, Parsed | str] = field(
        default_factory=lambda: ChildPool(
            parse_index, children=1, memory_bytes_max=PARSING_BYTES_MAX, call_seconds_max=PARSING_SECONDS_MAX
        )
    )
    _open: dict[str, ScipTable] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def close(self) -> None:
        """End the child process."""
        self.parser.close()

    def upload(self, actor: Actor, *, repository: str, commit: str, content: bytes, now: datetime) -> ScipIndex:
        """Keep an index of a commit; it takes the place of an earlier one of the same commit.

        :raises Denied: if `actor` may not.
        :raises RepositoryNotFound: if there is no such repository.
        :raises RevisionUnknown: if it has no such commit.
        :raises ScipTooLarge: if the index is larger than one may be.
        :raises ScipInvalid: if it is no index, or of no file of this commit.
        :raises QuotaExceeded: if the tenant or `actor` may not have that much work done, or so many bytes kept.
        """
        found = self._repository(actor, repository, "scip.upload")
        with self.database.transaction() as tx:
            tx.publish(ScipUploading(tenant_id=found.tenant_id, repository_id=found.id, actor_id=actor.id, at=now))
        resolved = self.mirrors.resolve(found, commit)
        return self.keep(actor, found=found, commit=resolved, contents=[content], now=now)

    def keep(
        self, actor: Actor, *, found: Repository, commit: str, contents: Sequence[bytes], now: datetime
    ) -> ScipIndex:
        """Keep what several indexers wrote of a commit, each of other files, as one index; the caller has the right.

        :raises ScipTooLarge: if they are larger than an index may be.
        :raises ScipInvalid: if they are no index, or of no file of this commit.
        :raises QuotaExceeded: if there may not be so many bytes.
        """
        size = sum(map(len, contents))
        if size > INDEX_BYTES_MAX:
            raise ScipTooLarge(bytes=size, bytes_max=INDEX_BYTES_MAX)
        # Messages of protobuf that stand behind each other are one, of the repeated fields of all.
        parsed = self._parsed(b"".join(contents))
        tool, table, left_out = self._content(found, commit, parsed)
        if len(contents) > 1:
            tool = ", ".join(self._parsed(content)[0] for content in contents)[:TOOL_CHARACTERS_MAX]
        name = new_id()
        folder = self._folder(found.tenant_id, found.id)
        write_table(folder / f"{name}.new", table)
        publish_folder(folder / f"{name}.new", folder / name)
        row = ScipIndexRow(
            name=name,
            tenant_id=found.tenant_id,
            repository_id=found.id,
            commit=commit,
            tool=tool,
            documents=len(table.documents),
            documents_left_out=left_out,
            symbols=len(table.symbols),
            occurrences=int(table.columns[0].size),
            stored_bytes=(folder / name / FILE_NAME).stat().st_size,
            uploaded_by=actor.id,
            uploaded_at=now,
        )
        try:
            with self.database.transaction() as tx:
                kept = _replace(tx, row, actor=actor, repository=found, now=now)
                index = row.value()
        except BaseException:
            remove_tree(folder / name)
            raise
        _sweep(folder, kept, now=now)
        return index

    def list(self, actor: Actor, *, repository: str) -> list[ScipIndex]:
        """The indexes of a repository, the newest first.

        :raises Denied: if `actor` may not.
        :raises RepositoryNotFound: if there is no such repository.
        """
        found = self._repository(actor, repository, "repository.view")
        with self.database.reading() as tx:
            return newest_first(tx, tenant_id=found.tenant_id, repositories=[found.id])

    def remove(self, actor: Actor, *, repository: str, commit: str, now: datetime) -> ScipIndex:
        """Remove the index of a commit.

        :raises Denied: if `actor` may not.
        :raises RepositoryNotFound: if there is no such repository.
        :raises ScipNotFound: if there is no index of this commit.
        """
        found = self._repository(actor, repository, "scip.upload")
        with self.database.transaction() as tx:
            mine = ScipIndexRow.repository_id == found.id
            row = tx.session.scalar(select(ScipIndexRow).where(mine, ScipIndexRow.commit == commit))
            if row is None:
                raise ScipNotFound(commit=commit)
            index = row.value()
            tx.session.delete(row)
            _record(tx, actor=actor, action="scip.removed", repository=found, commit=commit, now=now)
        remove_tree(self._folder(found.tenant_id, found.id) / index.name)
        return index

    def open(self, index: ScipIndex) -> ScipTable:
        """An index, to be looked up in; what is open is shared.

        :raises IndexMissing: if it is gone.
        """
        with self._lock:
            table = self._open.pop(index.name, None)
            if table is None:
                table = ScipTable.open(self._folder(index.tenant_id, index.repository_id) / index.name)
            self._open[index.name] = table  # the one used last is the last to go
            while len(self._open) > OPEN_MAX:
                del self._open[next(iter(self._open))]
            return table

    def _parsed(self, content: bytes) -> Parsed:
        try:
            parsed = self.parser.call(content)
        except ChildFailure as failed:
            raise ScipInvalid(reason="it could not be read within the limits of time and memory") from failed
        if isinstance(parsed, str):
            raise ScipInvalid(reason=parsed)
        return parsed

    def _content(self, repository: Repository, commit: str, parsed: Parsed) -> tuple[str, Content, int]:
        """What of an index is kept: what is told of files of the commit.

        :raises ScipInvalid: if nothing is.
        """
        tool, listed, symbols, columns = parsed
        entries = self.mirrors.git.list_tree(self.mirrors.path(repository), commit)
        oids = {shown(entry.path): entry.oid for entry in entries if entry.kind is EntryKind.FILE}
        numbers = np.full(len(listed), -1, dtype=np.int64)
        documents: list[Document] = []
        for number, (path, encoding) in enumerate(listed):
            if path in oids:
                numbers[number] = len(documents)
                documents.append(Document(path, oids[path], encoding))
        if not documents:
            raise ScipInvalid(reason="none of its documents is a file of this commit", commit=commit)
        arrays = [np.frombuffer(column, dtype=np.uint32) for column in columns]
        of_documents = numbers[arrays[1].astype(np.int64)]
        kept = of_documents >= 0
        rows = [array[kept] for array in arrays]
        rows[1] = of_documents[kept].astype(np.uint32)
        return tool, Content(documents, symbols, rows), len(listed) - len(documents)

    def _repository(self, actor: Actor, name: str, action: str) -> Repository:
        with self.database.reading() as tx:
            repository = find_repository(tx, actor=actor, name=name)
            tx.require(actor, action, resource_of(repository))
        return repository

    def _folder(self, tenant_id: str, repository_id: str) -> Path:
        return self.locator.repository(tenant_id=tenant_id, repository_id=repository_id) / FOLDER


def newest_first(tx: Transaction, *, tenant_id: str, repositories: Sequence[str]) -> list[ScipIndex]:
    """The indexes of some repositories of a tenant."""
    chosen = select(ScipIndexRow).where(
        ScipIndexRow.tenant_id == tenant_id, ScipIndexRow.repository_id.in_(repositories)
    )
    return [row.value() for row in tx.session.scalars(chosen.order_by(ScipIndexRow.uploaded_at.desc()))]


def stored_bytes(
    tx: Transaction, *, tenant_id: str, project_id: str | None = None, uploaded_by: str | None = None
) -> int:
    """How many bytes the indexes of a tenant's repositories have, of a project's, or those of one uploader."""
    chosen = select(func.coalesce(func.sum(ScipIndexRow.stored_bytes), 0)).where(ScipIndexRow.tenant_id == tenant_id)
    if project_id is not None:
        chosen = chosen.where(ScipIndexRow.repository_id.in_(ids_within(tenant_id=tenant_id, project_id=project_id)))
    if uploaded_by is not None:
        chosen = chosen.where(ScipIndexRow.uploaded_by == uploaded_by)
    return int(tx.session.scalar(chosen) or 0)


def _sweep(folder: Path, kept: Iterable[str], *, now: datetime) -> None:
    """Remove what no row has named for a while: replaced indexes, and what an upload that was cut off has left.

    What is young may belong to an upload under way, whose row is about to come.
    """
    names = set(kept)
    oldest = now.timestamp() - LEFTOVER_SECONDS_MIN
    for path in folder.iterdir():
        if path.name not in names and path.stat().st_mtime < oldest:
            remove_tree(path)


def _replace(tx: Transaction, row: ScipIndexRow, *, actor: Actor, repository: Repository, now: datetime) -> list[str]:
    """Put an index in the place of those of the same commit, and of the oldest if there are many; the names kept."""
    mine = ScipIndexRow.repository_id == repository.id
    same = select(ScipIndexRow.stored_bytes).where(mine, ScipIndexRow.commit == row.commit)
    grown_bytes = row.stored_bytes - (tx.session.scalar(same) or 0)
    named = {"tenant_id": row.tenant_id, "repository_id": repository.id, "actor_id": actor.id}
    tx.publish(ScipGrowing(**named, grown_bytes=max(grown_bytes, 0), at=now))
    tx.session.execute(delete(ScipIndexRow).where(mine, ScipIndexRow.commit == row.commit))
    tx.session.add(row)
    tx.session.flush()
    names = list(tx.session.scalars(select(ScipIndexRow.name).where(mine).order_by(ScipIndexRow.uploaded_at.desc())))
    doomed = names[INDEXES_PER_REPOSITORY_MAX:]
    if doomed:
        tx.session.execute(delete(ScipIndexRow).where(ScipIndexRow.name.in_(doomed)))
    _record(tx, actor=actor, action="scip.uploaded", repository=repository, commit=row.commit, now=now)
    return names[:INDEXES_PER_REPOSITORY_MAX]


def _record(tx: Transaction, *, actor: Actor, action: str, repository: Repository, commit: str, now: datetime) -> None:
    activity.record(
        tx,
        actor=actor,
        action=action,
        target_kind="repository",
        target_id=repository.id,
        now=now,
        name=repository.name,
        commit=commit,
    )
