"""How long a provider wants us to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST_WAIT = timedelta(hours=1)
"""A longer wish is cut to this: it is more likely a fault than a plan, and asking again costs one request."""


def parse_retry_after(value: str | None, *, now: datetime | None = None) -> timedelta | None:
    """The wait a Retry-After header asks for, or None where it is absent or makes no sense.

    Seconds, with a fraction in some of Microsoft's answers (`2.128`), or an HTTP date, which counts from `now`
    (default: this machine's time).
    """
    if value is None:
        return None
    try:
        wait = timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - (now or datetime.now(UTC))
    return min(max(wait, timedelta()), LONGEST_WAIT)
