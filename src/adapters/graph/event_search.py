"""Finding our own events in a mailbox: by their ids, by our tag, and by their marks among the events nearby.

A 404 about an event proves nothing: whole mailboxes answer it for hours at times, and ids change when a mailbox is
moved. So each question goes to several witnesses, and an event is absent only if all that answer deny it.
"""

import asyncio
import uuid
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from adapters.graph.addresses import calendar_path, event_path, view_parameters
from adapters.graph.client import AT_ONCE, GraphClient, items_in
from adapters.graph.errors import Fault, GraphRefusal
from adapters.graph.listed_calendars import ListedCalendar, id_of, listed_calendars
from adapters.web.access_tokens import Access
from domain.access import CalendarGone, InvalidAnswer, ProviderUnavailable
from domain.ids import EventMark
from domain.session import EventCopy, EventPlace

TAG = f"String {{{uuid.UUID('b6ce3c0f-54b1-4f0e-8c3e-6b0f3ad0c8a7')}}} Name CalendarSyncSession"
"""Our extended property. Its GUID must never change: events in the calendars carry it."""

_Seen = TypeVar("_Seen")
_ID_AND_MARK = "id,transactionId"
_NEARBY = timedelta(days=1)
_PAGE_SIZE = "100"
_OF_ALL = frozenset({Fault.TOKEN, Fault.THROTTLED, Fault.MAILBOX, Fault.SUSPENDED})
"""Refusals that are about us or the whole mailbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSearch:
    """Its methods raise GraphRefusal, and whatever else the client does."""

    client: GraphClient

    async def find(self, access: Access, copy: EventCopy) -> EventPlace | None:
        """As `EventWriter.find` says: in its calendar first, then in all the others it can have been moved to."""
        try:
            here = await self._in_its_calendar(access, copy)
            unseen = False
        except GraphRefusal as refusal:
            if refusal.fault is not Fault.GONE:
                raise
            here, unseen = None, True
        if here is not None:
            return here
        listed = await listed_calendars(self.client, access)
        gone = all(one.remote_id != copy.remote_calendar_id for one in listed)
        if unseen and not gone:
            raise ProviderUnavailable  # listed, and yet not there: one of the two answers is wrong
        elsewhere = await self._in_the_others(access, copy, listed, all_of_them=gone)
        if elsewhere is None and gone:
            raise CalendarGone
        return elsewhere

    async def _in_its_calendar(self, access: Access, copy: EventCopy) -> EventPlace | None:
        """By id, by tag and by time. Where of the last two one is silent, the other one's word counts."""
        calendar = copy.remote_calendar_id
        if (place := copy.place) and await self._is_at(access, place, copy.mark):
            return place
        tagged = await _testimony(self._tagged(access, calendar, copy.mark))
        if isinstance(tagged, EventPlace):
            return tagged
        marked = await _testimony(self._marked_nearby(access, calendar, copy))
        if isinstance(marked, Exception) and isinstance(tagged, Exception):
            raise marked
        return marked if isinstance(marked, EventPlace) else None

    async def _in_the_others(
        self, access: Access, copy: EventCopy, listed: list[ListedCalendar], *, all_of_them: bool
    ) -> EventPlace | None:
        """Silence counts as silence only where a move within the mailbox could have led, unless it is `all_of_them`:
        calendars shared in the old way answer with errors for good."""
        others = [one for one in listed if one.writable and one.remote_id != copy.remote_calendar_id]
        silence: BaseException | None = None
        for first in range(0, len(others), AT_ONCE):
            some = others[first : first + AT_ONCE]
            looks = (self._in_another(access, one.remote_id, copy) for one in some)
            for other, seen in zip(some, await asyncio.gather(*looks, return_exceptions=True), strict=True):
                if isinstance(seen, EventPlace):
                    return seen
                if isinstance(seen, BaseException):
                    _require_silence(seen)
                    if (all_of_them or other.own) and not _is_denied(seen):
                        silence = silence or seen
        if silence is not None:
            raise ProviderUnavailable from silence
        return None

    async def _in_another(self, access: Access, calendar: str, copy: EventCopy) -> EventPlace | None:
        if copy.remote_id is not None:
            place = EventPlace(remote_calendar_id=calendar, remote_id=copy.remote_id)
            if await self._is_at(access, place, copy.mark):
                return place
        tagged = await _testimony(self._tagged(access, calendar, copy.mark))
        if isinstance(tagged, Exception):
            return await self._marked_nearby(access, calendar, copy)
        return tagged

    async def _is_at(self, access: Access, place: EventPlace, mark: EventMark) -> bool:
        """Whether the event answers at this address; anything but its own word proves nothing."""
        event = await _testimony(self.client.get(access, event_path(place), {"$select": _ID_AND_MARK}))
        return isinstance(event, dict) and (event.get("id") == place.remote_id or _has_mark(event, mark))

    async def _tagged(self, access: Access, calendar: str, mark: EventMark) -> EventPlace | None:
        """By our extended property. Graph ignores what it does not support without a word: then that is no answer."""
        matches = f"ep/id eq '{_quoted(TAG)}' and ep/value eq '{_quoted(mark)}'"
        parameters = {
            "$filter": f"singleValueExtendedProperties/Any(ep: {matches})",
            "$expand": f"singleValueExtendedProperties($filter=id eq '{_quoted(TAG)}')",
            "$select": _ID_AND_MARK,
        }
        events = items_in(await self.client.get(access, f"{calendar_path(calendar)}/events", parameters))
        found = next((_place(calendar, event) for event in events if _has_mark(event, mark)), None)
        if found is None and events:
            raise InvalidAnswer(what="a filter that was ignored")
        return found

    async def _marked_nearby(self, access: Access, calendar: str, copy: EventCopy) -> EventPlace | None:
        """By transaction id, which a calendar view returns though it can't be asked for it, around each time."""
        path, asked = f"{calendar_path(calendar)}/calendarView", {"$select": _ID_AND_MARK, "$top": _PAGE_SIZE}
        for time in copy.times:
            parameters = view_parameters(time, margin=_NEARBY) | asked
            async for page in self.client.pages(access, path, parameters):
                for event in page:
                    if _has_mark(event, copy.mark):
                        return _place(calendar, event)
        return None


async def _testimony(look: Awaitable[_Seen]) -> _Seen | Exception:
    """What a witness says; the reason of its silence where it says nothing."""
    try:
        return await look
    except (GraphRefusal, ProviderUnavailable, InvalidAnswer) as fault:
        _require_silence(fault)
        return fault


def _require_silence(fault: BaseException) -> None:
    """Raises it again where it is about more than this witness: to ask another one would change nothing."""
    match fault:
        case GraphRefusal() if fault.fault not in _OF_ALL:
            return
        case ProviderUnavailable() if not fault.throttled:
            return
        case InvalidAnswer():
            return
    raise fault


def _is_denied(silence: BaseException) -> bool:
    """Where we may not look we could not change the event either."""
    return isinstance(silence, GraphRefusal) and silence.fault is Fault.DENIED


def _has_mark(event: dict[str, Any], mark: EventMark) -> bool:
    if event.get("transactionId") == mark:
        return True
    tags = event.get("singleValueExtendedProperties")
    return isinstance(tags, list) and any(isinstance(tag, dict) and tag.get("value") == mark for tag in tags)


def _place(calendar: str, event: dict[str, Any]) -> EventPlace:
    return EventPlace(remote_calendar_id=calendar, remote_id=id_of(event))


def _quoted(text: str) -> str:
    """Inside an OData string."""
    return text.replace("'", "''")
