"""Orders about Apple IDs, and about iCloud as a whole."""

from typing import Any

from sandbox.control.order import Order, assign, plain
from sandbox.icloud.paths import file_of, path_of
from sandbox.icloud.properties import etag
from sandbox.icloud.storing import store_text, text_of
from sandbox.world.model import Calendar, Event, Person


def people(order: Order) -> Any:
    """Everybody with an Apple ID, with the switches of it and its passwords."""
    return [_person(order, person) for person in order.world.people.all() if person.icloud is not None]


def change_person(order: Order) -> Any:
    """Set switches of a person's iCloud account."""
    return _person(order, order.world.people.change_icloud(order.person, **order.body))


def make_password(order: Order) -> Any:
    """Make an app-specific password, as on the person's own page."""
    return {"password": order.world.icloud.passwords.make(order.person, **order.body)}


def revoke_password(order: Order) -> Any:
    """Revoke one app-specific password, or all of them where none is named."""
    passwords = order.world.icloud.passwords
    if "password" in order.body:
        passwords.revoke(order.person, order.body["password"])
    else:
        passwords.revoke_all(order.person)
    return {}


def change_apple_id_password(order: Order) -> Any:
    """Give the Apple ID another password, which revokes every app-specific one."""
    order.world.icloud.passwords.change_apple_id_password(order.person, order.body["password"])
    return {}


def calendars(order: Order) -> Any:
    """The calendars of a person, and how each stands in their home."""
    return [_calendar(order.person, calendar) for calendar in order.world.calendars.of(order.person)]


def change_calendar(order: Order) -> Any:
    """Set how a calendar stands in a person's home."""
    changed = order.world.calendars.change_icloud(order.person, order.calendar, **order.body)
    return _calendar(order.person, changed)


def files(order: Order) -> Any:
    """The files of a calendar, with what is in them."""
    return [_file(order, event) for event in order.world.events.all(order.person, order.calendar)]


def put_file(order: Order) -> Any:
    """Put any iCalendar text into a calendar, past every check."""
    body = order.body
    event = store_text(order.world, order.person, order.calendar, body["text"], name=body.get("name", ""))
    return _file(order, event)


def hosts(order: Order) -> Any:
    """The requests to each host, and how many of them brought a password."""
    return plain(order.world.icloud.hosts.all())


def settings(order: Order) -> Any:
    """The switches of iCloud as a whole."""
    return plain(order.world.icloud.settings)


def change_settings(order: Order) -> Any:
    """Set switches of iCloud as a whole."""
    return assign(order.world.icloud.settings, order.body)


def _person(order: Order, person: Person) -> dict[str, Any]:
    named = {name: getattr(person, name) for name in ("key", "name", "email", "about", "time_zone")}
    switches: dict[str, Any] = plain(person.icloud_account)
    busy = order.world.icloud.requests_in_last_minute(person)
    return named | switches | {"requests_in_last_minute": busy}


def _calendar(person: Person, calendar: Calendar) -> dict[str, Any]:
    switches: dict[str, Any] = plain(calendar.icloud)
    return {"key": calendar.key} | switches | {"path": path_of(person, calendar)}


def _file(order: Order, event: Event) -> dict[str, Any]:
    text = text_of(order.world, order.person, event)
    return {"name": file_of(event), "uid": event.uid, "etag": etag(event), "text": text}
