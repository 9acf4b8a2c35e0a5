"""What one side of a connection may ask of the other, and how many there may be."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from server.http.connections.peers import TrustedProxies

LONGEST_LINE: Final = 32 * 1024
"""Bytes of a request line: a code of Microsoft's alone may have thousands."""
LONGEST_HEADER: Final = 8 * 1024
MOST_HEADERS: Final = 64
LARGEST_HEAD: Final = 64 * 1024
"""Bytes of the line and all headers together."""
PART_OF_FILES: Final = 4
"""The HTTP side takes one in so many of the files that a process may open: calls, the database and the providers need
the others."""
FEWEST: Final = 16

NO_PROXIES: Final = TrustedProxies()


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """`head`, `body`: how long a sender may take, from the first byte to the last, and for a new connection also until
    the first. `idle`: how long an answered connection is kept for the next request. `taking`: how long whoever doesn't
    take what we write is written to, and how long a connection may take to close.
    """

    head: timedelta = timedelta(seconds=5)
    body: timedelta = timedelta(seconds=5)
    idle: timedelta = timedelta(seconds=75)
    taking: timedelta = timedelta(seconds=10)
    connections: int = 1_000
    connections_per_address: int = 100
    """Connections of one client, or behind a trusted proxy its requests under way."""
    proxies: TrustedProxies = NO_PROXIES


def connections_within(wanted: int, files: int) -> int:
    """How many connections a process may take that may open so many files."""
    return max(min(wanted, files // PART_OF_FILES), FEWEST)
