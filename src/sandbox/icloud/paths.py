"""What a path of iCloud's names, and the paths of what there is."""

import uuid
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, unquote

from sandbox.world.model import Calendar, Event, Person

Kind = Literal["root", "principal", "home", "inbox", "outbox", "notification", "calendar", "event", "nothing"]
TEMPLATES: Final[dict[Kind, str]] = {
    "root": "/",
    "principal": "/{number}/principal/",
    "home": "/{number}/{home}/",
    "inbox": "/{number}/{home}/inbox/",
    "outbox": "/{number}/{home}/outbox/",
    "notification": "/{number}/{home}/notification/",
    "calendar": "/{number}/{home}/{calendar}/",
    "event": "/{number}/{home}/{calendar}/{event}",
    "nothing": "(not served)",
}
_NAMESPACE: Final = uuid.UUID("0f3b5c9e-6d57-4d0c-8a43-5a0c1c2f7d11")
_USUAL: Final = frozenset({"home", "work"})
_SERVICES: Final[tuple[Kind, ...]] = ("inbox", "outbox", "notification")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a path names, for the person who asks. `name` is that of an event's file, whether it exists or not."""

    kind: Kind
    number: str = ""
    calendar: Calendar | None = None
    name: str = ""

    @property
    def event(self) -> Event | None:
        """The event of that file."""
        return None if self.calendar is None else event_named(self.calendar, self.name)


def find(person: Person | None, raw_path: str) -> Target:
    """What a path names; whose number it has is still to be compared."""
    parts = [unquote(part) for part in raw_path.split("/") if part]
    if not parts:
        return Target(kind="root")
    number, rest = parts[0], parts[1:]
    if not number.isdigit():
        return Target(kind="nothing")
    if rest == ["principal"]:
        return Target(kind="principal", number=number)
    home = person.icloud_account.home if person is not None else "calendars"
    if not rest or rest[0] != home:
        return Target(kind="nothing", number=number)
    return _below_home(person, number, rest[1:])


def _below_home(person: Person | None, number: str, rest: list[str]) -> Target:
    if not rest:
        return Target(kind="home", number=number)
    for service in _SERVICES:
        if rest == [service]:
            return Target(kind=service, number=number)
    calendar = calendar_named(person, rest[0]) if person is not None else None
    match rest:
        case [_]:
            return Target(kind="calendar", number=number, calendar=calendar)
        case [_, name]:
            return Target(kind="event", number=number, calendar=calendar, name=name)
    return Target(kind="nothing", number=number)


def principal(person: Person) -> str:
    """The path that carries the person's identity."""
    return f"/{person.icloud_account.number}/principal/"


def home(person: Person) -> str:
    """What all calendars are below."""
    return f"/{person.icloud_account.number}/{quote(person.icloud_account.home)}/"


def path_of(person: Person, calendar: Calendar, event: Event | None = None) -> str:
    """The path of a calendar, or of an event in it, as this person sees it."""
    path = f"{home(person)}{quote(name_of(person, calendar))}/"
    return path if event is None else path + quote(file_of(event))


def name_of(person: Person, calendar: Calendar) -> str:
    """The last part of a calendar's path."""
    if calendar.icloud.name:
        return calendar.icloud.name
    return calendar.key if calendar.key in _USUAL else _made_up(f"{person.key}/{calendar.key}")


def file_of(event: Event) -> str:
    """The name of an event's file: the one it was stored under, or a UUID as Apple's apps make them."""
    return event.icloud_name or f"{uid_of(event)}.ics"


def uid_of(event: Event) -> str:
    """The UID in an event's file."""
    return event.uid if event.icloud_name else _made_up(event.uid)


def calendar_named(person: Person, name: str) -> Calendar | None:
    """The calendar of this name in a path."""
    return next((one for one in person.calendars if name_of(person, one) == name), None)


def event_named(calendar: Calendar, name: str) -> Event | None:
    """The event of this file."""
    return next((one for one in calendar.folder.events.values() if file_of(one) == name), None)


def _made_up(seed: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, seed)).upper()
