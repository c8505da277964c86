"""MCP over standard input and output, for one client on this machine.

The tools are listed at once; the data folder is opened with the first call. What a call may do is what the token's
owner may do, looked up anew for every call, so that a revoked token ends its use.
"""

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anyio
from mcp.server.stdio import stdio_server
from starlette.requests import Request

from grove.kit.gate import Source, TokenMissing
from grove.mcp.calls import Caller
from grove.mcp.errors import DataFolderEmpty
from grove.mcp.server import create_server
from grove.settings import Settings

if TYPE_CHECKING:
    from grove.kit.rounds import Rounds
    from grove.wiring import Grove


def run_stdio(settings: Settings) -> None:
    """Answer one client until it closes its end, as the owner of the token that the settings name."""
    door = Door(settings)
    try:
        anyio.run(_serve, door)
    finally:
        door.close()


async def _serve(door: "Door") -> None:
    server = create_server(door.enter)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


class Door:
    """Lets every call in as the owner of one token, and opens the data folder with the first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._grove: Grove | None = None
        self._counting: tuple[Rounds, ...] = ()

    def enter(self, _request: Request | None) -> Caller:
        """The caller of a call.

        :raises GroveError: if there is no token, it is not valid, or the data folder cannot be opened.
        """
        # The database's libraries would delay the listing of the tools.
        from grove import accounts  # noqa: PLC0415
        from grove.kit.tenancy import serving_all  # noqa: PLC0415

        if self._settings.token is None:
            raise TokenMissing
        grove = self._open()
        secret, now = self._settings.token.get_secret_value(), datetime.now(UTC)
        with serving_all(), grove.database.transaction() as tx:
            actor = accounts.authenticate(tx, secret=secret, source=Source.MCP, now=now)
            accounts.mark_token_used(tx, secret=secret, now=now)
        return Caller(grove=grove, actor=actor)

    def close(self) -> None:
        """Let go of the data folder, when what was counted is written down."""
        for rounds in self._counting:
            rounds.stop()
        if self._grove is not None:
            self._grove.close()

    def _open(self) -> "Grove":
        with self._lock:
            if self._grove is None:
                self._grove = _built(self._settings)
                self._counting = self._grove.counting()
                for rounds in self._counting:
                    rounds.start()
            return self._grove


def _built(settings: Settings) -> "Grove":
    from grove.placement import Locator  # noqa: PLC0415 - heavy, as above
    from grove.wiring import build  # noqa: PLC0415

    if settings.database_url is None and not Locator(settings.data_dir).database().exists():
        raise DataFolderEmpty(data=str(settings.data_dir))
    return build(settings)
