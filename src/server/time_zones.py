"""Which time zone database a process uses: that of the package, which is the same on every machine.

Python prefers the machine's own, however old it is. Two replicas on two images would disagree about a whole hour of
somebody's day, and the older one would call it free.
"""

import zoneinfo
from functools import cache
from importlib.metadata import version
from zoneinfo import ZoneInfo


def use_packaged_zones() -> None:
    """Call it at the start of every process, before the first zone is loaded. Again it does nothing: zones that were
    loaded since must stay what `ZoneInfo` gives, for they are compared by identity."""
    if zoneinfo.TZPATH:
        zoneinfo.reset_tzpath(to=())
        ZoneInfo.clear_cache()


@cache
def zones_version() -> str:
    """Of the package, such as 2026.6 for the sixth release of 2026."""
    return version("tzdata")
