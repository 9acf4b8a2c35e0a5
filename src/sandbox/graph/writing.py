"""POST, PATCH and DELETE of events."""

from typing import Any

from sandbox.answers import Answer
from sandbox.graph.call import Call, applied_preferences
from sandbox.graph.errors import GraphError, access_denied, invalid_property, stale_etag
from sandbox.graph.event_input import check_times, event_details, in_zone
from sandbox.graph.event_json import etag
from sandbox.graph.reading import print_event
from sandbox.world.events import Found
from sandbox.world.expansion import instance_of, occurrence_of
from sandbox.world.model import Calendar, Event
from sandbox.world.traffic import Invitation

_SHARED_SCOPE = "Calendars.ReadWrite.Shared"
_TIMES = ("start", "end", "zone", "all_day")


def create_event(call: Call) -> Answer:
    """A new event, 201. A transactionId seen before in this mailbox is answered as the settings say."""
    calendar = call.calendar()
    _require_writable(call, calendar)
    details = event_details(call.body, creating=True)
    if (first := _earlier(call, details.get("transaction_id"))) is not None:
        if call.world.settings.transaction_mode == "conflict":
            raise GraphError(409, "ErrorDuplicateTransactionId", "Your request can't be completed.")
        if call.world.settings.transaction_mode == "returns_first":
            return _printed(call, call.world.events.calendar_of(call.person, first), first, 201)
    event = _store(call, calendar, details)
    _invite(call, event, "created")
    answer = _printed(call, calendar, event, 201)
    if call.world.settings.etag_settles:
        call.world.events.touch(event)
    return answer


def update_event(call: Call) -> Answer:
    """Change an event, or make an exception of an occurrence."""
    found = call.event()
    _require_writable(call, found.calendar)
    _require_current(call, found)
    details = event_details(call.body, creating=False)
    times = _new_times(found.instance.event, details)
    event = _target(call, found)
    for name, value in times.items():
        setattr(event, name, value)
    if "extended" in details:
        details["extended"] = event.extended | details["extended"]
    if event.online_meeting and event.meeting_url not in details.get("body", event.meeting_url):
        details["online_meeting"] = False  # documented: the meeting goes with its block in the body
    call.world.events.change(event, **{key: value for key, value in details.items() if key not in _TIMES})
    _invite(call, event, "changed")
    original = found.instance.original
    instance = occurrence_of(found.stored, original) if original else instance_of(event)
    if instance is None:
        raise invalid_property()
    if call.wants_no_body:
        status = 204 if call.world.settings.minimal_answer == "no_content" else 200
        return Answer(status=status, headers=applied_preferences(call))
    return Answer(body=print_event(call, found.calendar, instance), headers=applied_preferences(call))


def delete_event(call: Call) -> Answer:
    """Delete an event, a series or one occurrence, 204."""
    found = call.event()
    _require_writable(call, found.calendar)
    _require_current(call, found)
    _invite(call, found.instance.event, "cancelled")
    if found.instance.original:
        call.world.events.delete_occurrence(found.stored, found.instance.original)
    else:
        call.world.events.delete(call.person, found.stored)
    return Answer(status=204)


def _store(call: Call, calendar: Calendar, details: dict[str, Any]) -> Event:
    times = {name: details.pop(name) for name in _TIMES if name in details}
    if call.person.tenant.is_personal:
        details["online_meeting"] = False
    start, end, zone = times["start"], times["end"], times["zone"]
    event = call.world.events.add(call.person, start, end, calendar=calendar, zone=zone, **details)
    event.all_day = times.get("all_day", False)
    if event.online_meeting:
        event.body += event.meeting_block
    return event


def _new_times(event: Event, details: dict[str, Any]) -> dict[str, Any]:
    times = {name: details.get(name, getattr(event, name)) for name in _TIMES}
    if "start" in details and "end" not in details:
        times["end"] = times["start"] + (event.end - event.start)
    if "end" in details and "start" not in details:
        times["start"] = in_zone(event.start, event.zone, times["zone"])
    check_times(times)
    return times


def _target(call: Call, found: Found) -> Event:
    if found.instance.original is None:
        return found.stored
    if found.instance.type == "exception":
        return found.instance.event
    return call.world.events.change_occurrence(found.stored, found.instance.original)


def _earlier(call: Call, transaction_id: str | None) -> Event | None:
    if transaction_id is None:
        return None
    mailbox = call.world.events.in_mailbox(call.person)
    return next((event for event in mailbox if event.transaction_id == transaction_id), None)


def _printed(call: Call, calendar: Calendar, event: Event, status: int) -> Answer:
    printed = print_event(call, calendar, instance_of(event))
    return Answer(status=status, body=printed, headers=applied_preferences(call))


def _require_writable(call: Call, calendar: Calendar) -> None:
    needs_scope = call.world.settings.shared_writes_need_scope and not calendar.can_share
    if not calendar.can_edit or (needs_scope and _SHARED_SCOPE not in call.token.scopes):
        raise access_denied()


def _require_current(call: Call, found: Found) -> None:
    if call.if_match not in (None, "*", etag(found.instance.event)):
        raise stale_etag()


def _invite(call: Call, event: Event, action: str) -> None:
    if event.attendees:
        invitation = Invitation(person=call.person.key, action=action, attendees=len(event.attendees))
        call.world.traffic.invitations.append(invitation)
