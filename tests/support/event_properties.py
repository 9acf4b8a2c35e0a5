"""What the service may ask for about events, and what may leave a provider for it: the one list, for all tests.

Each test on the sandbox is checked against it in the end, whatever it is about. Whoever needs another property of
events changes this list first, and with it what the service promises to people whose calendars it reads.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from sandbox.world.traffic import Traffic

Request = tuple[str, str]
"""Method and path, with ids as placeholders."""

EVENTS: Final = "/me/calendars/{calendar}/events"
VIEW: Final = ("GET", "/me/calendars/{calendar}/calendarView")
LIST: Final = ("GET", EVENTS)
EVENT: Final = ("GET", f"{EVENTS}/{{event}}")
CREATE: Final = ("POST", EVENTS)
CHANGE: Final = ("PATCH", f"{EVENTS}/{{event}}")
DELETE: Final = ("DELETE", f"{EVENTS}/{{event}}")
NOTIFICATION: Final = ("POST", "(notification)")
GOOGLE_EVENTS: Final = "/calendars/{calendarId}/events"
GOOGLE_LIST: Final = ("GET", GOOGLE_EVENTS)
GOOGLE_BUSY: Final = ("POST", "/freeBusy")
GOOGLE_EVENT: Final = ("GET", f"{GOOGLE_EVENTS}/{{eventId}}")
GOOGLE_CREATE: Final = ("POST", GOOGLE_EVENTS)
GOOGLE_CHANGE: Final = ("PATCH", f"{GOOGLE_EVENTS}/{{eventId}}")
GOOGLE_DELETE: Final = ("DELETE", f"{GOOGLE_EVENTS}/{{eventId}}")
ICLOUD_QUERY: Final = ("REPORT", "/{number}/{home}/{calendar}/")
ICLOUD_EVENT: Final = ("GET", "/{number}/{home}/{calendar}/{event}")
"""Of the service's own events alone, before they are changed: CalDAV takes an event as a whole, so what its owner wrote
has to be sent back."""

PLAIN: Final = frozenset({"Prefer: idtype=ImmutableId", "Prefer: outlook.timezone=UTC"})
"""Preferences that say how something is written, and bring nothing more."""
OWN_TAG: Final = "id eq 'String {b6ce3c0f-54b1-4f0e-8c3e-6b0f3ad0c8a7} Name CalendarSyncSession'"
"""The extended property that the service gives its own events."""
_LISTED_AT_GOOGLE: Final = frozenset(
    {
        "id",
        "status",
        "transparency",
        "eventType",
        "start.date",
        "start.dateTime",
        "end.date",
        "end.dateTime",
        "attendees.self",
        "attendees.responseStatus",
    }
)
_WRITTEN_AT_GOOGLE: Final = frozenset({"id", "status", "start.dateTime", "end.dateTime"})
"""Answers to writing: whether it was done."""
_VERSION_AT_GOOGLE: Final = frozenset({"id", "status", "etag"})
_EMPTY_AT_GOOGLE: Final = frozenset({"start", "end"})
"""Of an all-day event nothing is left of these."""
_QUERIED_OF_ICLOUD: Final = frozenset(
    {
        "VCALENDAR.VERSION",
        "VEVENT.UID",
        "VEVENT.DTSTART",
        "VEVENT.DTEND",
        "VEVENT.DURATION",
        "VEVENT.RRULE",
        "VEVENT.RDATE",
        "VEVENT.EXDATE",
        "VEVENT.RECURRENCE-ID",
        "VEVENT.STATUS",
        "VEVENT.TRANSP",
        "VEVENT.X-MICROSOFT-CDO-BUSYSTATUS",
        "VEVENT.ATTENDEE",
        "VTIMEZONE.*",
    }
)
"""Of the guests' lines all come where the server names them; the person's own answer is kept."""
_ZONES_OF_ICLOUD: Final = frozenset(
    {
        "TZID",
        *(
            f"{part}.{line}"
            for part in ("STANDARD", "DAYLIGHT")
            for line in ("DTSTART", "RRULE", "RDATE", "TZNAME", "TZOFFSETFROM", "TZOFFSETTO")
        ),
    }
)


def _fields(names: frozenset[str]) -> frozenset[str]:
    return frozenset(f"fields={name}" for name in names)


ASKED: Final[Mapping[Request, frozenset[str]]] = {
    VIEW: PLAIN
    | {
        "$select=id",
        "$select=start",
        "$select=end",
        "$select=isAllDay",
        "$select=showAs",
        "$select=isCancelled",
        "$select=responseStatus",
        "$select=transactionId",
        "startdatetime",
        "enddatetime",
        "$top",
        "$skiptoken",
    },
    LIST: PLAIN
    | {
        "$select=id",
        "$select=transactionId",
        f"$expand=singleValueExtendedProperties($filter={OWN_TAG})",
        f"$filter=singleValueExtendedProperties/Any(ep: ep/{OWN_TAG} and ep/value eq)",
    },
    EVENT: PLAIN | {"$select=id", "$select=start", "$select=end", "$select=transactionId"},
    CREATE: PLAIN,
    CHANGE: PLAIN | {"Prefer: return=minimal"},
    DELETE: PLAIN,
    GOOGLE_LIST: _fields(frozenset(f"items.{name}" for name in _LISTED_AT_GOOGLE))
    | {
        "fields=kind",
        "fields=accessRole",
        "fields=nextPageToken",
        "timeMin",
        "timeMax",
        "timeZone",
        "singleEvents",
        "showDeleted",
        "maxAttendees",
        "maxResults",
        "pageToken",
    },
    GOOGLE_EVENT: _fields(_VERSION_AT_GOOGLE),
    GOOGLE_CREATE: _fields(_WRITTEN_AT_GOOGLE) | {"sendUpdates"},
    GOOGLE_CHANGE: _fields(_WRITTEN_AT_GOOGLE) | {"sendUpdates"},
    GOOGLE_DELETE: frozenset({"sendUpdates"}),
    ICLOUD_QUERY: frozenset({"prop=getetag", "prop=calendar-data"})
    | {f"calendar-data={name}" for name in _QUERIED_OF_ICLOUD},
    ICLOUD_EVENT: frozenset({"calendar-data=*"}),
}
_IDS: Final = frozenset({"@odata.etag", "id", "transactionId"})
_TIMES: Final = frozenset({"start.dateTime", "start.timeZone", "end.dateTime", "end.timeZone"})
LEFT: Final[Mapping[Request, frozenset[str]]] = {
    VIEW: _IDS
    | _TIMES
    | {"isAllDay", "showAs", "isCancelled", "responseStatus.response", "responseStatus.time"},
    LIST: _IDS | {"singleValueExtendedProperties.id", "singleValueExtendedProperties.value"},
    EVENT: _IDS | _TIMES,
    NOTIFICATION: frozenset({"@odata.etag", "@odata.id", "@odata.type", "id"}),
    GOOGLE_LIST: _LISTED_AT_GOOGLE,
    GOOGLE_BUSY: frozenset({"busy.start", "busy.end"}),
    GOOGLE_EVENT: _VERSION_AT_GOOGLE,
    GOOGLE_CREATE: _WRITTEN_AT_GOOGLE,
    GOOGLE_CHANGE: _WRITTEN_AT_GOOGLE | _EMPTY_AT_GOOGLE,
    ICLOUD_QUERY: frozenset({"getetag", "calendar-data.VERSION"})
    | {f"calendar-data.{name}" for name in _QUERIED_OF_ICLOUD if name.startswith("VEVENT.")}
    | {f"calendar-data.VTIMEZONE.{name}" for name in _ZONES_OF_ICLOUD},
}
"""What comes along unasked, such as tags, included."""
ANSWERED_WHOLE: Final = frozenset({CREATE, CHANGE, ICLOUD_EVENT})
"""The whole of an event of the service's own. Microsoft answers so what has just been written."""


def violations(traffic: Traffic) -> Iterator[str]:
    """What was asked for, or left, beyond the list; and what Google's description doesn't know of a request."""
    for mistake in traffic.mistakes:
        yield f"{mistake.method} {mistake.path}: {mistake.mistake}"
    for question in traffic.questions():
        request = (question.method, question.path)
        if question.asked not in ASKED.get(request, frozenset()):
            yield f"{question.method} {question.path} asked for {question.asked}"
    for left in traffic.ledger():
        request = (left.method, left.path)
        if request not in ANSWERED_WHOLE and left.property not in LEFT.get(request, frozenset()):
            yield f"{left.method} {left.path} brought {left.property}"
