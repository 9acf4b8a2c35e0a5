"""From Graph's events to calendar entries; we only ask for times, status and marks."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from adapters.web.outside_text import id_from
from adapters.web.zone_names import zone_of
from domain.access import InvalidAnswer
from domain.blocking import CalendarEntry, Days, Instants, ShowAs, UnplacedTimes
from domain.ids import EventMark

SELECTED = "id,start,end,isAllDay,showAs,isCancelled,responseStatus,transactionId"
"""All that is asked for; Graph adds `@odata.etag` by itself, and nobody looks at it."""

_SHOW_AS: Mapping[str, ShowAs] = {
    "free": ShowAs.FREE,
    "tentative": ShowAs.TENTATIVE,
    "busy": ShowAs.BUSY,
    "oof": ShowAs.OUT_OF_OFFICE,
    "workingelsewhere": ShowAs.WORKING_ELSEWHERE,
}
_FIRST_YEAR, _LAST_YEAR = 2, 9998
"""LiveAnswers these, moving a time to another zone leaves the calendar."""


def entry_from_graph(event: Mapping[str, Any]) -> CalendarEntry:
    """Raises InvalidAnswer for an event without readable times; everything else has a safe reading."""
    show_as, response = event.get("showAs"), event.get("responseStatus")
    mark, remote_id = id_from(event.get("transactionId")), id_from(event.get("id"))
    return CalendarEntry(
        when=_when(event),
        show_as=_SHOW_AS.get(show_as.casefold(), ShowAs.UNKNOWN)
        if isinstance(show_as, str)
        else ShowAs.UNKNOWN,
        cancelled=event.get("isCancelled") is True,
        declined=isinstance(response, dict) and str(response.get("response")).casefold() == "declined",
        mark=EventMark(mark) if mark else None,
        remote_id=remote_id or None,
    )


def instant_of(time: object) -> datetime | None:
    """The instant of one of Graph's times, in UTC; None for a zone nobody can resolve. Raises InvalidAnswer."""
    return _instant(*_time(time))


def _when(event: Mapping[str, Any]) -> Instants | Days | UnplacedTimes:
    if event.get("isAllDay") is not True and (usual := _in_utc(event.get("start"), event.get("end"))):
        return usual
    (start, start_zone), (end, end_zone) = _time(event.get("start")), _time(event.get("end"))
    if event.get("isAllDay") is True and _at_midnight(start) and _at_midnight(end):
        # Graph prints midnight in whatever zone was asked for: the dates are meant, not the instants.
        return Days(start.date(), end.date())
    begins, ends = _instant(start, start_zone), _instant(end, end_zone)
    if begins is None or ends is None:
        return UnplacedTimes(start.replace(tzinfo=None), end.replace(tzinfo=None))
    return Instants(begins, ends)


def _in_utc(start: object, end: object) -> Instants | None:
    """Of times as nearly all come, because they are asked for so; None for all others."""
    try:
        if start["timeZone"] != "UTC" or end["timeZone"] != "UTC":  # type: ignore[index]
            return None
        # With the offset in the text they take a third of the time that they take with a zone put in afterwards.
        begins = datetime.fromisoformat(f"{start['dateTime']}Z")  # type: ignore[index]
        ends = datetime.fromisoformat(f"{end['dateTime']}Z")  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return None
    if not (_FIRST_YEAR <= begins.year <= _LAST_YEAR and _FIRST_YEAR <= ends.year <= _LAST_YEAR):
        return None
    return Instants(begins, ends)


def _time(value: object) -> tuple[datetime, str]:
    """A `dateTimeTimeZone`: wall-clock time with up to seven digits of fraction, and the name of its zone."""
    if not isinstance(value, dict):
        raise InvalidAnswer(what="an event without times")
    text, zone = value.get("dateTime"), value.get("timeZone")
    try:
        time = datetime.fromisoformat(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InvalidAnswer(what="an event without times") from None
    if not _FIRST_YEAR <= time.year <= _LAST_YEAR:
        raise InvalidAnswer(what="an event outside the calendar")
    return time, zone if isinstance(zone, str) else ""


def _instant(time: datetime, zone_name: str) -> datetime | None:
    """The instant, in UTC; an offset in the text, which Graph does not document, outweighs the zone's name."""
    if time.tzinfo is not None:
        return time.astimezone(UTC)
    zone = zone_of(zone_name)
    if zone is None:
        return None
    return time.replace(tzinfo=UTC) if zone is UTC else time.replace(tzinfo=zone).astimezone(UTC)


def _at_midnight(time: datetime) -> bool:
    return not (time.hour or time.minute or time.second or time.microsecond)
