"""Writing events: insert, patch, delete."""

from typing import Any

from sandbox.answers import Answer
from sandbox.google import event_input
from sandbox.google.call import Call
from sandbox.google.errors import (
    condition_not_met,
    deleted,
    duplicate,
    forbidden,
    no_write_access,
    not_found,
)
from sandbox.google.event_json import etag, id_of
from sandbox.google.events import find, find_occurrence, printer_of
from sandbox.google.listed import Listed
from sandbox.google.scopes import PREFIX
from sandbox.world.expansion import instance_of
from sandbox.world.model import Event
from sandbox.world.traffic import Invitation

_WRITES_EVERYWHERE = frozenset({f"{PREFIX}calendar", f"{PREFIX}calendar.events"})


def insert_event(call: Call) -> Answer:
    """events.insert, under the app's own id if it chooses one: such an id is good for one event ever."""
    listed = _writable(call)
    event_id = event_input.chosen_id(call.body)
    _require_unused(call, listed, event_id)
    given = event_input.times(call.body, listed)
    start, end = given.pop("start"), given.pop("end")
    details = event_input.details(call.body, {})
    event = call.world.events.add(
        call.person, start, end, calendar=listed.calendar, google_id=event_id, **given, **details
    )
    return _written(call, listed, event, "created")


def patch_event(call: Call) -> Answer:
    """events.patch: what is named changes, everything else stays."""
    listed = _writable(call)
    event = _stored(listed, call.ids["eventId"])
    if event is None:
        event = _revived(call, listed)
    else:
        _require_sight(listed, event)
        _require_match(call, event)
    whole = _with_whole_times(call.body, printer_of(call, listed).event(instance_of(event)))
    given = event_input.times(whole, listed) | event_input.details(call.body, event.google)
    call.world.events.change(event, **given)
    return _written(call, listed, event, "updated")


def delete_event(call: Call) -> Answer:
    """events.delete, of an event, a series, or one occurrence."""
    listed, wanted = _writable(call), call.ids["eventId"]
    event = _stored(listed, wanted)
    if event is not None:
        _require_sight(listed, event)
        _require_match(call, event)
        call.world.events.delete(call.person, event)
        _tell_guests(call, event, "deleted")
        return Answer(status=204)
    for series in listed.calendar.folder.events.values():
        occurrence = find_occurrence(series, wanted)
        if occurrence is not None and occurrence.original is not None:
            call.world.events.delete_occurrence(series, occurrence.original)
            return Answer(status=204)
    if find(call, listed, printer_of(call, listed))["status"] == "cancelled":
        raise deleted()
    raise not_found()


def _writable(call: Call) -> Listed:
    """The calendar of the path, if this token may write into it; raises GoogleError."""
    listed = call.listed()
    if not listed.at_least("writerWithoutPrivateAccess"):
        raise no_write_access(call.settings.write_refusal)
    if not (call.token.scopes & _WRITES_EVERYWHERE or listed.is_owned):
        raise forbidden()
    return listed


def _require_unused(call: Call, listed: Listed, event_id: str) -> None:
    if not event_id:
        return
    if _stored(listed, event_id) is not None:
        raise duplicate()
    if _grave(listed, event_id) is not None:
        raise duplicate() if call.settings.spent_id == "duplicate" else forbidden()


def _revived(call: Call, listed: Listed) -> Event:
    """What was deleted, brought back, where the settings let that work; raises GoogleError."""
    grave = _grave(listed, call.ids["eventId"])
    if grave is None or call.settings.patch_on_cancelled == "not_found":
        raise not_found()
    if call.settings.patch_on_cancelled == "forbidden" or not call.world.events.is_in_bin(grave):
        raise forbidden()
    _require_match(call, grave)
    return call.world.events.restore(grave.uid)


def _require_sight(listed: Listed, event: Event) -> None:
    """Whoever may not see private events may not change them."""
    if event.sensitivity != "normal" and not listed.at_least("writer"):
        raise forbidden()


def _require_match(call: Call, event: Event) -> None:
    if call.if_match not in (None, "*", etag(event)):
        raise condition_not_met()


def _with_whole_times(body: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The body with both ends, if it moves any, and with what it doesn't name of each as it is.

    So an all-day event that is given a `dateTime` has a date, too, unless a null takes that away (Google's answer to
    apps-api-issues 3110).
    """
    if not body.keys() & {"start", "end"}:
        return body
    whole = {name: now[name] | body.get(name, {}) for name in ("start", "end")}
    return body | {
        name: {member: value for member, value in time.items() if value is not None}
        for name, time in whole.items()
    }


def _stored(listed: Listed, event_id: str) -> Event | None:
    events = listed.calendar.folder.events.values()
    return next((event for event in events if id_of(event) == event_id), None)


def _grave(listed: Listed, event_id: str) -> Event | None:
    gone = listed.calendar.folder.gone.values()
    return next((event for event in gone if id_of(event) == event_id), None)


def _written(call: Call, listed: Listed, event: Event, action: str) -> Answer:
    _tell_guests(call, event, action)
    named = {**call.ids, "eventId": id_of(event)}
    body: dict[str, Any] = find(call.at(named), listed, printer_of(call, listed))
    call.record_events(body)
    return Answer(body=body)


def _tell_guests(call: Call, event: Event, action: str) -> None:
    """Google mails the guests where the app wants that."""
    guests = len(event.google.get("attendees") or []) + len(event.attendees)
    if guests and call.option("sendUpdates") in ("all", "externalOnly"):
        invitation = Invitation(person=call.person.key, action=action, attendees=guests)
        call.world.traffic.invitations.append(invitation)
