"""The events of the sandbox: what happens to them, and the ids under which Graph finds them."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sandbox.clock import Clock
from sandbox.world import ids
from sandbox.world.calendars import Calendars
from sandbox.world.expansion import Instance, instance_of, occurrence_of
from sandbox.world.model import Calendar, Event, Folder, Person
from sandbox.world.people import People, UnknownName
from sandbox.world.zones import find_zone, to_wall

When = datetime | date | str
Change = Literal["created", "updated", "deleted"]
_CHANGEABLE = frozenset(field.name for field in fields(Event)) - {
    "uid", "start", "end", "zone", "all_day", "created", "modified", "moves", "changes", "exceptions",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An event as looked up in one mailbox."""

    calendar: Calendar
    stored: Event
    instance: Instance


class Events:
    """Adds, changes, moves and deletes events, behind Graph's back. `watch` is called for each change in a folder."""

    def __init__(self, people: People, calendars: Calendars, clock: Clock) -> None:
        self._people = people
        self._calendars = calendars
        self._clock = clock
        self.watch: Callable[[Change, Folder, Event], None] = _nobody
        self._minted: dict[tuple[str, str], tuple[str, date | None]] = {}
        self._bin: dict[str, tuple[Folder, Event]] = {}

    def add(
        self,
        who: str | Person,
        start: When,
        end: When | None = None,
        *,
        calendar: str | Calendar | None = None,
        zone: str | None = None,
        **details: Any,
    ) -> Event:
        """Put an event into a calendar (the default one if none is named).

        A `date` (or text without a time) makes an all-day event, end exclusive, one day if left out. A naive
        time counts in `zone` (Windows or IANA name; None: the mailbox's), an aware one is converted to it
        (None: UTC). `details` are fields of `Event`: subject, show_as, recurrence, cancelled, response, ...
        Raises ValueError for an unknown zone or field.
        """
        person = self._people.get(who)
        entry = self._calendars.get(person, calendar)
        now = self._clock.now()
        event = Event(
            uid=details.pop("uid", None) or uuid.uuid4().hex,
            **_times(start, end, zone, person.time_zone),
            created=now,
            modified=now,
            organizer_name=entry.owner_name,
            organizer_email=entry.owner_email,
        )
        _assign(event, details)
        entry.folder.events[event.uid] = event
        self.watch("created", entry.folder, event)
        return event

    def all(self, who: str | Person, calendar: str | Calendar | None = None) -> list[Event]:
        """The stored events (singles and series) of one calendar."""
        return list(self._calendars.get(who, calendar).folder.events.values())

    def change(
        self,
        event: Event,
        *,
        start: When | None = None,
        end: When | None = None,
        zone: str | None = None,
        **details: Any,
    ) -> Event:
        """Change an event as its owner would by hand; its etag changes.

        It is told by its fields again if an iCalendar text told of it before, unless the text is what changes.
        """
        if start is not None or end is not None:
            length = event.end - event.start
            times = _times(
                self._start(event) if start is None else start, end, zone or event.zone, event.zone
            )
            if end is None:
                times["end"] = times["start"] + length
            for name, value in times.items():
                setattr(event, name, value)
        _assign(event, {"icloud_text": "", **details})
        return self.touch(event)

    def add_meeting(self, event: Event) -> Event:
        """Make an event a meeting to join online, as its owner would: Outlook adds a block to the body."""
        return self.change(event, online_meeting=True, body=event.body + event.meeting_block)

    def touch(self, event: Event) -> Event:
        """Move an event's change key on, as Exchange does by itself now and then."""
        self._stamp(event)
        if (folder := self._folder_of(event)) is not None:
            self.watch("updated", folder, event)
        return event

    def change_occurrence(self, series: Event, original: date, **details: Any) -> Event:
        """Make an exception of one occurrence, named by the date the pattern gives it."""
        occurrence = occurrence_of(series, original)
        if occurrence is None:
            raise UnknownName(f"no occurrence on {original}")
        copy = replace(occurrence.event, exceptions={}, overrides=dict(series.overrides), recurrence=None)
        series.exceptions[original] = self.change(copy, **details)
        self.touch(series)
        return copy

    def delete_occurrence(self, series: Event, original: date) -> None:
        """Delete one occurrence of a series."""
        if occurrence_of(series, original) is None:
            raise UnknownName(f"no occurrence on {original}")
        series.exceptions[original] = None
        self.touch(series)

    def move(self, who: str | Person, event: Event, to: str | Calendar) -> None:
        """Move an event to another calendar of the mailbox: its plain id changes, its immutable id stays."""
        source, target = self.calendar_of(who, event), self._calendars.get(who, to)
        self.watch("deleted", source.folder, event)
        target.folder.events[event.uid] = source.folder.events.pop(event.uid)
        target.folder.gone.pop(event.uid, None)
        source.folder.gone[event.uid] = event
        event.moves += 1
        self._stamp(event)
        self.watch("created", target.folder, event)

    def delete(self, who: str | Person, event: Event) -> None:
        """Delete an event, or a whole series."""
        folder = self.calendar_of(who, event).folder
        self.watch("deleted", folder, event)
        del folder.events[event.uid]
        folder.gone[event.uid] = event
        self._stamp(event)
        self._bin[event.uid] = (folder, event)

    def copy(
        self,
        event: Event,
        start: When,
        end: When | None = None,
        *,
        to: str | Calendar | None = None,
        who: str = "",
    ) -> Event:
        """Copy an event to another time, marks and all; into its own calendar, or into one of `who`'s."""
        source = self._folder_of(event)
        folder = self._calendars.get(who, to).folder if who else source
        if folder is None:
            raise UnknownName("event")
        copied = replace(
            event,
            uid=uuid.uuid4().hex,
            exceptions={},
            overrides=dict(event.overrides),
            google_id="",
            icloud_text="",
            icloud_name="",
            moves=0,
        )
        folder.events[copied.uid] = copied
        length = event.end - event.start
        for name, value in _times(start, end, event.zone, event.zone).items():
            setattr(copied, name, value)
        if end is None:
            copied.end = copied.start + length
        self.watch("created", folder, copied)
        return copied

    def is_in_bin(self, event: Event) -> bool:
        """Whether a deleted event can be restored."""
        return event.uid in self._bin

    def restore(self, uid: str) -> Event:
        """Take a deleted event out of the bin again: its plain id changes, its immutable id stays."""
        if uid not in self._bin:
            raise UnknownName("event")
        folder, event = self._bin.pop(uid)
        folder.events[uid] = event
        folder.gone.pop(uid, None)
        event.moves += 1
        self._stamp(event)
        self.watch("created", folder, event)
        return event

    def move_mailbox(self, who: str | Person) -> None:
        """Move a mailbox elsewhere, as by export and import: every id in it changes, also the immutable ones."""
        person = self._people.get(who)
        person.mailbox_moves += 1
        for calendar in person.calendars:
            self._calendars.change_id(person, calendar)

    def calendar_of(self, who: str | Person, event: Event) -> Calendar:
        """The calendar of this mailbox that holds the event; raises UnknownName."""
        for calendar in self._calendars.of(who):
            if event.uid in calendar.folder.events:
                return calendar
        raise UnknownName("event")

    def in_mailbox(self, who: str | Person) -> Iterator[Event]:
        """Every stored event of a mailbox, over all its calendars."""
        for calendar in self._calendars.of(who):
            yield from calendar.folder.events.values()

    def id_of(
        self, who: str | Person, event: Event, original: date | None = None, *, immutable: bool = False
    ) -> str:
        """The Graph id of an event in one mailbox; with `original`, of that occurrence of the series."""
        person = self._people.get(who)
        parts = [person.key, event.uid] + ([original.isoformat()] if original else [])
        parts += [f"mailbox-{person.mailbox_moves}"] if person.mailbox_moves else []
        item_id = ids.event_id(*parts, *([] if immutable else [str(event.moves)]), immutable=immutable)
        self._minted[person.key, item_id] = (event.uid, original)
        return item_id

    def find(self, who: str | Person, item_id: str) -> Found | None:
        """The event or occurrence of a Graph id (either spelling) or of a uid, in one mailbox."""
        person = self._people.get(who)
        uid, original = self._minted.get((person.key, item_id), (item_id, None))
        for calendar in self._calendars.of(person):
            event = calendar.folder.events.get(uid)
            if event is not None and self._is_current(person, event, original, item_id):
                instance = occurrence_of(event, original) if original else instance_of(event)
                return None if instance is None else Found(calendar=calendar, stored=event, instance=instance)
        return None

    def _stamp(self, event: Event) -> None:
        event.changes += 1
        event.modified = self._clock.now()

    def _folder_of(self, event: Event) -> Folder | None:
        """Where an event, or the series of an exception, is stored."""
        for person in self._people.all():
            for calendar in person.calendars:
                stored = calendar.folder.events.get(event.uid)
                if stored is event or (stored is not None and event in stored.exceptions.values()):
                    return calendar.folder
        return None

    @staticmethod
    def _start(event: Event) -> datetime | date:
        return event.start.date() if event.all_day else event.start

    def _is_current(self, person: Person, event: Event, original: date | None, item_id: str) -> bool:
        return item_id in (
            event.uid,
            self.id_of(person, event, original),
            self.id_of(person, event, original, immutable=True),
        )


def _nobody(change: Change, folder: Folder, event: Event) -> None:
    """Who watches until somebody does."""


def _times(start: When, end: When | None, zone: str | None, default_zone: str) -> dict[str, Any]:
    begin = _parse(start)
    all_day = not isinstance(begin, datetime)
    default_length = timedelta(days=1) if all_day else timedelta(hours=1)
    finish = _parse(end) if end is not None else begin + default_length
    if zone is None:
        aware = isinstance(begin, datetime) and begin.tzinfo is not None
        zone = "UTC" if aware or find_zone(default_zone) is None else default_zone
    if find_zone(zone) is None:
        raise ValueError(f"unknown time zone: {zone}")
    return {"start": _wall(begin, zone), "end": _wall(finish, zone), "zone": zone, "all_day": all_day}


def _parse(when: When) -> datetime | date:
    if not isinstance(when, str):
        return when
    return date.fromisoformat(when) if len(when) == len("2026-01-31") else datetime.fromisoformat(when)


def _wall(when: datetime | date, zone: str) -> datetime:
    if not isinstance(when, datetime):
        return datetime.combine(when, time())
    return to_wall(when, find_zone(zone) or UTC) if when.tzinfo else when


def _assign(event: Event, details: dict[str, Any]) -> None:
    if unknown := details.keys() - _CHANGEABLE:
        raise ValueError(f"no such detail of an event: {', '.join(sorted(unknown))}")
    for name, value in details.items():
        setattr(event, name, value)
