"""What the database says of the service itself, for those who operate it."""

from typing import Protocol


class Census(Protocol):
    """Every method raises StoreUnavailable."""

    async def schema_version(self) -> str:
        """The number of the newest migration that the database has, such as `0016`; empty where it has none."""
        ...
