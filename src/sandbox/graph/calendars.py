"""GET of calendars: the list, ten a page, and single ones."""

from sandbox.answers import Answer
from sandbox.graph.calendar_json import CALENDAR_PROPERTIES, calendar_json
from sandbox.graph.call import Call
from sandbox.graph.odata import page, require_known, select


def list_calendars(call: Call) -> Answer:
    """All calendars of the mailbox, shared ones included, unless the persona's list is switched to less."""
    calendars = call.world.calendars.of(call.person)
    match call.person.calendar_list:
        case "empty":
            calendars = []
        case "without_primary":
            calendars = [calendar for calendar in calendars if not calendar.is_default]
        case "normal":
            pass
    require_known(call, CALENDAR_PROPERTIES)
    part = page(call, calendars)
    body = {
        "@odata.context": f"{call.graph_url}/$metadata#users('{call.person.oid}')/calendars",
        "value": [select(call, calendar_json(call.person, item)) for item in part.items],
    }
    return Answer(body=body | ({"@odata.nextLink": part.next_link} if part.next_link else {}))


def get_calendar(call: Call) -> Answer:
    """One calendar, or the default one."""
    require_known(call, CALENDAR_PROPERTIES)
    return Answer(body=select(call, calendar_json(call.person, call.calendar())))
