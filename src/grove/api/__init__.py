"""The HTTP API: thin routes over the capabilities, with one way to be refused, to page and to watch."""

from grove.api.app import ROUTERS, create_app
from grove.api.routing import PUBLIC

__all__ = ["PUBLIC", "ROUTERS", "create_app"]
