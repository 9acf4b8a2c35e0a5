"""GET of events: calendar views, lists and single events."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.answers import Answer
from sandbox.graph.call import Call, applied_preferences
from sandbox.graph.errors import GraphError, invalid_parameter, too_slow
from sandbox.graph.event_json import EVENT_PROPERTIES, event_json
from sandbox.graph.odata import (
    expanded_property,
    extended_property_filter,
    page,
    page_size,
    require_known,
    select,
)
from sandbox.world.expansion import Instance, instance_of, view
from sandbox.world.model import Calendar, Event

# The figure is that of Exchange Web Services; Graph's own is not documented.
_WIDEST_VIEW = timedelta(days=731)
_NOT_IN_BASIC = ("body", "bodyPreview")
_SEES_BODIES = frozenset({"Calendars.Read", "Calendars.ReadWrite"})


def calendar_view(call: Call) -> Answer:
    """What touches the window: singles, occurrences and exceptions, in order of start."""
    begin, end = _window(call)
    calendar = call.calendar()
    largest = call.world.settings.largest_view_page
    if largest is not None and page_size(call) > largest:
        raise too_slow()
    return _list(call, calendar, view(_listed_in(call, calendar), begin, end), "calendarView")


def list_events(call: Call) -> Answer:
    """Singles and series masters of a calendar, all or those with one extended property."""
    calendar = call.calendar()
    events: Iterable[Event] = _listed_in(call, calendar)
    if wanted := extended_property_filter(call):
        name, value = wanted
        events = [event for event in events if event.extended.get(name, "").casefold() == value.casefold()]
    newest_first = sorted(events, key=lambda event: event.created, reverse=True)
    return _list(call, calendar, [instance_of(event) for event in newest_first], "events")


def get_event(call: Call) -> Answer:
    """One event, series or occurrence by its id."""
    found = call.event()
    return Answer(body=print_event(call, found.calendar, found.instance), headers=applied_preferences(call))


def list_instances(call: Call) -> Answer:
    """The occurrences and exceptions of one series that touch the window."""
    begin, end = _window(call)
    found = call.event()
    return _list(call, found.calendar, view([found.stored], begin, end), "instances")


def print_event(call: Call, calendar: Calendar, instance: Instance) -> dict[str, Any]:
    """An event as it leaves: what was selected, entered in the ledger."""
    require_known(call, EVENT_PROPERTIES)
    full = event_json(call, calendar, instance)
    if not call.token.scopes & _SEES_BODIES:
        full = {name: value for name, value in full.items() if name not in _NOT_IN_BASIC}
    printed = select(call, full)
    if (name := expanded_property(call)) and call.template.endswith(("/events", "/events/{event}")):
        value = instance.event.extended.get(name)
        printed["singleValueExtendedProperties"] = [] if value is None else [{"id": name, "value": value}]
    call.world.traffic.record_event(call.person.key, call.method, call.template, printed)
    return printed


def _listed_in(call: Call, calendar: Calendar) -> list[Event]:
    hides = not (calendar.can_view_private or call.world.settings.lists_private_events)
    return [
        event for event in calendar.folder.events.values() if not (hides and event.sensitivity == "private")
    ]


def _list(call: Call, calendar: Calendar, instances: list[Instance], what: str) -> Answer:
    require_known(call, EVENT_PROPERTIES)
    part = page(call, instances)
    owner = f"users('{call.person.oid}')/calendars('{calendar.id}')"
    body = {
        "@odata.context": f"{call.graph_url}/$metadata#{owner}/{what}",
        "value": [print_event(call, calendar, instance) for instance in part.items],
    }
    if part.next_link:
        body["@odata.nextLink"] = part.next_link
    return Answer(body=body, headers=applied_preferences(call))


def _window(call: Call) -> tuple[datetime, datetime]:
    begin, end = (_instant(call, name) for name in ("startDateTime", "endDateTime"))
    if end < begin:
        raise GraphError(400, "ErrorCalendarEndDateIsEarlierThanStartDate", "The end is before the start.")
    if end - begin > _WIDEST_VIEW:
        raise GraphError(400, "ErrorCalendarViewRangeTooBig", "The calendar view may span two years at most.")
    return begin, end


def _instant(call: Call, name: str) -> datetime:
    text = call.query.get(name.casefold())
    if text is None:
        raise invalid_parameter(
            f"This request requires a time window specified by the query string parameter {name}."
        )
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise invalid_parameter(f"The value of {name} is not a valid date and time.") from None
    # The preferred zone doesn't apply to the window: what has no offset counts as UTC.
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
