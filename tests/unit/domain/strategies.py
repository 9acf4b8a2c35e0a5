"""Values for property tests of the domain."""

import zoneinfo
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.interval import Interval
from tests.builders import NOW

ZONE_NAMES = sorted(zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"})

WINDOW = Interval(NOW, NOW + timedelta(days=3))

zones = st.sampled_from(ZONE_NAMES).map(ZoneInfo)

served_dates = st.dates(date(1980, 1, 1), date(2199, 12, 31))
"""The years callers may ask about."""

served_instants = st.datetimes(datetime(1980, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def intervals(draw: st.DrawFn, *, around: Interval = WINDOW) -> Interval:
    """Of whole hours, from a day before `around` to a day after: often touching, often the same."""
    day = timedelta(days=1)
    hours = int((around.length + 2 * day) / timedelta(hours=1))
    start = draw(st.integers(0, hours - 1))
    end = draw(st.integers(start + 1, hours))
    return Interval(around.start - day + timedelta(hours=start), around.start - day + timedelta(hours=end))


def covered_hours(intervals: tuple[Interval, ...] | list[Interval]) -> set[datetime]:
    """The beginnings of the hours that lie in any of the intervals, which must be of whole hours."""
    hour = timedelta(hours=1)
    return {
        interval.start + number * hour
        for interval in intervals
        for number in range(int(interval.length / hour))
    }
