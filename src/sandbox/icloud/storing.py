"""Puts the text of an event's file into a calendar, as a client does and as the sandbox's owner may."""

import uuid
from datetime import datetime
from typing import Any

from sandbox.icloud.paths import event_named, uid_of
from sandbox.icloud.printer import Printer
from sandbox.icloud.properties import owner_of
from sandbox.icloud.reading import Stored, anything
from sandbox.world.model import Calendar, Event, Person
from sandbox.world.world import World


def store(world: World, person: Person, calendar: Calendar, name: str, stored: Stored) -> Event:
    """Create the event of a file, or let the file take an event's place: nothing of what it was before is kept."""
    details: dict[str, Any] = dict(stored.fields) | {"icloud_text": stored.text}
    existing = event_named(calendar, name)
    if existing is None:
        return world.events.add(
            person,
            stored.start,
            stored.end,
            zone=stored.zone,
            calendar=calendar,
            uid=stored.uid or name.removesuffix(".ics"),
            icloud_name=name,
            **details,
        )
    existing.exceptions.clear()
    return world.events.change(existing, start=stored.start, end=stored.end, zone=stored.zone, **details)


def store_text(world: World, who: str | Person, which: str | Calendar, text: str, *, name: str = "") -> Event:
    """Put any text at all behind a file's name, past every check: what a person's calendar may hold already.

    Without a `name` it gets its UID's, or one made up.
    """
    person = world.people.get(who)
    calendar = world.calendars.get(person, which)
    now: datetime = world.clock.now()
    stored = anything(text, now)
    return store(world, person, calendar, name or f"{stored.uid or uuid.uuid4()}.ics", stored)


def text_of(world: World, who: str | Person, event: Event) -> str:
    """What is in an event's file, as this person gets it."""
    person = world.people.get(who)
    owner = owner_of(world, person, world.events.calendar_of(person, event))
    return Printer(owner=owner).text(event, uid_of(event))
