"""Times as RFC 3339 writes them, which is how Google does."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from domain.access import InvalidAnswer
from domain.blocking import Instants, UnplacedTimes
from domain.interval import Interval

_FIRST_YEAR, _LAST_YEAR = 2, 9998
"""Beyond these, moving a time to another zone leaves the calendar."""
_LEAP_SECOND: Final = re.compile(r"(?<=T\d\d:\d\d):60")
_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(microsecond=0, tzinfo=UTC)


def bounds(window: Interval, *, margin: timedelta = timedelta()) -> tuple[str, str]:
    """The whole seconds that hold the window widened by `margin`, as far as there are times."""
    start = window.start - min(margin, window.start - _EARLIEST)
    end = window.end + min(margin, max(_LATEST - window.end, timedelta()))
    if end.microsecond and end < _LATEST:
        end += timedelta(seconds=1)
    return _printed(start), _printed(end)


def placed(start: datetime, end: datetime) -> Instants | UnplacedTimes:
    """Times without an offset block generously: nobody can say where they are. Raises InvalidAnswer."""
    if not (_FIRST_YEAR <= start.year <= _LAST_YEAR and _FIRST_YEAR <= end.year <= _LAST_YEAR):
        raise InvalidAnswer(what="an event outside the calendar")
    if start.tzinfo is UTC and end.tzinfo is UTC:
        return Instants(start, end)
    if start.tzinfo is None or end.tzinfo is None:
        return UnplacedTimes(start.replace(tzinfo=None), end.replace(tzinfo=None))
    return Instants(start.astimezone(UTC), end.astimezone(UTC))


def day_from(text: object) -> date:
    """A date. Raises InvalidAnswer."""
    try:
        day = date.fromisoformat(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InvalidAnswer(what="an event without times") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise InvalidAnswer(what="an event outside the calendar")
    return day


def time_from(text: object) -> datetime:
    """A time as RFC 3339 writes it, or without an offset. Raises InvalidAnswer."""
    try:
        return datetime.fromisoformat(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return _unusual_time(text)


def _unusual_time(text: object) -> datetime:
    """What RFC 3339 allows and Python doesn't: small letters, and leap seconds, for which the next second stands."""
    if isinstance(text, str):
        usual, leaps = _LEAP_SECOND.subn(":59", text.upper())
        try:
            return datetime.fromisoformat(usual) + timedelta(seconds=leaps)
        except (ValueError, OverflowError):
            pass
    raise InvalidAnswer(what="an event without times")


def _printed(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
