"""The machine's clock."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class SystemClock:
    """See the port."""

    def now(self) -> datetime:
        return datetime.now(UTC)
