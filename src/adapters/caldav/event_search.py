"""Finding our own events: by their names, in their calendar and in those to which their owner can have moved them.

Moving an event keeps the name of its file, and each calendar answers for certain whether it has one of that name. What
was deleted leaves no trace: the same name may be given again.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from adapters.caldav.client import DavClient
from adapters.caldav.discovery import Discovery
from adapters.caldav.errors import DavRefusal, Fault
from adapters.caldav.event_file import EventFile
from adapters.caldav.event_names import file_of
from adapters.caldav.grants import AppleGrant
from adapters.caldav.homes import at_home, home_of
from adapters.caldav.listed_calendars import CalendarHome, listed_calendars
from domain.access import CalendarGone
from domain.session import EventCopy, EventPlace

_LEADS_NOWHERE: Final = frozenset({Fault.GONE, Fault.DENIED})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """The names of the calendars that there are, and the home that they are in."""

    home: CalendarHome
    calendars: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSearch:
    """Its methods raise DavRefusal, and whatever else the client and the discovery do."""

    client: DavClient
    discovery: Discovery
    grant: AppleGrant

    async def find(self, copy: EventCopy) -> EventPlace | None:
        """As `EventWriter.find` says: in its calendar first, then in all others, then in its own by another address."""
        here = copy.remote_calendar_id
        if await self._is_at_hand(copy):
            return _place(here, copy)
        listed = await self._listed()
        # The first look may have been one into a home that has moved.
        found = await self._in_any(listed, copy)
        if found is not None:
            return found
        if here not in listed.calendars:
            raise CalendarGone
        if copy.place is not None and await self._file(listed.home, here, copy).is_told_of():
            return _place(here, copy)
        return None

    async def lists(self, remote_calendar_id: str) -> bool:
        """Whether the account has this calendar."""
        return remote_calendar_id in (await self._listed()).calendars

    async def _is_at_hand(self, copy: EventCopy) -> bool:
        try:
            return await self._file(home_of(self.grant), copy.remote_calendar_id, copy).exists()
        except DavRefusal as refusal:
            if refusal.fault not in _LEADS_NOWHERE:
                raise
            return False

    async def _listed(self) -> _Listed:
        async def at(home: CalendarHome) -> _Listed:
            listed = await listed_calendars(self.client, home)
            return _Listed(home=home, calendars=tuple(one.remote.remote_id for one in listed))

        return await at_home(self.discovery, self.grant, at)

    async def _in_any(self, listed: _Listed, copy: EventCopy) -> EventPlace | None:
        """One silent calendar makes the look a half one, unless the event is in another. Into one that is closed to us
        nobody can have moved it, but it may have been made there."""
        looks = (self._file(listed.home, one, copy).exists() for one in listed.calendars)
        sights = await asyncio.gather(*looks, return_exceptions=True)
        seen = dict(zip(listed.calendars, sights, strict=True))
        for calendar, sight in seen.items():
            if sight is True:
                return _place(calendar, copy)
        for calendar, sight in seen.items():
            if not isinstance(sight, BaseException):
                continue
            if calendar == copy.remote_calendar_id or not _is_denied(sight):
                raise sight
        return None

    def _file(self, home: CalendarHome, remote_calendar_id: str, copy: EventCopy) -> EventFile:
        return EventFile(
            client=self.client, home=home, remote_calendar_id=remote_calendar_id, file=file_of(copy.mark)
        )


def _place(remote_calendar_id: str, copy: EventCopy) -> EventPlace:
    return EventPlace(remote_calendar_id=remote_calendar_id, remote_id=file_of(copy.mark))


def _is_denied(silence: BaseException) -> bool:
    return isinstance(silence, DavRefusal) and silence.fault is Fault.DENIED
