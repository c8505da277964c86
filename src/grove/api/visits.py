"""Where a request comes from."""

from ipaddress import ip_address, ip_network
from typing import Final

from fastapi import Request

from grove.accounts import Visit
from grove.kit.gate import Source

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CLIENT_CHARACTERS_MAX: Final = 200
NEIGHBOURS_BITS: Final = 64
"""Whoever has one IPv6 address has the rest of its network too, so that they count as one."""


def address_of(request: Request) -> str:
    """Who is counted: an IPv4 address, or the network of an IPv6 address."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host[:CLIENT_CHARACTERS_MAX]
    if address.version == 4:  # noqa: PLR2004 - of the protocol
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else str(ip_network((address, NEIGHBOURS_BITS), strict=False))


def visit_of(request: Request, *, source: Source) -> Visit:
    """Where somebody comes from who wants to sign in."""
    client = request.headers.get("user-agent", "")
    printable = "".join(character for character in client if character.isprintable())
    address = request.client.host[:64] if request.client else ""
    return Visit(source=source, address=address, client=printable[:CLIENT_CHARACTERS_MAX])
