"""GET, PUT and DELETE of an event's file."""

from dataclasses import replace

from sandbox.answers import Answer
from sandbox.icloud import properties
from sandbox.icloud.call import Call
from sandbox.icloud.errors import DavError, not_found, precondition_failed, refused, refused_calendar
from sandbox.icloud.paths import uid_of
from sandbox.icloud.printer import Printer
from sandbox.icloud.reading import Stored, required
from sandbox.icloud.selection import printed
from sandbox.icloud.storing import store
from sandbox.world.model import Calendar, Event
from sandbox.world.traffic import Invitation

_LARGEST = 20 * 1024 * 1024


def get(call: Call) -> Answer:
    """The whole file; raises DavError."""
    calendar, event = _calendar(call), call.target.event
    if event is None:
        raise not_found()
    owner = properties.owner_of(call.world, call.person, calendar)
    text = Printer(owner=owner).text(event, uid_of(event))
    traffic = call.world.traffic
    traffic.record_asked(call.method, call.template, {"calendar-data=*"})
    traffic.record_event(call.person.key, call.method, call.template, {"getetag": True} | printed(text))
    return Answer(body=text, content_type="text/calendar", headers={"ETag": properties.etag(event)})


def put(call: Call) -> Answer:
    """Create or replace; raises DavError."""
    calendar, before = _calendar(call), call.target.event
    # Conditions count only where the request would be carried out without them (RFC 9110, section 13.2.1).
    if not properties.may_write(calendar):
        raise refused("need-privileges")
    _require_match(call, before)
    if len(call.payload) > _LARGEST:
        raise refused_calendar("max-resource-size")
    stored = _read(call)
    if calendar.icloud.components != ["VEVENT"]:
        raise refused_calendar("supported-calendar-component")
    _require_one_place(call, before, stored)
    event = store(call.world, call.person, calendar, call.target.name, stored)
    if stored.invited:
        action = "created" if before is None else "updated"
        invitation = Invitation(person=call.person.key, action=action, attendees=stored.invited)
        call.world.traffic.invitations.append(invitation)
    return Answer(status=201 if before is None else 204, headers=_etag(call, event))


def delete(call: Call) -> Answer:
    """Delete; raises DavError."""
    calendar, event = _calendar(call), call.target.event
    if event is None:
        raise not_found()
    if not properties.may_write(calendar):
        raise refused("need-privileges")
    _require_match(call, event)
    call.world.events.delete(call.person, event)
    return Answer(status=204)


def _calendar(call: Call) -> Calendar:
    """The calendar of the file."""
    target = call.target
    if target.kind != "event":
        raise refused("need-privileges") if target.kind != "nothing" else not_found()
    if target.calendar is None:
        raise DavError(409) if call.method == "PUT" else not_found()
    return target.calendar


def _require_match(call: Call, event: Event | None) -> None:
    wanted, unwanted = (_tags(call, name) for name in ("If-Match", "If-None-Match"))
    own = set() if event is None else {"*", properties.etag(event)}
    if wanted and not wanted & own:
        raise precondition_failed()
    if unwanted & own:
        raise precondition_failed()


def _tags(call: Call, header: str) -> set[str]:
    return {tag.strip() for tag in call.headers.get(header, "").split(",") if tag.strip()}


def _read(call: Call) -> Stored:
    try:
        stored = required(call.payload.decode())
    except UnicodeDecodeError:
        raise refused_calendar("valid-calendar-data") from None
    if stored.text or call.settings.rewrites:
        return stored
    return replace(stored, text=call.payload.decode())


def _require_one_place(call: Call, before: Event | None, stored: Stored) -> None:
    """A UID is in one file of the account, and a file keeps its UID. Of one in another calendar Apple's own server
    speaks in the words of RFC 6638, of one in the same in those of RFC 4791."""
    here = _calendar(call).folder.events.values()
    if before is not None and uid_of(before) != stored.uid:
        raise refused_calendar("no-uid-conflict")
    others = [one for one in call.world.events.in_mailbox(call.person) if one is not before]
    same = [one for one in others if uid_of(one) == stored.uid]
    if any(one in here for one in same):
        raise refused_calendar("no-uid-conflict")
    if same:
        raise refused_calendar("unique-scheduling-object-resource")
    if before is None and len(others) >= call.settings.event_limit:
        raise DavError(507)


def _etag(call: Call, event: Event) -> dict[str, str]:
    etag = properties.etag(event)
    match call.settings.put_etag:
        case "sent":
            return {"ETag": etag}
        case "stale":
            return {"ETag": f'"{etag[3:-1]}"'}
    return {}
