"""From Google's events to calendar entries; we only ask for times, status and ids."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from adapters.web.outside_text import id_from
from domain.access import InvalidAnswer
from domain.blocking import CalendarEntry, Days, Instants, ShowAs, UnplacedTimes
from domain.ids import EventMark

SELECTED: Final = (
    "accessRole,nextPageToken,items(id,status,transparency,eventType,"
    "start(date,dateTime),end(date,dateTime),attendees(self,responseStatus))"
)
"""All that is asked for. `accessRole` says whether the answer shows more of an event than its times."""

_KINDS: Final[Mapping[str, ShowAs]] = {
    "workinglocation": ShowAs.WORKING_ELSEWHERE,
    "birthday": ShowAs.FREE,
}
"""The kinds of events that never block, whatever their transparency."""

_FIRST_YEAR, _LAST_YEAR = 2, 9998
"""Beyond these, moving a time to another zone leaves the calendar."""
_LEAP_SECOND: Final = re.compile(r"(?<=T\d\d:\d\d):60")
_OURS: Final = re.compile(r"([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})(_[0-9TZ]+)?")
_MARK_DIGITS: Final = 32


def entry_from_google(event: Mapping[str, Any]) -> CalendarEntry | None:
    """None for a cancelled event without times: Google lists some, with hardly more than an id.

    Raises InvalidAnswer for any other event without readable times; everything else has a safe reading.
    """
    start, end, status = event.get("start"), event.get("end"), event.get("status")
    cancelled = status != "confirmed" and _word(status) == "cancelled"
    if cancelled and (start is None or end is None):
        return None
    kind, transparency = event.get("eventType"), event.get("transparency")
    usual = transparency is None and kind in (None, "default")
    remote_id = id_from(event.get("id"))
    return CalendarEntry(
        when=_when(start, end),
        show_as=ShowAs.BUSY if usual else _show_as(_word(kind), _word(transparency)),
        cancelled=cancelled,
        declined="attendees" in event and _declined(event["attendees"]),
        mark=None if remote_id is None or len(remote_id) < _MARK_DIGITS else _mark(remote_id),
        remote_id=remote_id,
    )


def placed(start: datetime, end: datetime) -> Instants | UnplacedTimes:
    """Times without an offset block generously: nobody can say where they are. Raises InvalidAnswer."""
    if not (_FIRST_YEAR <= start.year <= _LAST_YEAR and _FIRST_YEAR <= end.year <= _LAST_YEAR):
        raise InvalidAnswer(what="an event outside the calendar")
    if start.tzinfo is UTC and end.tzinfo is UTC:
        return Instants(start, end)
    if start.tzinfo is None or end.tzinfo is None:
        return UnplacedTimes(start.replace(tzinfo=None), end.replace(tzinfo=None))
    return Instants(start.astimezone(UTC), end.astimezone(UTC))


def time_from(text: object) -> datetime:
    """A time as RFC 3339 writes it, or without an offset. Raises InvalidAnswer."""
    try:
        return datetime.fromisoformat(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return _unusual_time(text)


def _show_as(kind: str, transparency: str) -> ShowAs:
    """Free only what Google says is free; words never seen before say nothing."""
    if kind in _KINDS:
        return _KINDS[kind]
    if transparency == "transparent":
        return ShowAs.FREE
    return ShowAs.OUT_OF_OFFICE if kind == "outofoffice" else ShowAs.BUSY


def _declined(attendees: object) -> bool:
    """By the person whose calendar it is: the answers of others are theirs."""
    return isinstance(attendees, list) and any(
        isinstance(one, dict) and one.get("self") is True and _word(one.get("responseStatus")) == "declined"
        for one in attendees
    )


def _mark(remote_id: str) -> EventMark | None:
    """Of an event of ours, and of each occurrence where its owner made a series of it."""
    may_be = len(remote_id) == _MARK_DIGITS or remote_id[_MARK_DIGITS] == "_"
    found = _OURS.fullmatch(remote_id) if may_be else None
    return None if found is None else EventMark("-".join(found.groups()[:5]))


def _when(start: object, end: object) -> Instants | Days | UnplacedTimes:
    try:
        begins = datetime.fromisoformat(start["dateTime"])  # type: ignore[index]
        ends = datetime.fromisoformat(end["dateTime"])  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return _unusual_when(start, end)
    return placed(begins, ends)


def _unusual_when(start: object, end: object) -> Instants | Days | UnplacedTimes:
    if not isinstance(start, dict) or not isinstance(end, dict):
        raise InvalidAnswer(what="an event without times")
    begins, ends = start.get("dateTime"), end.get("dateTime")
    if begins is not None and ends is not None:
        return placed(time_from(begins), time_from(ends))
    if begins is None and ends is None:
        return _days(_day(start), _day(end))
    # A day and an instant: where the day begins nobody can say.
    return placed(_naive_time(start), _naive_time(end))


def _days(first: date, after_last: date) -> Days:
    """Reversed ones cover what lies between them."""
    if after_last < first:
        return Days(after_last, first + timedelta(days=1))
    return Days(first, after_last)


def _day(side: Mapping[str, Any]) -> date:
    try:
        day = date.fromisoformat(side["date"])
    except (KeyError, TypeError, ValueError):
        raise InvalidAnswer(what="an event without times") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise InvalidAnswer(what="an event outside the calendar")
    return day


def _naive_time(side: Mapping[str, Any]) -> datetime:
    text = side.get("dateTime")
    if text is None:
        return datetime.combine(_day(side), time())
    at = time_from(text)
    return placed(at, at).start.replace(tzinfo=None)  # in UTC, as it was asked for


def _unusual_time(text: object) -> datetime:
    """What RFC 3339 allows and Python doesn't: small letters, and leap seconds, for which the next second stands."""
    if isinstance(text, str):
        usual, leaps = _LEAP_SECOND.subn(":59", text.upper())
        try:
            return datetime.fromisoformat(usual) + timedelta(seconds=leaps)
        except (ValueError, OverflowError):
            pass
    raise InvalidAnswer(what="an event without times")


def _word(value: object) -> str:
    """One of Google's words in small letters; empty where there is none, which stands for the usual one."""
    return value.casefold() if isinstance(value, str) else ""
