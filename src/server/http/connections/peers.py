"""Whose connection or request it is: the address that counts against the limits.

An IPv4 address counts for itself. IPv6 counts by its /64, the least that a household or a rented machine has to itself.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from multidict import CIMultiDictProxy

Ip: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Client: TypeAlias = Ip | Network
"""An address, or the network of one: equal for those who share a limit."""

OWN_PREFIX: Final = 64
MOST_HOPS: Final = 16
"""Of the entries in a proxy's header so many are looked at, from the nearest on."""


class ProxyHeader(Enum):
    """Where trusted proxies write who called them. The other one is never looked at: a proxy that fills in one hands
    the other on as the caller sent it."""

    X_FORWARDED_FOR = "x-forwarded-for"
    FORWARDED = "forwarded"


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The networks of the proxies in front of us, and the header in which they name their callers."""

    networks: tuple[Network, ...] = ()
    header: ProxyHeader = ProxyHeader.X_FORWARDED_FOR

    @classmethod
    def parse(
        cls, networks: Iterable[str], header: ProxyHeader = ProxyHeader.X_FORWARDED_FOR
    ) -> "TrustedProxies":
        """Raises ValueError for what is neither an address nor a network."""
        return cls(tuple(ipaddress.ip_network(one.strip()) for one in networks), header)

    def trust(self, peer: Ip) -> bool:
        return any(peer in network for network in self.networks)

    def client_of(self, headers: CIMultiDictProxy[str]) -> Client | None:
        """Whom a trusted proxy had this request from; None where it doesn't say so in a way that we understand.

        Read from the end, since each proxy adds its caller there: what stands before the first address that is no proxy
        of ours was written by whoever sent it.
        """
        for named in reversed(_entries(headers, self.header)):
            ip = ip_of(named)
            if ip is None:
                return None
            if not self.trust(ip):
                return client_at(ip)
        return None


def ip_of(text: object) -> Ip | None:
    """The address in `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`; None for anything else."""
    if not isinstance(text, str):
        return None
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        ip = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return ip.ipv4_mapped or ip if isinstance(ip, ipaddress.IPv6Address) else ip


def client_at(ip: Ip) -> Client:
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    return ipaddress.IPv6Network((int(ip), OWN_PREFIX), strict=False)


def _entries(headers: CIMultiDictProxy[str], header: ProxyHeader) -> Sequence[str]:
    """The last ones that are there, the nearest at the end."""
    entries = ",".join(headers.getall(header.value, [])).rsplit(",", MOST_HOPS)[-MOST_HOPS:]
    if header is ProxyHeader.X_FORWARDED_FOR:
        return [one for one in entries if one.strip()]
    return [_named_in(one) for one in entries if one.strip()]


def _named_in(element: str) -> str:
    """The address of a `Forwarded` header's element (RFC 7239), such as `for="[2001:db8::1]:4711";proto=https`."""
    for pair in element.split(";"):
        name, _, value = pair.partition("=")
        if name.strip().lower() == "for":
            return value.strip().strip('"')
    return ""
