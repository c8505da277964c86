"""Where questions get what they can be compared with, and where people ask how far the vectors are."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock

from grove import accounts, activity, jobs
from grove.indexing import UNUSABLE, OpenIndexes, index_totals
from grove.kit.errors import GroveError
from grove.kit.gate import Actor, Resource, Source
from grove.kit.logging import logger
from grove.kit.tenancy import serving
from grove.kit.transactions import Database, Transaction
from grove.vectors.choice import Models
from grove.vectors.files import OpenSet, VectorFiles
from grove.vectors.meaning import Meaning
from grove.vectors.model import VectorSet, VectorTotals
from grove.vectors.operations import forget_sets, leaving_sets_of, mark_uncopied, sets_of

log = logger(__name__)


class EmbedArguments(jobs.Arguments):
    """Whether the vector store is to be filled from nothing."""

    kind = "index.embed"

    refill: bool = False


class VectorDesk:
    """Knows the sets of vectors of every tenant, and who made them."""

    def __init__(self, *, database: Database, indexes: OpenIndexes, models: Models) -> None:
        self.models = models
        self.indexes = indexes
        self._database = database
        self._files: dict[str, VectorFiles] = {}
        self._lock = Lock()

    def files(self, tenant_id: str) -> VectorFiles:
        """The sets of a tenant."""
        with self._lock:
            if tenant_id not in self._files:
                self._files[tenant_id] = VectorFiles(self.indexes.store(tenant_id).root)
            return self._files[tenant_id]

    def meaning(self, tx: Transaction, *, tenant_id: str) -> Meaning:
        """What a tenant's questions can be compared with now."""
        return Meaning(
            tenant_id=tenant_id,
            sets=sets_of(tx, tenant_id=tenant_id),
            models=self.models,
            opening=partial(self.open_sets, tenant_id),
        )

    def totals(self, tx: Transaction, *, actor: Actor) -> VectorTotals:
        """How far the chosen model has come in the tenant's index.

        :raises Denied: if `actor` may not see it.
        """
        chunks = index_totals(tx, actor=actor).chunks
        sets = sets_of(tx, tenant_id=actor.tenant_id)
        chosen, shipped = self.models.chosen.name, self.models.shipped.name
        mine = [each for each in sets if each.model == chosen]
        others = {each.model: 0 for each in sets if each.model != chosen}
        for each in sets:
            if each.model in others:
                others[each.model] += each.chunk_count
        store = self.models.store
        in_store = [each.chunk_count for each in mine if store is not None and each.copied_to == store.place]
        done = chunks if chosen == shipped else min(chunks, sum(each.chunk_count for each in mine))
        return VectorTotals(
            model=chosen,
            chunks=chunks,
            chunks_done=done,
            texts_cut=sum(each.texts_cut for each in mine),
            stored_bytes=sum(each.stored_bytes for each in sets),
            others=others,
            store="qdrant" if store is not None else "segments",
            chunks_in_store=sum(in_store),
        )

    def request(self, tx: Transaction, *, actor: Actor, refill: bool, now: datetime) -> None:
        """Have missing vectors made; with `refill` the vector store is emptied and filled from the index again.

        :raises Denied: if `actor` may not.
        """
        tx.require(actor, "index.rebuild", Resource(kind="index", tenant_id=actor.tenant_id))
        _enqueue(tx, actor.tenant_id, actor.id, now=now, refill=refill)

    def catch_up(self, tenants: Sequence[str], *, now: datetime) -> None:
        """Have missing vectors made in every tenant: the settings may have changed since the last start."""
        for tenant_id in tenants:
            with serving(tenant_id), self._database.transaction() as tx:
                if self.models.are_further or sets_of(tx, tenant_id=tenant_id):
                    steward = accounts.steward(tx, tenant_id=tenant_id, source=Source.WORKER, now=now)
                    _enqueue(tx, tenant_id, steward.id, now=now)

    def sweep(self, tenant_id: str) -> list[Path]:
        """Remove the files of sets that no row names, while nobody else uses the data folder; what was removed."""
        with serving(tenant_id), self._database.reading() as tx:
            rows = (*sets_of(tx, tenant_id=tenant_id), *leaving_sets_of(tx, tenant_id=tenant_id))
        return self.files(tenant_id).sweep([each.name for each in rows])

    def open_sets(self, tenant_id: str, sets: Sequence[VectorSet]) -> list[tuple[VectorSet, OpenSet]]:
        """Those of some sets that are whole; a damaged one is taken out of service, and its vectors made again."""
        opened = []
        for each in sets:
            try:
                opened.append((each, self.files(tenant_id).open(each.name)))
            except UNUSABLE as error:
                self.strike_out(tenant_id, each.name, error)
        return opened

    def strike_out(self, tenant_id: str, name: str, error: GroveError) -> bool:
        """Take a damaged set out of service, and have its vectors made again; whether it was in service."""
        now = datetime.now(UTC)
        with self._database.transaction() as tx:
            struck = next((each for each in sets_of(tx, tenant_id=tenant_id) if each.name == name), None)
            if struck is None:
                return False
            forget_sets(tx, tenant_id=tenant_id, names=[name])
            if struck.copied_to is not None:  # nobody knows any more what the store has of it
                mark_uncopied(tx, tenant_id=tenant_id, model=struck.model)
            steward = accounts.steward(tx, tenant_id=tenant_id, source=Source.WORKER, now=now)
            activity.record(
                tx,
                actor=steward,
                action="vectors.damaged",
                target_kind="vectors",
                target_id=name,
                now=now,
                model=struck.model,
                chunks=struck.chunk_count,
                code=error.code,
            )
            _enqueue(tx, tenant_id, steward.id, now=now)
        self.files(tenant_id).remove(name)
        log.error("vectors_damaged", tenant=tenant_id, part=name, code=error.code)
        return True


def _enqueue(tx: Transaction, tenant_id: str, requested_by: str, *, now: datetime, refill: bool = False) -> None:
    jobs.enqueue(
        tx,
        tenant_id=tenant_id,
        kind=EmbedArguments(refill=refill),
        target_id=tenant_id,
        requested_by=requested_by,
        now=now,
    )
