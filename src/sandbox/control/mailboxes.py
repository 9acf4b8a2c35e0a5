"""Orders about people, calendars and events."""

from typing import Any

from sandbox.control.order import Order, plain
from sandbox.graph.event_input import read_recurrence
from sandbox.world.model import Calendar, Event, Person

# A mailbox switch has the name of its field; `about` and identity stay as they are.


def people(order: Order) -> Any:
    """Everybody at Microsoft, with their switches."""
    people = order.world.people.all()
    return [_person(person) for person in people if person.google is None and person.icloud is None]


def change_person(order: Order) -> Any:
    """Set switches of a person."""
    return _person(order.world.people.change(order.person, **order.body))


def tenants(order: Order) -> Any:
    """Every tenant, with its switches."""
    return plain(order.world.people.tenants())


def change_tenant(order: Order) -> Any:
    """Set `consent` or `approved` of a tenant."""
    return plain(order.world.people.change_tenant(order.names["tenant"], **order.body))


def calendars(order: Order) -> Any:
    """The calendars of a mailbox."""
    return [_calendar(calendar) for calendar in order.world.calendars.of(order.person)]


def add_calendar(order: Order) -> Any:
    """Add a calendar; with `shared_from` and `of` it is somebody else's, shared."""
    body = dict(order.body)
    if owner := body.pop("shared_from", None):
        shared = order.world.calendars.share(owner, body.pop("of", "primary"), order.person, **body)
        return _calendar(shared)
    return _calendar(order.world.calendars.add(order.person, **body))


def change_calendar(order: Order) -> Any:
    """Rename a calendar, or make it read-only or writable."""
    person, calendar, body = order.person, order.calendar, order.body
    if unknown := body.keys() - {"name", "can_edit"}:
        raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
    if "name" in body:
        order.world.calendars.rename(person, calendar, body["name"])
    if "can_edit" in body:
        order.world.calendars.set_writable(person, calendar, body["can_edit"])
    return _calendar(calendar)


def renew_calendar_id(order: Order) -> Any:
    """Give a calendar a new id."""
    return {"id": order.world.calendars.change_id(order.person, order.calendar)}


def remove_calendar(order: Order) -> Any:
    """Remove a calendar from the mailbox."""
    order.world.calendars.remove(order.person, order.calendar)
    return {}


def events(order: Order) -> Any:
    """The stored events of a calendar, series unexpanded."""
    stored = order.world.events.all(order.person, order.calendar)
    return [_event(order, event) for event in stored]


def add_event(order: Order) -> Any:
    """Put an event into a calendar."""
    details = _details(order.body)
    return _event(order, order.world.events.add(order.person, calendar=order.calendar, **details))


def change_event(order: Order) -> Any:
    """Change an event as its owner would."""
    return _event(order, order.world.events.change(order.event, **_details(order.body)))


def delete_event(order: Order) -> Any:
    """Delete an event or series."""
    order.world.events.delete(order.person, order.event)
    return {}


def move_event(order: Order) -> Any:
    """Move an event to another calendar of the mailbox."""
    event = order.event
    order.world.events.move(order.person, event, order.body["calendar"])
    return _event(order, event)


def copy_event(order: Order) -> Any:
    """Copy an event to another time, marks and all."""
    body = order.body
    to = body.get("calendar")
    who = order.person.key if to is not None else ""
    copied = order.world.events.copy(order.event, body["start"], body.get("end"), to=to, who=who)
    return _event(order, copied)


def add_meeting(order: Order) -> Any:
    """Make an event a meeting to join online."""
    return _event(order, order.world.events.add_meeting(order.event))


def restore_event(order: Order) -> Any:
    """Take a deleted event, named by its uid, out of the bin."""
    return _event(order, order.world.events.restore(order.names["event"]))


def move_mailbox(order: Order) -> Any:
    """Give everything in a mailbox a new id."""
    order.world.events.move_mailbox(order.person)
    return calendars(order)


def change_occurrence(order: Order) -> Any:
    """Change or move one occurrence of a series."""
    order.world.events.change_occurrence(order.event, order.original, **_details(order.body))
    return _event(order, order.event)


def delete_occurrence(order: Order) -> Any:
    """Delete one occurrence of a series."""
    order.world.events.delete_occurrence(order.event, order.original)
    return _event(order, order.event)


def _details(body: dict[str, Any]) -> dict[str, Any]:
    details = dict(body)
    if details.get("recurrence") is not None:
        details["recurrence"] = read_recurrence(details["recurrence"])
    if "omitted" in details:
        details["omitted"] = set(details["omitted"])
    return details


def _person(person: Person) -> dict[str, Any]:
    shown = {name: getattr(person, name) for name in ("key", "name", "email", "mail", "oid", "about")}
    switches = ("time_zone", "mailbox", "scope_spelling", "calendar_list", "default_calendar", "email_claim")
    return shown | {"tenant": person.tenant.id} | {name: getattr(person, name) for name in switches}


def _calendar(calendar: Calendar) -> dict[str, Any]:
    names = ("key", "id", "name", "owner_name", "owner_email", "is_default", "can_edit", "can_share", "color")
    return {name: getattr(calendar, name) for name in names} | {"events": len(calendar.folder.events)}


def _event(order: Order, event: Event) -> dict[str, Any]:
    person = order.person
    ids = {
        "id": order.world.events.id_of(person, event),
        "immutable_id": order.world.events.id_of(person, event, immutable=True),
        "calendar": order.world.events.calendar_of(person, event).key,
    }
    stored: dict[str, Any] = plain(event)
    return ids | stored
