"""How far a provider's clock is from ours, by the dates of its answers."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from application.ports.alarms import Alarms

LEEWAY = timedelta(minutes=5)
"""Clocks may differ by this much, as Microsoft's own libraries allow (`ClockSkew` of Microsoft.IdentityModel)."""


def clock_difference(date: str | None, *, asked_at: datetime, answered_at: datetime) -> timedelta | None:
    """How much is certain of what the other clock is ahead of ours, negative when it is behind.

    `date` is the Date header of an answer. None where it is missing or can't be read.
    """
    if date is None:
        return None
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    if theirs > answered_at:
        return theirs - answered_at
    return min(theirs - asked_at, timedelta())


def tell_clock(alarms: Alarms, difference: timedelta | None) -> None:
    """`difference` is that of an answer just come; None where it tells nothing."""
    if difference is None:
        return
    if abs(difference) > LEEWAY:
        alarms.clock_differs(difference)
    else:
        alarms.clock_agrees()
