"""Reading times and statuses of a calendar through Graph's calendar view."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from adapters.graph.addresses import calendar_path, view_parameters
from adapters.graph.client import GraphClient, is_slow
from adapters.graph.entries import SELECTED, entry_from_graph
from adapters.graph.errors import GraphRefusal, translated
from adapters.graph.listed_calendars import gone_if_unlisted
from adapters.web.access_tokens import Access, AccessTokens, AccountAccess
from adapters.web.metered_http import TOO_LARGE
from adapters.web.page_sizes import PageSizes
from application.ports.calendar_reader import ReadableCalendar
from domain.access import CalendarGone, InvalidAnswer
from domain.blocking import CalendarEntry
from domain.ids import AccountId
from domain.interval import Interval

ALL_DAY_MARGIN = timedelta(hours=26)
"""How far an all-day event may lie beside the window that its dates touch.

Graph matches it by the instants of the zone it was made in, while its dates count in the expert's zone: the clocks of
the two may be 26 hours apart (UTC+14 and UTC-12).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphCalendarReader:
    client: GraphClient
    tokens: AccessTokens
    page_sizes: PageSizes

    async def read_entries(
        self, account_id: AccountId, calendar: ReadableCalendar, window: Interval
    ) -> tuple[CalendarEntry, ...]:
        """Entry by entry, whatever may be in it: Graph has no other way for all kinds of accounts."""
        access = AccountAccess(tokens=self.tokens, account_id=account_id)
        with translated(gone=CalendarGone):
            async with gone_if_unlisted(self.client, access, calendar.remote_id):
                return await self._all_entries(access, calendar.remote_id, window)

    async def _all_entries(
        self, access: Access, remote_calendar_id: str, window: Interval
    ) -> tuple[CalendarEntry, ...]:
        """From the beginning again, with pages half as large, after one that was too much."""
        while True:
            size = self.page_sizes.of(remote_calendar_id)
            try:
                entries = self._entries(access, remote_calendar_id, window, size)
                return tuple([entry async for entry in entries])
            except (GraphRefusal, InvalidAnswer) as failure:
                if not _is_too_much(failure) or not self.page_sizes.halved(remote_calendar_id, size):
                    raise

    async def _entries(
        self, access: Access, remote_calendar_id: str, window: Interval, size: int
    ) -> AsyncIterator[CalendarEntry]:
        parameters = view_parameters(window, margin=ALL_DAY_MARGIN) | {
            "$select": SELECTED,
            "$top": str(size),
        }
        path = f"{calendar_path(remote_calendar_id)}/calendarView"
        final = self.page_sizes.is_least(size)
        async for page in self.client.pages(access, path, parameters, repeats_slow=final):
            for event in page:
                yield entry_from_graph(event)


def _is_too_much(failure: GraphRefusal | InvalidAnswer) -> bool:
    if isinstance(failure, InvalidAnswer):
        return failure.what == TOO_LARGE
    return is_slow(failure)
