"""The order in which people look for names."""

from typing import Protocol

SortKey = tuple[int, ...]


class NameOrder(Protocol):
    def key(self, name: str) -> SortKey:
        """Names in the order of these keys are in the order of the alphabet they are written in, whatever that is.

        Accents and case decide only between names that are otherwise alike. Any text has a key, broken ones included.
        """
        ...
