"""What has to be known of the keys beyond sealing and opening."""

from typing import Protocol

from application.ports.cipher import Cipher


class Ring(Cipher, Protocol):
    """A cipher with several keys, of which one seals."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Of all keys, the one that seals first."""
        ...

    @property
    def head(self) -> bytes:
        """What everything begins with that is sealed now, and nothing that another key sealed."""
        ...
