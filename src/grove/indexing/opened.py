"""The indexes that this process has open, one per tenant, always of the newest generation that was asked for."""

import threading

from grove.indexing.store import IndexStore
from grove.indexing.view import IndexView
from grove.placement import Locator
from grove.snapshots import Generation


class OpenIndexes:
    """Opens each tenant's index once, and again only what a new generation has brought."""

    def __init__(self, locator: Locator) -> None:
        self._locator = locator
        self._lock = threading.Lock()
        self._stores: dict[str, IndexStore] = {}
        self._views: dict[str, tuple[int, IndexView]] = {}

    def store(self, tenant_id: str) -> IndexStore:
        """The folders of a tenant's index."""
        with self._lock:
            if tenant_id not in self._stores:
                self._stores[tenant_id] = IndexStore(self._locator.index(tenant_id=tenant_id))
            return self._stores[tenant_id]

    def view(self, tenant_id: str, generation: Generation) -> IndexView:
        """What a reader of that generation sees.

        :raises IndexMissing: if a part of it has been removed meanwhile: ask for the newest generation again.
        :raises IndexCorrupt: if a part of it is damaged.
        """
        store = self.store(tenant_id)
        with self._lock:
            number, view = self._views.get(tenant_id, (-1, None))
            if view is None or number != generation.number:
                view = store.open_view(segments=generation.segments, snapshots=generation.snapshots)
                self._views[tenant_id] = (generation.number, view)
            return view
