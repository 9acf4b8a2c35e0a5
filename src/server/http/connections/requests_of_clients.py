"""Behind a trusted proxy clients share its connections: there each may have so many requests under way."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from server.http.connections.peers import Client


class RequestsOfClients:
    def __init__(self, most: int) -> None:
        self._most = most
        self._under_way: Counter[Client] = Counter()

    @contextmanager
    def one_of(self, client: Client | None) -> Iterator[bool]:
        """Counts for as long as the block lasts; whether it may. Nobody's never counts."""
        if client is None:
            yield True
            return
        if self._under_way[client] >= self._most:
            yield False
            return
        self._under_way[client] += 1
        try:
            yield True
        finally:
            self._under_way[client] -= 1
            if not self._under_way[client]:
                del self._under_way[client]
