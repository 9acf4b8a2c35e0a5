"""Prints events the way Graph does."""

import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sandbox.graph.call import Call
from sandbox.world.expansion import Instance, zone_of
from sandbox.world.ids import change_key
from sandbox.world.model import Calendar, Event
from sandbox.world.recurrence import Recurrence
from sandbox.world.zones import to_instant, to_wall

_NEVER = "0001-01-01T00:00:00Z"

EVENT_PROPERTIES = frozenset({
    "id", "createdDateTime", "lastModifiedDateTime", "changeKey", "categories", "transactionId",
    "originalStartTimeZone", "originalEndTimeZone", "originalStart", "iCalUId",
    "reminderMinutesBeforeStart", "isReminderOn", "hasAttachments", "subject", "bodyPreview", "importance",
    "sensitivity", "isAllDay", "isCancelled", "isOrganizer", "responseRequested", "seriesMasterId",
    "showAs", "type", "webLink", "onlineMeetingUrl", "isOnlineMeeting", "onlineMeetingProvider",
    "onlineMeeting", "allowNewTimeProposals", "occurrenceId", "isDraft", "hideAttendees", "responseStatus",
    "body", "start", "end", "location", "locations", "recurrence", "attendees", "organizer",
    "cancelledOccurrences", "exceptionOccurrences",
})  # fmt: skip
"""The properties of an event in the metadata of Graph v1.0, as of August 2026. Graph refuses to select any other."""


def etag(event: Event) -> str:
    """The @odata.etag of a stored event."""
    return f'W/"{change_key(event.uid, str(event.changes))}"'


def event_json(call: Call, calendar: Calendar, instance: Instance) -> dict[str, Any]:
    """An event with all its properties, in the zone and the id spelling the request prefers."""
    event, master = instance.event, instance.master
    events, person = call.world.events, call.person
    if event.sensitivity == "private" and not calendar.can_view_private:
        event = replace(
            event,
            subject="Private Appointment",
            body="",
            location="",
            locations=[],
            attendees=[],
            categories=[],
        )
    item_id = events.id_of(person, master or event, instance.original, immutable=call.immutable_ids)
    master_id = master and events.id_of(person, master, immutable=call.immutable_ids)
    printed = {
        "@odata.etag": etag(event),
        "id": item_id,
        "createdDateTime": _stamp(event.created),
        "lastModifiedDateTime": _stamp(event.modified),
        "changeKey": change_key(event.uid, str(event.changes)),
        **_times(call, instance),
        **_details(event),
        "iCalUId": f"040000008200E00074C5B7101A82E008{_ical_date(instance)}{(master or event).uid.encode().hex()}",
        "isOrganizer": event.response == "organizer",
        "seriesMasterId": master_id,
        "occurrenceId": f"OID.{master_id}.{instance.original}" if instance.original else None,
        "type": instance.type,
        "webLink": f"https://outlook.office365.com/owa/?itemid={item_id}&exvsurl=1&path=/calendar/item",
        "body": _body(event, as_text=call.plain_text),
        "recurrence": _recurrence(event.recurrence, event),
        **({"transactionId": event.transaction_id} if event.transaction_id else {}),
        **event.overrides,
    }
    return {name: value for name, value in printed.items() if name not in event.omitted}


def _times(call: Call, instance: Instance) -> dict[str, Any]:
    event = instance.event
    zone, name = call.zone, call.zone_name
    if event.all_day:
        # Graph prints midnight of the day itself in whatever zone was asked for: a date, not an instant.
        start, end = event.start, event.end
    else:
        start, end = to_wall(instance.start, zone), to_wall(instance.end, zone)
    original = {} if instance.original is None else {"originalStart": _original_start(instance)}
    return {
        "isAllDay": event.all_day,
        "originalStartTimeZone": event.zone if event.original_zone is None else event.original_zone,
        "originalEndTimeZone": event.zone if event.original_zone is None else event.original_zone,
        **original,
        "start": {"dateTime": _wall(start), "timeZone": name},
        "end": {"dateTime": _wall(end), "timeZone": name},
    }


def _original_start(instance: Instance) -> str:
    source = instance.master or instance.event
    wall = datetime.combine(instance.original or source.start, source.start.time())
    return _stamp(to_instant(wall, zone_of(source)))


def _details(event: Event) -> dict[str, Any]:
    return {
        **_meeting(event),
        **_people(event),
        **_places(event),
        "categories": event.categories,
        "reminderMinutesBeforeStart": event.reminder_minutes,
        "isReminderOn": event.reminder_on,
        "hasAttachments": False,
        "subject": event.subject,
        "bodyPreview": html.unescape(re.sub(r"<[^>]*>", "", event.body))[:255],
        "importance": event.importance,
        "sensitivity": event.sensitivity,
        "isCancelled": event.cancelled,
        "isDraft": False,
        "responseRequested": event.response_requested,
        "showAs": event.show_as,
    }


def _meeting(event: Event) -> dict[str, Any]:
    return {
        "onlineMeetingUrl": None,
        "isOnlineMeeting": event.online_meeting,
        "onlineMeetingProvider": event.online_meeting_provider,
        "onlineMeeting": {"joinUrl": event.meeting_url} if event.online_meeting else None,
    }


def _people(event: Event) -> dict[str, Any]:
    answered = event.response not in ("none", "organizer", "notResponded")
    return {
        "allowNewTimeProposals": True,
        "hideAttendees": event.hide_attendees,
        "responseStatus": {
            "response": event.response,
            "time": _stamp(event.modified) if answered else _NEVER,
        },
        "attendees": event.attendees,
        "organizer": {"emailAddress": {"name": event.organizer_name, "address": event.organizer_email}},
    }


def _places(event: Event) -> dict[str, Any]:
    place = {
        "displayName": event.location,
        "locationType": "default",
        "uniqueId": event.location,
        "uniqueIdType": "private" if event.location else "unknown",
    }
    return {"location": place, "locations": event.locations or ([place] if event.location else [])}


def _body(event: Event, *, as_text: bool) -> dict[str, str]:
    if as_text:
        text = event.body if event.body_type == "text" else re.sub(r"<[^>]*>", "", event.body)
        return {"contentType": "text", "content": text}
    content = event.body if event.body_type == "html" else html.escape(event.body).replace("\n", "<br>\r\n")
    head = '<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n</head>'
    page = f"<html>\r\n{head}\r\n<body>\r\n{content}\r\n</body>\r\n</html>\r\n" if content else ""
    return {"contentType": "html", "content": page}


def _recurrence(pattern: Recurrence | None, event: Event) -> dict[str, Any] | None:
    if pattern is None:
        return None
    end = pattern.until.isoformat() if pattern.until else "0001-01-01"
    kind = "numbered" if pattern.occurrences else "endDate" if pattern.until else "noEnd"
    return {
        "pattern": {
            "type": pattern.kind,
            "interval": pattern.interval,
            "month": pattern.month,
            "dayOfMonth": pattern.day_of_month,
            **({"daysOfWeek": list(pattern.days)} if pattern.days else {}),
            "firstDayOfWeek": pattern.first_day_of_week,
            "index": pattern.index,
        },
        "range": {
            "type": kind,
            "startDate": (pattern.starts or event.start.date()).isoformat(),
            "endDate": end,
            "recurrenceTimeZone": pattern.zone or event.zone,
            "numberOfOccurrences": pattern.occurrences or 0,
        },
    }


def _ical_date(instance: Instance) -> str:
    day = instance.original
    return f"{day.year:04X}{day.month:02X}{day.day:02X}" if day else "00000000"


def _wall(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond:06}0"


def _stamp(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{instant.microsecond:06}0Z"
