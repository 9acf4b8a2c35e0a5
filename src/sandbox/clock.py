"""The sandbox's own time, which a test can move."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


class Clock:
    """Real time plus an offset. Token lifetimes, event stamps and dated headers all come from here."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        """The present instant, aware and in UTC."""
        return datetime.now(UTC) + self.offset

    def http_date(self, in_seconds: float = 0) -> str:
        """The time in that many seconds as HTTP headers spell dates, for `Retry-After`."""
        return format_datetime(self.now() + timedelta(seconds=in_seconds), usegmt=True)

    def advance(self, seconds: float) -> None:
        """Move the clock forward, or back with a negative number."""
        self.offset += timedelta(seconds=seconds)
