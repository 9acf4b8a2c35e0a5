"""The calendars of each mailbox, own and shared."""

import hashlib
from dataclasses import fields
from typing import Any

from sandbox.world import ids
from sandbox.world.choices import require_choices
from sandbox.world.google.listing import GoogleListing
from sandbox.world.icloud.listing import ICloudListing
from sandbox.world.model import Calendar, Folder, Person
from sandbox.world.people import People, UnknownName


class Calendars:
    """Adds, shares, renames and removes calendars. A calendar is named by its key or by its Graph id."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._generation = 0

    def of(self, who: str | Person) -> list[Calendar]:
        """All calendars of a mailbox, in the order Graph lists them."""
        return self._people.get(who).calendars

    def get(self, who: str | Person, which: str | Calendar | None = None) -> Calendar:
        """One calendar by key or id; the default calendar without a name. Raises UnknownName."""
        if isinstance(which, Calendar):
            return which
        for calendar in self.of(who):
            if calendar.is_default if which is None else which in (calendar.key, calendar.id):
                return calendar
        raise UnknownName(which or "default calendar")

    def add(
        self,
        who: str | Person,
        key: str,
        name: str,
        *,
        is_default: bool = False,
        can_edit: bool = True,
        color: str = "auto",
        hex_color: str = "",
        address: str | None = None,
    ) -> Calendar:
        """Add a calendar of the person's own. `address` is its id at Google, made up where it is None."""
        person = self._people.get(who)
        calendar = Calendar(
            key=key,
            id=ids.calendar_id(person.key, key),
            name=name,
            owner_name=person.name,
            owner_email=person.email,
            folder=Folder(address=address or _address(person, key, is_default=is_default)),
            is_default=is_default,
            can_edit=can_edit,
            color=color,
            hex_color=hex_color,
        )
        return self._list(person, calendar)

    def share(
        self,
        owner: str | Person,
        which: str | Calendar,
        with_whom: str | Person,
        *,
        key: str,
        name: str | None = None,
        can_edit: bool = False,
    ) -> Calendar:
        """Show a calendar in somebody else's mailbox: a local entry with its own id, on the same events."""
        original, reader = self.get(owner, which), self._people.get(with_whom)
        entry = Calendar(
            key=key,
            id=ids.calendar_id(reader.key, key),
            name=name or original.owner_name,
            owner_name=original.owner_name,
            owner_email=original.owner_email,
            folder=original.folder,
            can_edit=can_edit,
            can_share=False,
            can_view_private=False,
            color="lightBlue",
        )
        return self._list(reader, entry)

    def rename(self, who: str | Person, which: str | Calendar, name: str) -> Calendar:
        """Give a calendar another name."""
        calendar = self.get(who, which)
        calendar.name = name
        calendar.changes += 1
        return calendar

    def set_writable(self, who: str | Person, which: str | Calendar, can_edit: bool) -> Calendar:
        """Make a calendar read-only, or writable again."""
        calendar = self.get(who, which)
        calendar.can_edit = can_edit
        calendar.changes += 1
        return calendar

    def change_google(self, who: str | Person, which: str | Calendar, **settings: Any) -> Calendar:
        """Set how a calendar stands in this person's list at Google: the fields of `GoogleListing`."""
        calendar = self.get(who, which)
        return _change_listing(calendar, calendar.google, settings)

    def change_icloud(self, who: str | Person, which: str | Calendar, **settings: Any) -> Calendar:
        """Set how a calendar stands in this person's home at iCloud: the fields of `ICloudListing`."""
        calendar = self.get(who, which)
        return _change_listing(calendar, calendar.icloud, settings)

    def change_id(self, who: str | Person, which: str | Calendar) -> str:
        """Give a calendar a new id, as Exchange does at times; the old one is no longer found."""
        person, calendar = self._people.get(who), self.get(who, which)
        self._generation += 1
        calendar.id = ids.calendar_id(person.key, calendar.key, str(self._generation))
        return calendar.id

    def remove(self, who: str | Person, which: str | Calendar) -> None:
        """Delete a calendar, or end a share: only this mailbox's entry goes."""
        self.of(who).remove(self.get(who, which))

    def _list(self, person: Person, calendar: Calendar) -> Calendar:
        if any(calendar.key == other.key for other in person.calendars):
            raise ValueError(f"{person.key} already has a calendar {calendar.key!r}")
        person.calendars.append(calendar)
        return calendar


def _change_listing(
    calendar: Calendar, listing: GoogleListing | ICloudListing, settings: dict[str, Any]
) -> Calendar:
    if unknown := settings.keys() - {field.name for field in fields(listing)}:
        raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
    require_choices(type(listing), settings)
    for name, value in settings.items():
        setattr(listing, name, value)
    calendar.changes += 1
    return calendar


def _address(person: Person, key: str, *, is_default: bool) -> str:
    if is_default:
        return person.email
    return f"c_{hashlib.sha256(f'{person.key}/{key}'.encode()).hexdigest()[:40]}@group.calendar.google.com"
