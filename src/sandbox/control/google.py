"""Orders about Google accounts, and about Google as a whole."""

from typing import Any

from sandbox.control.order import Order, assign, plain
from sandbox.google.listed import Listed
from sandbox.world.model import Calendar, Person


def people(order: Order) -> Any:
    """Everybody with a Google account, with the switches of it."""
    return [_person(person) for person in order.world.people.all() if person.google is not None]


def change_person(order: Order) -> Any:
    """Set switches of a person's Google account."""
    return _person(order.world.people.change_google(order.person, **order.body))


def end_consent(order: Order) -> Any:
    """Take the app off a person's list: all of their tokens end."""
    order.world.google.grants.end_consent(order.person)
    return {}


def expire_access_tokens(order: Order) -> Any:
    """Make a person's access tokens unusable at once."""
    order.world.google.grants.expire_access_tokens(order.person)
    return {}


def calendars(order: Order) -> Any:
    """The calendars of a person, and how each stands in their list."""
    return [_calendar(order, calendar) for calendar in order.world.calendars.of(order.person)]


def change_calendar(order: Order) -> Any:
    """Set how a calendar stands in a person's list."""
    changed = order.world.calendars.change_google(order.person, order.calendar, **order.body)
    return _calendar(order, changed)


def channels(order: Order) -> Any:
    """Everybody's open channels."""
    return [
        {
            "id": channel.id,
            "person": channel.person.key,
            "resource_id": channel.resource_id,
            "expires": channel.expires.isoformat(),
            "number": channel.number,
        }
        for channel in order.world.google.channels.all()
    ]


def settings(order: Order) -> Any:
    """The switches of Google as a whole."""
    return plain(order.world.google.settings)


def change_settings(order: Order) -> Any:
    """Set switches of Google as a whole."""
    return assign(order.world.google.settings, order.body)


def rotate_secret(order: Order) -> Any:
    """Replace the client secret, as if the old one had been deleted."""
    return {"client_secret": order.world.google.app.rotate_secret(order.body.get("client_secret"))}


def add_secret(order: Order) -> Any:
    """Accept one more client secret beside those there are."""
    return {"client_secret": order.world.google.app.add_secret(order.body.get("client_secret"))}


def drop_secret(order: Order) -> Any:
    """Refuse one of several client secrets from now on."""
    order.world.google.app.drop_secret(order.body["client_secret"])
    return {"client_secret": order.world.google.app.client_secret}


def rotate_signing_key(order: Order) -> Any:
    """Sign id tokens with the next key; the old one is no longer published."""
    order.world.google.signing_keys.rotate()
    return {}


def _person(person: Person) -> dict[str, Any]:
    named = {name: getattr(person, name) for name in ("key", "name", "email", "about", "time_zone")}
    switches: dict[str, Any] = plain(person.google_account)
    return named | switches


def _calendar(order: Order, calendar: Calendar) -> dict[str, Any]:
    listed = Listed(world=order.world, person=order.person, calendar=calendar)
    switches: dict[str, Any] = plain(calendar.google)
    return {"key": calendar.key, "name": calendar.name, "id": listed.id} | switches | {"role": listed.role}
