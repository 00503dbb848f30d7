"""Where the service and its workers connect to: names are resolved once, and what no camera or receiver has is refused.

Private ranges are allowed, since cameras and the city's systems live there. Refused are link-local addresses (RFC 3927,
RFC 4291), in which the metadata services of clouds give out credentials, the same services where they stand elsewhere,
and what is no single host's. A name may have harmless and refused addresses: one refused address is enough.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from qyran.errors import ConfigError

METADATA: Final = frozenset(ip_address(one) for one in ("100.100.100.200", "192.0.0.192", "fd00:ec2::254"))
"""Metadata services outside the link-local ranges (Alibaba Cloud, Oracle Cloud, AWS)."""


class ForbiddenAddress(ConfigError):
    """An address that nothing of ours connects to."""


def is_forbidden(text: str) -> bool:
    """Whether an address is one that nothing of ours connects to."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        address = _within(address)
    return (
        address.is_link_local or address.is_multicast or address.is_unspecified or address in METADATA or _all(address)
    )


def resolve(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a host, IPv4 first; connect to one of them and resolve no second time.

    Raises:
        ForbiddenAddress: one of them is refused.
        OSError: the name has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = tuple(dict.fromkeys(str(one[4][0]) for one in sorted(found, key=lambda one: one[0] != socket.AF_INET)))
    if any(is_forbidden(one) for one in addresses):
        raise ForbiddenAddress(f"The host {host} has an address that is refused (link-local, metadata or no host's).")
    return addresses


def _within(address: IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address carries, else itself."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    packed = address.packed
    if packed.startswith(b"\x00\x64\xff\x9b" + bytes(8)):  # NAT64, RFC 6052
        return IPv4Address(packed[-4:])
    return address


def _all(address: IPv4Address | IPv6Address) -> bool:
    return isinstance(address, IPv4Address) and (address.packed[0] == 0 or address == IPv4Address("255.255.255.255"))
