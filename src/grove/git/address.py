"""Which network address a host has, found once, and whether we may connect to it."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from grove.git.errors import AddressRefused, HostUnreachable
from grove.git.url import RemoteUrl

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PINNED_MAX: Final = 4
_DENIED: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_DENIED_V6: Final = tuple(
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A host and the addresses that it is to be reached at, whatever its name resolves to later."""

    host: str
    port: int
    addresses: tuple[Address, ...]

    @property
    def entry(self) -> str | None:
        """What git's `http.curloptResolve` takes; nothing when the host is itself an address."""
        if [self.host] == list(map(str, self.addresses)):
            return None
        found = (f"[{address}]" if isinstance(address, IPv6Address) else str(address) for address in self.addresses)
        return f"{self.host}:{self.port}:{','.join(found)}"


def is_allowed(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Whether we may connect to an address: a public one, or one that the administrator allows."""
    plain = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
    if any(plain in network for network in allowed if network.version == plain.version):
        return True
    if isinstance(plain, IPv4Address):
        return not any(plain in network for network in _DENIED)
    return plain in _GLOBAL_UNICAST and not any(plain in network for network in _DENIED_V6)


def pin(url: RemoteUrl, *, allowed: Sequence[Network]) -> Pinned:
    """Find a host's addresses once, and keep those that we may connect to.

    :raises AddressRefused: if it has none of these.
    :raises HostUnreachable: if it has none at all.
    """
    addresses = _resolve(url)
    admitted = tuple(address for address in addresses if is_allowed(address, allowed))
    if not admitted:
        raise AddressRefused(host=url.host)
    return Pinned(host=url.host, port=url.port, addresses=admitted[:PINNED_MAX])


def is_public(url: RemoteUrl) -> bool:
    """Whether a host is in no private network: all of its addresses are public ones.

    :raises HostUnreachable: if it has none at all.
    """
    return all(map(is_allowed, _resolve(url)))


def _resolve(url: RemoteUrl) -> list[Address]:
    try:
        found = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostUnreachable(host=url.host, reason="name not found") from error
    return list(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))
