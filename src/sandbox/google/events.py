"""Reading events: a calendar's list over a window, and one by its id."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from sandbox.answers import Answer
from sandbox.google import times
from sandbox.google.call import Call, page_of
from sandbox.google.errors import (
    GoogleError,
    bad_request,
    empty_range,
    forbidden,
    invalid,
    missing_scope,
    not_found,
)
from sandbox.google.event_json import WIDEST_ZONE, Printer, Sight, id_of, instance_id, span
from sandbox.google.listed import Listed
from sandbox.google.scopes import PREFIX
from sandbox.world.expansion import Instance, instance_of, occurrence_of, view
from sandbox.world.model import Event
from sandbox.world.zones import find_zone

_LARGEST_PAGE = 2500
_USUAL_PAGE = 250
_EVERYWHERE = frozenset(
    PREFIX + name for name in ("calendar", "calendar.readonly", "calendar.events", "calendar.events.readonly")
)
_OWNED = frozenset(PREFIX + name for name in ("calendar.events.owned", "calendar.events.owned.readonly"))
_AVAILABILITY = PREFIX + "calendar.events.freebusy"


def list_events(call: Call) -> Answer:
    """events.list."""
    listed = call.listed()
    printer = printer_of(call, listed)
    if call.option("syncToken") is not None:
        raise GoogleError(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
    if call.option("orderBy") == "startTime" and not call.flag("singleEvents"):
        raise bad_request()
    items = list(_items(call, listed, printer))
    page, following = page_of(call, items, _LARGEST_PAGE, _USUAL_PAGE)
    body = {
        "kind": "calendar#events",
        "etag": '"p1"',
        "summary": listed.id if listed.calendar.is_default else listed.calendar.name,
        "updated": times.stamp(call.world.clock.now()),
        "timeZone": call.option("timeZone") or listed.zone_name,
        "accessRole": listed.role,
        "defaultReminders": [],
        **following,
        "items": page,
    }
    call.record_events(body)
    return Answer(body=body)


def get_event(call: Call) -> Answer:
    """events.get. What was deleted is still there, as cancelled."""
    listed = call.listed()
    body = find(call, listed, printer_of(call, listed))
    call.record_events(body)
    return Answer(body=body)


def find(call: Call, listed: Listed, printer: Printer) -> dict[str, Any]:
    """The event that the path names, as it is to be shown; raises GoogleError."""
    wanted, folder = call.ids["eventId"], listed.calendar.folder
    for event in folder.events.values():
        if id_of(event) == wanted:
            return printer.event(instance_of(event))
        if (instance := find_occurrence(event, wanted)) is not None:
            return printer.event(instance)
        for original, changed in event.exceptions.items():
            if changed is None and (gone := printer.cancelled(event, original))["id"] == wanted:
                return gone
    for event in folder.gone.values():
        if id_of(event) == wanted:
            return printer.gone(event, moved=_is_elsewhere(call, event))
    raise not_found()


def zone_of_answer(call: Call, listed: Listed) -> tzinfo:
    """The zone that times are to be written in; raises GoogleError for an unknown one."""
    name = call.option("timeZone")
    zone = listed.zone if name is None else find_zone(name)
    if zone is None:
        raise invalid("timeZone")
    return zone


def sight_of(call: Call, listed: Listed) -> Sight:
    """How much of this calendar's events the token and the person's role let them see; raises GoogleError."""
    scopes, settings = call.token.scopes, call.settings
    opened = bool(scopes & _EVERYWHERE) or (bool(scopes & _OWNED) and listed.is_owned)
    if opened:
        return "full" if listed.at_least("reader") else "times"
    if _AVAILABILITY not in scopes:
        raise forbidden() if scopes & _OWNED else missing_scope()
    match settings.availability_scope:
        case "refused":
            raise missing_scope()
        case "with_transparency":
            return "times_and_transparency"
    return "times"


def printer_of(call: Call, listed: Listed) -> Printer:
    """Writes events of this calendar as the call wants them, and as far as it may see them; raises GoogleError."""
    most = call.option("maxAttendees")
    return Printer(
        listed=listed,
        zone=zone_of_answer(call, listed),
        sight=sight_of(call, listed),
        most_attendees=None if most is None else int(most),
    )


def _items(call: Call, listed: Listed, printer: Printer) -> Iterator[dict[str, Any]]:
    kinds = set(call.query.get("eventTypes", []))
    found = [printer.event(one) for one in _instances(call, listed)]
    found += _deleted(call, listed, printer)
    if call.option("orderBy") == "updated":
        found.sort(key=lambda one: str(one.get("updated", "")))
    for item in found:
        kind = item.get("eventType", "default")
        shown = item.get("status") != "cancelled" or call.flag("showDeleted") or "recurringEventId" in item
        if shown and (not kinds or kind in kinds):
            yield item


def _instances(call: Call, listed: Listed) -> list[Instance]:
    begin, end = _window(call)
    zone = UTC if call.settings.all_day_zone == "UTC" else listed.zone
    stored = list(listed.calendar.folder.events.values())
    if not call.flag("singleEvents"):
        stored = [one for one in stored if one.recurrence is None or _any(one, begin, end, zone)]
        masters = [instance_of(one) for one in stored if one.recurrence is not None]
        stored = [one for one in stored if one.recurrence is None]
        return masters + _within(stored, begin, end, zone)
    if end is None and any(one.recurrence is not None for one in stored):
        # Google stops somewhere in the future, too; the sandbox does so after two years.
        end = call.world.clock.now() + timedelta(days=2 * 365)
    return _within(stored, begin, end, zone)


def _any(series: Event, begin: datetime | None, end: datetime | None, zone: tzinfo) -> bool:
    return end is None or bool(_within([series], begin, end, zone))


def _within(
    stored: list[Event], begin: datetime | None, end: datetime | None, zone: tzinfo
) -> list[Instance]:
    """What ends after the one bound and begins before the other."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    low = first if begin is None else begin - WIDEST_ZONE
    high = last if end is None else end + WIDEST_ZONE
    found = []
    for instance in view(stored, low, high):
        starts, ends = span(instance.event, zone)
        if (begin is None or ends > begin) and (end is None or starts < end):
            found.append(instance)
    return found


def _deleted(call: Call, listed: Listed, printer: Printer) -> list[dict[str, Any]]:
    """Deleted occurrences and events: where they were asked for, or come unasked."""
    asked, folder = call.flag("showDeleted"), listed.calendar.folder
    found = []
    if asked or call.settings.lists_cancelled_instances:
        for series in folder.events.values():
            found += [printer.cancelled(series, day) for day, one in series.exceptions.items() if one is None]
    if asked:
        found += [printer.gone(one, moved=_is_elsewhere(call, one)) for one in folder.gone.values()]
    return found


def _window(call: Call) -> tuple[datetime | None, datetime | None]:
    bounds = [call.option("timeMin"), call.option("timeMax")]
    begin, end = (None if one is None else times.parse(one) for one in bounds)
    if begin is not None and end is not None and begin >= end:
        raise empty_range()
    return begin, end


def find_occurrence(series: Event, wanted: str) -> Instance | None:
    """One occurrence of a series by its id."""
    head, _, stamp = wanted.rpartition("_")
    if series.recurrence is None or head != id_of(series):
        return None
    for day in _days_near(stamp):
        found = occurrence_of(series, day)
        if found is not None and instance_id(series, found) == wanted:
            return found
    return None


def _days_near(stamp: str) -> Iterator[date]:
    """An occurrence's day in its own zone may be the one before or after the day in UTC."""
    try:
        day = datetime.strptime(stamp[:8], "%Y%m%d").date()  # noqa: DTZ007 - a date without a zone
    except ValueError:
        return
    for shift in (-1, 0, 1):
        yield date.fromordinal(day.toordinal() + shift)


def _is_elsewhere(call: Call, event: Event) -> bool:
    return any(
        event.uid in calendar.folder.events
        for person in call.world.people.all()
        for calendar in person.calendars
    )
