"""Which embedders there are: the one that the settings name, the table that ships, and those that were used before."""

from threading import Lock

from grove.vectors.http_embedding import HTTP_PREFIX, MARK, HttpEmbedder, HttpModel
from grove.vectors.ports import Embedder, VectorStore
from grove.vectors.static import StaticTexts


class Models:
    """What vectors are made with: by `chosen` from now on; `shipped` made those that segments are written with.

    `server` is where a model may still be had that was used before, under the name that it had then.
    """

    def __init__(
        self,
        *,
        shipped: StaticTexts,
        chosen: HttpEmbedder | None = None,
        server: HttpModel | None = None,
        store: VectorStore | None = None,
    ) -> None:
        self.shipped = shipped
        self.chosen: Embedder = chosen or shipped
        self.store = store
        self._server = server
        self._lock = Lock()
        self._open = {chosen.name: chosen} if chosen else {}

    @property
    def are_further(self) -> bool:
        """Whether there is anything to do beside what segments are written with."""
        return self.chosen.name != self.shipped.name or self.store is not None

    def named(self, name: str) -> Embedder | None:
        """The embedder of that name, if it can be had."""
        if name == self.shipped.name:
            return self.shipped
        with self._lock:
            if name not in self._open and self._server is not None and _tells_all(name):
                self._open[name] = HttpEmbedder(
                    HttpModel(
                        url=self._server.url,
                        key=self._server.key,
                        model=name.removeprefix(HTTP_PREFIX),
                        patience=self._server.patience,
                        may_be_outside=self._server.may_be_outside,
                    )
                )
            return self._open.get(name)

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            for embedder in self._open.values():
                embedder.close()
        if self.store is not None:
            self.store.close()


def _tells_all(name: str) -> bool:
    """Whether a name is all that is needed to ask; what was asked for besides then is not known any more."""
    return name.startswith(HTTP_PREFIX) and MARK not in name
