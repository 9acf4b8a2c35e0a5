"""What reached which host: whether a password was ever sent to one that is not Apple's."""

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEntry:
    """A host by its role ("front", "p37", "p143", "foreign"): its requests, and those of them that had a password."""

    host: str
    requests: int
    passwords: int


class Hosts:
    """Counts the requests to each host."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()
        self._passwords: Counter[str] = Counter()

    def record(self, host: str, *, with_password: bool) -> None:
        """Enter one request."""
        self._requests[host] += 1
        self._passwords[host] += with_password

    def all(self) -> list[HostEntry]:
        """Every host that had a request, by its role."""
        return [
            HostEntry(host=host, requests=count, passwords=self._passwords[host])
            for host, count in sorted(self._requests.items())
        ]

    def passwords_sent_to(self, host: str) -> int:
        """How many requests brought a password there."""
        return self._passwords[host]

    def clear(self) -> None:
        """Forget them all."""
        self._requests.clear()
        self._passwords.clear()
