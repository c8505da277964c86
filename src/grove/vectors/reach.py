"""Where a model server may be: in this network, or outside of it if somebody has said that source may be sent there."""

import socket
from ipaddress import ip_address

from grove.git import is_allowed
from grove.vectors.errors import EmbedderOutside, EmbedderUnreachable


def address_of(host: str, port: int, *, may_be_outside: bool) -> str:
    """The one address to connect to for a host and a port, so that its name cannot mean another one later.

    :raises EmbedderUnreachable: if it has none.
    :raises EmbedderOutside: if it is outside, which it may not be, or where the host of a cloud tells its secrets.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise EmbedderUnreachable(reason="name not found", host=host) from error
    addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if address.is_link_local or (is_allowed(address) and not may_be_outside):
            raise EmbedderOutside(host=host, address=str(address))
    # `localhost` has two, and most model servers listen at the older one alone.
    return str(min(addresses, key=lambda address: address.version))
