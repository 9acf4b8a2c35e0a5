"""Times as the contract has them, and as addresses and forms of these pages have them: always instants, in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.type.interval_pb2 import Interval

EARLIEST: Final = datetime(1980, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""The service takes none outside of these."""


def interval(start: datetime, end: datetime) -> Interval:
    wire = Interval()
    wire.start_time.FromDatetime(start)
    wire.end_time.FromDatetime(end)
    return wire


def ends(wire: Interval) -> tuple[datetime, datetime]:
    return wire.start_time.ToDatetime(UTC), wire.end_time.ToDatetime(UTC)


def duration(length: timedelta) -> Duration:
    wire = Duration()
    wire.FromTimedelta(length)
    return wire


def instant(text: str) -> datetime | None:
    """Of its text; None if that is none, or none that the service takes."""
    try:
        read = datetime.fromisoformat(text)
        return read.astimezone(UTC) if read.tzinfo and EARLIEST <= read <= LATEST else None
    except (ValueError, OverflowError):
        return None


def text_of(instant: datetime) -> str:
    """Such as `2026-11-30T08:00:00Z`."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
