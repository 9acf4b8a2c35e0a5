"""Finding our own events: by their ids, in their calendar and in those to which their owner can have moved them.

The id is the mark, so each calendar is asked by one request, and answers for certain: the event is there, or was and is
deleted, or never was. One that was moved leaves in its old calendar what a deleted one leaves there; so only all
calendars together tell which of the two it is.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import Any, Final

from adapters.google.client import GoogleClient
from adapters.google.errors import Fault, GoogleRefusal
from adapters.google.event_ids import event_id_of, mark_in
from adapters.google.event_presence import SHOWING_STATUS, is_deleted
from adapters.google.listed_calendars import ListedCalendar, listed_calendars
from adapters.google.paths import event_path, events_path
from adapters.google.times import bounds
from adapters.web.access_tokens import Access
from domain.access import CalendarGone, EventDeleted, ProviderUnavailable
from domain.ids import EventMark
from domain.session import EventCopy, EventPlace

_NOT_OURS_TO_SEE: Final = frozenset({Fault.DENIED, Fault.SCOPE})
_NEARBY: Final = timedelta(days=1)
_LIST: Final = (
    ("singleEvents", "true"),
    ("maxResults", "2500"),
    ("fields", "kind,nextPageToken,items(id,status)"),
)


class Trace(Enum):
    """What an event that isn't there left behind."""

    GRAVE = auto()
    NOTHING = auto()


Sight = EventPlace | Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSearch:
    """Its methods raise GoogleRefusal, and whatever else the client does."""

    client: GoogleClient
    access: Access

    async def find(self, copy: EventCopy) -> EventPlace | None:
        """As `EventWriter.find` says: in its calendar first, then in all the others it can have been moved to."""
        here = await self.look(copy.remote_calendar_id, copy)
        if isinstance(here, EventPlace):
            return here
        listed = await listed_calendars(self.client, self.access)
        sights = [here, *await self._in_the_others(copy, listed)]
        gone = all(one.remote_id != copy.remote_calendar_id for one in listed)
        if copy.place is not None and here is Trace.NOTHING and not gone:
            sights.append(await self._nearby(copy))
        for sight in sights:
            if isinstance(sight, EventPlace):
                return sight
        if Trace.GRAVE in sights:
            raise EventDeleted
        if gone:
            raise CalendarGone
        return None

    async def look(self, remote_calendar_id: str, copy: EventCopy) -> Sight:
        """Whether it is in this calendar, by its mark, and by its id where that is another one."""
        found: Sight = Trace.NOTHING
        for event_id in dict.fromkeys((event_id_of(copy.mark), copy.remote_id)):
            if event_id is None:
                continue
            match await self._look_for(remote_calendar_id, event_id):
                case EventPlace() as place:
                    return place
                case Trace.GRAVE:
                    found = Trace.GRAVE
        return found

    async def _look_for(self, remote_calendar_id: str, event_id: str) -> Sight:
        path = event_path(remote_calendar_id, event_id)
        try:
            event = await self.client.get(self.access, path, [("fields", SHOWING_STATUS)])
        except GoogleRefusal as refusal:
            if refusal.fault is Fault.DELETED:
                return Trace.GRAVE
            if refusal.fault is Fault.GONE:
                return Trace.NOTHING
            raise
        if is_deleted(event, event_id):
            return Trace.GRAVE
        return EventPlace(remote_calendar_id=remote_calendar_id, remote_id=event_id)

    async def _nearby(self, copy: EventCopy) -> Sight:
        """What the calendar's list says of an event that was there once and left no grave, around each of its times.

        A deleted one leaves a grave, so one of the two words is wrong, and what is taken for gone is written anew.
        """
        for time in copy.times:
            begin, end = bounds(time, margin=_NEARBY)
            asked = (*_LIST, ("timeMin", begin), ("timeMax", end))
            try:
                async for page in self.client.pages(self.access, events_path(copy.remote_calendar_id), asked):
                    if any(_is_alive(event, copy.mark) for event in page):
                        return EventPlace(
                            remote_calendar_id=copy.remote_calendar_id, remote_id=event_id_of(copy.mark)
                        )
            except GoogleRefusal as refusal:
                if refusal.fault not in {Fault.GONE, Fault.DELETED}:
                    raise
                raise ProviderUnavailable from refusal  # listed, and yet not there
        return Trace.NOTHING

    async def _in_the_others(self, copy: EventCopy, listed: Sequence[ListedCalendar]) -> list[Sight]:
        """One silent calendar makes the look a half one, unless the event is in another. Where we may not look we could
        not change the event either."""
        others = [
            one.remote_id for one in listed if one.editable and one.remote_id != copy.remote_calendar_id
        ]
        looks = (self.look(other, copy) for other in others)
        seen = await asyncio.gather(*looks, return_exceptions=True)
        sights = [one for one in seen if not isinstance(one, BaseException)]
        silences = (one for one in seen if isinstance(one, BaseException) and not _is_denied(one))
        silence = next(silences, None)
        if silence is not None and not any(isinstance(sight, EventPlace) for sight in sights):
            raise silence
        return sights


def _is_alive(event: Mapping[str, Any], mark: EventMark) -> bool:
    """Whether it is the event of that mark, or an occurrence of what its owner made of it."""
    event_id = event.get("id")
    return isinstance(event_id, str) and mark_in(event_id) == mark and event.get("status") != "cancelled"


def _is_denied(silence: BaseException) -> bool:
    return isinstance(silence, GoogleRefusal) and silence.fault in _NOT_OURS_TO_SEE
