"""By which names the server may be addressed. Pure.

A name that is not ours means that some page has its own name resolved to our address (DNS rebinding).
"""

from ipaddress import ip_address
from typing import Final, Self
from urllib.parse import urlsplit

from grove.settings import Settings

_EVERYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
_THIS_MACHINE: Final = ("localhost", "127.0.0.1", "::1")


class Hosts:
    """The names that are ours; every address is, when the server listens on every address."""

    def __init__(self, *, names: frozenset[str], origin: str | None, any_address: bool) -> None:
        self._names = names
        self._origin = origin
        self._any_address = any_address

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The names that the settings give."""
        names = {*_THIS_MACHINE, settings.bind, *settings.allowed_hosts}
        origin = None
        if settings.base_url is not None:
            parts = urlsplit(settings.base_url)
            origin = f"{parts.scheme}://{parts.netloc}".lower()
            names.add(parts.hostname or "")
        own = frozenset(name.lower().rstrip(".") for name in names if name not in _EVERYWHERE)
        return cls(names=own, origin=origin, any_address=settings.bind in _EVERYWHERE)

    def serves(self, host: str) -> bool:
        """Whether a `Host` header names this server."""
        try:
            parts = urlsplit(f"//{host}")
            name = (parts.hostname or "").rstrip(".")
            plain = parts.path == parts.query == parts.fragment == "" and parts.username is None
            return plain and (parts.port or 0) >= 0 and self._is_ours(name)
        except ValueError:
            return False

    def is_own(self, origin: str, host: str) -> bool:
        """Whether an `Origin` header is that of a page of this server, which was addressed as `host`."""
        told = origin.lower()
        return told == self._origin or told in {f"http://{host.lower()}", f"https://{host.lower()}"}

    def _is_ours(self, name: str) -> bool:
        return name in self._names or (self._any_address and _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
