"""Time zone names as calendars carry them: UTC, IANA names and Windows names.

The Windows names are not our own table: the package tzlocal generates them from CLDR's windowsZones.xml. `make lock`
brings the newest; a name it lacks is a zone that nobody can resolve.
"""

from datetime import UTC, tzinfo
from functools import lru_cache

from tzlocal.windows_tz import win_tz

from domain.zone import TimeZoneUnknown, zone_named

_WINDOWS = {name.casefold(): iana for name, iana in win_tz.items()}
_UTC_NAMES = frozenset(
    {"utc", "gmt", "etc/utc", "etc/gmt", "coordinated universal time", "tzone://microsoft/utc"}
)
"""Case-folded: names of UTC in the IANA database, and two of Microsoft's own."""


@lru_cache(maxsize=1024)
def zone_of(name: str) -> tzinfo | None:
    """The zone of a name; None for what nobody can resolve, such as Outlook's custom zones."""
    folded = name.strip().casefold()
    if folded in _UTC_NAMES:
        return UTC
    try:
        return zone_named(_WINDOWS.get(folded, name.strip()))
    except TimeZoneUnknown:
        return None
