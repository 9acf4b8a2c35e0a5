"""Times as Google reads and writes them."""

from datetime import UTC, datetime, tzinfo


def parse(text: str) -> datetime:
    """An instant with its offset; what is finer than a second doesn't count."""
    return datetime.fromisoformat(text.upper()).astimezone(UTC).replace(microsecond=0)


def printed(instant: datetime, zone: tzinfo) -> str:
    """An instant in a zone, with its offset; UTC as Z."""
    return instant.astimezone(zone).isoformat(timespec="seconds").replace("+00:00", "Z")


def stamp(instant: datetime) -> str:
    """When something was made or changed."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
