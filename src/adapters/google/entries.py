"""From Google's events to calendar entries; we only ask for times, status and ids."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from adapters.google.event_ids import mark_in
from adapters.google.times import day_from, placed, time_from
from adapters.web.outside_text import id_from
from domain.access import InvalidAnswer
from domain.blocking import CalendarEntry, Days, Instants, ShowAs, UnplacedTimes

SELECTED: Final = (
    "kind,accessRole,nextPageToken,items(id,status,transparency,eventType,"
    "start(date,dateTime),end(date,dateTime),attendees(self,responseStatus))"
)
"""All that is asked for. `accessRole` says whether the answer shows more of an event than its times."""

_KINDS: Final[Mapping[str, ShowAs]] = {
    "workinglocation": ShowAs.WORKING_ELSEWHERE,
    "birthday": ShowAs.FREE,
}
"""The kinds of events that never block, whatever their transparency."""


_MARK_DIGITS: Final = 32
"""No id that is shorter carries a mark."""


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
        mark=mark_in(remote_id) if remote_id and len(remote_id) >= _MARK_DIGITS else None,
        remote_id=remote_id,
    )


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
        return _days(day_from(start.get("date")), day_from(end.get("date")))
    # A day and an instant: where the day begins nobody can say.
    return placed(_naive_time(start), _naive_time(end))


def _days(first: date, after_last: date) -> Days:
    """Reversed ones cover what lies between them."""
    if after_last < first:
        return Days(after_last, first + timedelta(days=1))
    return Days(first, after_last)


def _naive_time(side: Mapping[str, Any]) -> datetime:
    text = side.get("dateTime")
    if text is None:
        return datetime.combine(day_from(side.get("date")), time())
    at = time_from(text)
    return placed(at, at).start.replace(tzinfo=None)  # in UTC, as it was asked for


def _word(value: object) -> str:
    """One of Google's words in small letters; empty where there is none, which stands for the usual one."""
    return value.casefold() if isinstance(value, str) else ""
