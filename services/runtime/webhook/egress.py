"""Which addresses a webhook may be sent to. The address that was checked is the one that is connected to: a name that
resolves to another address a moment later gains nothing.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}


class Forbidden(Exception):
    """The URL leads where webhooks must not go."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL with its host replaced by a checked address, and the name to use in `Host` and TLS."""

    url: str
    host_header: str
    tls_name: str


def may_receive(address: Address, *, allow_private: bool) -> bool:
    """Public addresses; private and loopback ones when allowed; never link-local (cloud metadata) or multicast."""
    address = _embedded(address)
    if address.is_loopback:
        return allow_private
    if address.is_multicast or address.is_unspecified or address.is_link_local or address.is_reserved:
        return False
    return address.is_global or (allow_private and address.is_private)


async def resolve(url: str, *, allow_private: bool) -> Target:
    """Forbidden when any address of the host is: which one a client picks is not for an attacker to choose.

    OSError when the name does not resolve.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or parts.hostname is None:
        raise Forbidden("only http and https URLs receive webhooks")
    port = parts.port or _PORTS[parts.scheme]
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    refused = [str(address) for address in addresses if not may_receive(address, allow_private=allow_private)]
    if refused or not addresses:
        raise Forbidden(f"{parts.hostname} is at {', '.join(refused) or 'no address'}, where webhooks may not go")
    pinned = f"[{addresses[0]}]" if addresses[0].version == 6 else str(addresses[0])
    address_url = urlunsplit((parts.scheme, f"{pinned}:{port}", parts.path or "/", parts.query, ""))
    return Target(address_url, parts.netloc, parts.hostname)


def _embedded(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one: it is where the packets end."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
