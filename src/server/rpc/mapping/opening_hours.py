"""Opening hours of a request.

There may be thousands of numbers in them. They are held to the contract's comments here: rules in its own language
would take a tenth of a second.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from google.type.date_pb2 import Date
from google.type.timeofday_pb2 import TimeOfDay

from calendarsync.v1.availability_service_pb2 import OpeningHours as OpeningHoursMessage
from calendarsync.v1.availability_service_pb2 import OpenSpan
from domain.opening_hours import OpeningHours
from domain.spans import MICROSECOND, Span
from server.rpc.faults import RequestInvalid, invalid

WHOLE_DAY: Final = timedelta(days=1)
YEARS: Final = range(1980, 2201)
"""In which windows may be."""


def opening_hours_from(given: OpeningHoursMessage, field: str) -> OpeningHours:
    """Raises RequestInvalid."""
    weekdays: dict[int, Sequence[Span]] = {}
    for index, weekday in enumerate(given.weekdays):
        name = f"{field}.weekdays[{index}]"
        # The contract's Monday is 1.
        if weekday.day - 1 in weekdays:
            raise _repeated(f"{name}.day")
        weekdays[weekday.day - 1] = _spans(weekday.spans, name)
    dates: dict[date, Sequence[Span]] = {}
    for index, exception in enumerate(given.dates):
        name = f"{field}.dates[{index}]"
        day = _date(exception.date, f"{name}.date")
        if day in dates:
            raise _repeated(f"{name}.date")
        dates[day] = _spans(exception.spans, name)
    return OpeningHours(weekdays=weekdays, dates=dates)


def _spans(given: Iterable[OpenSpan], field: str) -> list[Span]:
    return [_span(one, f"{field}.spans[{index}]") for index, one in enumerate(given)]


def _span(given: OpenSpan, field: str) -> Span:
    start = _time_of_day(given.start_time, f"{field}.start_time")
    end = _time_of_day(given.end_time, f"{field}.end_time")
    if end <= start:
        raise invalid(field, "open_span.order", "start_time must come before end_time")
    return start // MICROSECOND, end // MICROSECOND


def _time_of_day(given: TimeOfDay, field: str) -> timedelta:
    time = timedelta(hours=given.hours, minutes=given.minutes, seconds=given.seconds)
    in_range = given.hours in range(25) and given.minutes in range(60) and given.seconds in range(60)
    if not in_range or given.nanos or time > WHOLE_DAY:
        raise invalid(field, "time_of_day", "must be a time from 00:00 to 24:00, without nanos")
    return time


def _date(given: Date, field: str) -> date:
    try:
        if given.year in YEARS:
            return date(given.year, given.month, given.day)
    except ValueError:
        pass
    raise invalid(field, "date", "must be a date of the years 1980 to 2200")


def _repeated(field: str) -> RequestInvalid:
    return invalid(field, "unique", "must not be named twice")
