"""Addresses to listen at."""

import ipaddress
import re
import socket
from functools import cache
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

PATTERN = re.compile(r"(\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]/\s]+)):(?P<port>\d{1,9})")
HIGHEST_PORT = 65_535
PRIVATE = tuple(
    ipaddress.ip_network(one)
    for one in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
"""Of private networks (RFC 1918, 4193), of carriers' and clusters' own (RFC 6598), of one link and of one machine."""


class Address(NamedTuple):
    """`port` 0 is any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Reads `host:port` or `[IPv6]:port`. Raises ValueError."""
        match = PATTERN.fullmatch(text.strip())
        if match is None:
            raise ValueError("must be written as host:port")
        if int(match["port"]) > HIGHEST_PORT:
            raise ValueError(f"must have a port from 0 to {HIGHEST_PORT}")
        return cls(match["six"] or match["host"], int(match["port"]))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return _only_here(self.host)

    @property
    def private(self) -> bool:
        """Whether nobody outside of this machine or its network reaches it. A name may lead anywhere."""
        try:
            ip = ipaddress.ip_address(self.host)
        except ValueError:
            return self.loopback
        return any(ip.version == one.version and ip in one for one in PRIVATE)

    @property
    def only_here(self) -> bool:
        """The same, also for names, which are looked up: all that one leads to must be on this machine."""
        try:
            numeric = self.numeric()
        except OSError:
            return False
        return all(one.loopback for one in numeric)

    def numeric(self) -> tuple["Address", ...]:
        """What a name leads to, as far as this machine could listen there. Raises OSError when that is nothing."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        usable = {Address(str(at[0]), self.port): None for family, *_, at in found if _has(family)}
        if not usable:
            raise OSError(f"{self.host} leads nowhere")
        return tuple(usable)

    def bound(self) -> socket.socket:
        """A socket that listens there. Raises OSError when the address is taken or none of this machine's."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        return socket.create_server((self.host, self.port), family=family, reuse_port=False)


def require_port(parts: SplitResult) -> None:
    """Raises ValueError when a URL names a port that there can't be."""
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError(f"must have a port from 1 to {HIGHEST_PORT}")


def is_loopback(url: str) -> bool:
    """Whether a URL leads to the machine it is used on."""
    return _only_here(urlsplit(url).hostname or "")


def can_be_told(public_url: str, provider_url: str) -> bool:
    """Whether the provider there may bring us notifications: providers take https only, a stand-in on this machine any
    address of it."""
    if is_loopback(public_url):
        return is_loopback(provider_url)
    return urlsplit(public_url).scheme == "https"


def _only_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _has(family: int) -> bool:
    """Whether this machine speaks it: many without IPv6 have a name for its loopback all the same."""
    if family == socket.AF_INET6:
        return _has_ipv6()
    return family == socket.AF_INET


@cache
def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
