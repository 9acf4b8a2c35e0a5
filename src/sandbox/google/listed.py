"""A calendar as one person sees it at Google: its id, their role, and what they may see of its events."""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Final

from sandbox.world.model import Calendar, Person
from sandbox.world.people import UnknownName
from sandbox.world.world import World
from sandbox.world.zones import find_zone

ROLES: Final = ("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")
"""Ascending. A role that isn't among them lets people read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One entry of one person's list."""

    world: World
    person: Person
    calendar: Calendar

    @property
    def id(self) -> str:
        """The id, the same in everybody's list. A primary calendar's is its owner's address."""
        folder = self.calendar.folder
        if self.world.google.settings.primary_id_follows_address:
            for person in self.world.people.all():
                for calendar in person.calendars:
                    if calendar.folder is folder and calendar.is_default:
                        return person.email
        return folder.address

    @property
    def role(self) -> str:
        """The access role."""
        if self.calendar.google.role is not None:
            return self.calendar.google.role
        if self.calendar.can_share:
            return "owner"
        return "writer" if self.calendar.can_edit else "reader"

    @property
    def data_owner(self) -> str:
        """The address of the calendar's data owner."""
        return self.calendar.google.data_owner or self.calendar.owner_email

    @property
    def is_owned(self) -> bool:
        """Whether the scopes of owned calendars open it."""
        if self.world.google.settings.owned == "role":
            return self.role == "owner"
        return self.data_owner == self.person.email

    @property
    def zone_name(self) -> str:
        """The calendar's time zone: its owner's, as far as they are known."""
        try:
            name = self.world.people.get(self.calendar.owner_email).time_zone
        except UnknownName:
            name = self.person.time_zone
        return name if find_zone(name) is not None else "UTC"

    @property
    def zone(self) -> tzinfo:
        """The same as a zone."""
        return find_zone(self.zone_name) or UTC

    def at_least(self, role: str) -> bool:
        """Whether the access role is this one or more."""
        mine = ROLES.index(self.role) if self.role in ROLES else ROLES.index("reader")
        return mine >= ROLES.index(role)


def all_of(world: World, person: Person) -> list[Listed]:
    """Everything in a person's list, hidden and deleted ones too."""
    return [Listed(world=world, person=person, calendar=one) for one in world.calendars.of(person)]
