"""Reading when somebody is busy: events by their times, status and marks, and series worked out here."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from adapters.caldav.calendar_query import query_for
from adapters.caldav.calendar_tags import TaggedCalendar
from adapters.caldav.client import DavClient
from adapters.caldav.content_lines import address_key
from adapters.caldav.entries import ResourceEntries, ResourceReader
from adapters.caldav.errors import DavRefusal, Fault, translated
from adapters.caldav.home_looks import HomeLook, HomeLooks
from adapters.caldav.kept_reads import FullRead, KeptReads, Key, reach_for
from adapters.caldav.queried_events import NoData, QueriedEvents
from adapters.caldav.query_forms import QueryForms
from application.ports.calendar_reader import ReadableCalendar
from application.ports.meters import ProviderMeter
from domain.access import CalendarGone, InvalidAnswer, ProviderUnavailable
from domain.blocking import CalendarEntry
from domain.ids import AccountId
from domain.interval import Interval

_log = logging.getLogger(__name__)

READ: Final = "read_view"
"""The kind of these requests."""

_MANY: Final = 5_000
"""Entries beyond which it isn't the event loop that goes through them: they take three milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleCalendarReader:
    client: DavClient
    homes: HomeLooks
    meter: ProviderMeter
    _forms: QueryForms = field(default_factory=QueryForms)
    _kept: KeptReads = field(default_factory=KeptReads)

    async def read_entries(
        self, account_id: AccountId, calendar: ReadableCalendar, window: Interval
    ) -> tuple[CalendarEntry, ...]:
        """From what was read before, where the home says that nothing has changed since."""
        look = await self.homes.look(account_id)
        with translated(gone=ProviderUnavailable, password=look.account.refused):
            key = account_id, calendar.remote_id
            read = self._kept.find(key, look, _found(look, key).tags, window)
            if read is None:
                read = await self._anew(key, look, window)
                self._kept.keep(key, look, read)
        if len(read.entries) > _MANY:
            return await asyncio.to_thread(read.within, window)
        return read.within(window)

    async def _anew(self, key: Key, look: HomeLook, window: Interval) -> FullRead:
        """The look says which calendars there are: a query that finds none proves nothing by itself."""
        calendar = _found(look, key)
        reach = reach_for(window)
        try:
            entries = await self._read(key, look, calendar, reach)
        except DavRefusal as refusal:
            if refusal.fault in {Fault.GONE, Fault.DENIED}:
                _found(await self.homes.look(key[0]), key)
            raise
        return FullRead(
            look_number=look.number,
            begun_at=look.begun_at,
            grant_version=look.account.grant_version,
            tags=calendar.tags,
            window=reach,
            entries=entries,
            tags_since=look.begun_at,
        )

    async def _read(
        self, key: Key, look: HomeLook, calendar: TaggedCalendar, window: Interval
    ) -> tuple[CalendarEntry, ...]:
        """Properties are named where the server can do that: some bring nothing of an event that lacks one."""
        if not self._forms.names_properties(key[0], look.begun_at):
            return await self._whole(look, calendar, window)
        try:
            return await self._queried(look, calendar, window, names_properties=True)
        except NoData:
            entries = await self._whole(look, calendar, window)
        _log.info(
            "the server can't name properties: whole events are asked for", extra={"account_id": key[0]}
        )
        self._forms.only_whole(key[0], look.begun_at)
        return entries

    async def _whole(
        self, look: HomeLook, calendar: TaggedCalendar, window: Interval
    ) -> tuple[CalendarEntry, ...]:
        try:
            return await self._queried(look, calendar, window, names_properties=False)
        except NoData:
            raise InvalidAnswer(what="an event without data") from None

    async def _queried(
        self, look: HomeLook, calendar: TaggedCalendar, window: Interval, *, names_properties: bool
    ) -> tuple[CalendarEntry, ...]:
        grant = look.account.grant
        # Some servers tell no addresses of a person, who is invited under the login's all the same.
        own = frozenset(map(address_key, (grant.login.username, *grant.addresses))) - {""}

        def begin() -> QueriedEvents:
            return QueriedEvents(path=calendar.path, reader=ResourceReader(window=window, own_addresses=own))

        query = query_for(window, names_properties=names_properties)
        return self._told(await self.client.report(grant.login, calendar.path, query, begin, kind=READ))

    def _told(self, found: Iterable[ResourceEntries]) -> tuple[CalendarEntry, ...]:
        if odd := sum(one.odd for one in found):
            self.meter.found_odd(odd)
        return tuple(entry for one in found for entry in one.entries)


def _found(look: HomeLook, key: Key) -> TaggedCalendar:
    """Raises CalendarGone."""
    if (found := look.calendars.get(key[1])) is None:
        raise CalendarGone
    return found
