"""Time zones: names callers may give, and the instants at which local days begin."""

import zoneinfo
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from domain.errors import DomainError
from domain.interval import Interval


@dataclass(kw_only=True, eq=False)
class TimeZoneUnknown(DomainError):
    """The name in this field of the request is not a zone of the IANA time zone database."""

    field: str = "expert.time_zone"


def zone_named(name: str) -> ZoneInfo:
    """The zone of an IANA name such as `Pacific/Auckland`.

    Raises TimeZoneUnknown, also for the names the database keeps for its own use.
    """
    # Asked first: where zones are files of a package, `America.Argentina/Salta` would be found as well.
    if name not in _names():
        raise TimeZoneUnknown
    return _zone(name)


def local_days(first: date, after_last: date, zone: ZoneInfo) -> Interval | None:
    """The instants of the local days from `first` up to, not including, `after_last`; at least those of `first`.

    A day is 23 or 25 hours long where the clock changes. None when the zone never had these days: places that moved
    across the date line left one out, Samoa 2011-12-30.
    """
    begin, end = _day_begins(first, zone), _day_begins(max(after_last, first + timedelta(days=1)), zone)
    return Interval(begin, end) if begin < end else None


@cache
def _names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"})


@cache
def _zone(name: str) -> ZoneInfo:
    """Kept, since the library keeps the last eight only, and reading one takes as long as a query."""
    return ZoneInfo(name)


def _day_begins(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day.

    Where midnight does not exist (clocks jump over it) the day begins at the jump; fold=0 reads a skipped midnight with
    the offset from before the jump, which names that very instant. Where midnight comes twice, the first counts.
    """
    return datetime.combine(day, time(), tzinfo=zone).replace(fold=0).astimezone(UTC)
