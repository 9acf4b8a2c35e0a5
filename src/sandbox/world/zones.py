"""Time zone names as Outlook knows them: Windows names, IANA names, and those it refuses.

The Windows names are those of the package tzlocal, which generates them from CLDR's windowsZones.xml.
"""

from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from tzlocal.windows_tz import win_tz


@cache
def _iana_names() -> frozenset[str]:
    return frozenset(available_timezones())


def find_zone(name: str) -> tzinfo | None:
    """The zone of a Windows or IANA name, or None for a name that Graph would refuse."""
    if name in ("UTC", "Etc/UTC", "Etc/GMT"):
        return UTC
    iana = win_tz.get(name, name)
    return ZoneInfo(iana) if iana in _iana_names() else None


def to_instant(wall: datetime, zone: tzinfo) -> datetime:
    """The UTC instant of a wall-clock time. A time inside a gap moves by the gap; of two, the first counts."""
    return wall.replace(tzinfo=zone).astimezone(UTC)


def to_wall(instant: datetime, zone: tzinfo) -> datetime:
    """The naive wall-clock time of an instant in a zone."""
    return instant.astimezone(zone).replace(tzinfo=None)
