"""Reading when somebody is busy: owned calendars by their events, all others by their busy times."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from adapters.google.answers import items_in, role_in
from adapters.google.capabilities import writable_roles
from adapters.google.client import GoogleClient, is_slow
from adapters.google.entries import SELECTED, entry_from_google
from adapters.google.errors import Fault, GoogleRefusal, translated
from adapters.google.free_busy_reads import FreeBusyReads
from adapters.google.listed_calendars import gone_if_unlisted
from adapters.google.ours_among_busy import without_ours
from adapters.google.paths import events_path
from adapters.google.times import bounds
from adapters.web.access_tokens import Access, AccessTokens, AccountAccess
from adapters.web.metered_http import TOO_LARGE
from adapters.web.page_sizes import PageSizes
from application.ports.calendar_reader import ReadableCalendar
from domain.access import CalendarGone, InvalidAnswer, ProviderUnavailable
from domain.blocking import CalendarEntry
from domain.ids import AccountId
from domain.interval import Interval

ALL_DAY_MARGIN: Final = timedelta(hours=26)
"""How far an all-day event may lie beside the window that its dates touch.

In which zone Google compares dates with the window isn't known, while they count in the expert's: the clocks of the two
may be 26 hours apart (UTC+14 and UTC-12).
"""


_ALWAYS: Final = (
    ("singleEvents", "true"),
    ("showDeleted", "false"),
    ("maxAttendees", "1"),  # the person's own entry, whoever else is invited
    ("timeZone", "UTC"),
    ("fields", SELECTED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleCalendarReader:
    client: GoogleClient
    tokens: AccessTokens
    page_sizes: PageSizes
    free_busy: FreeBusyReads

    async def read_entries(
        self, account_id: AccountId, calendar: ReadableCalendar, window: Interval
    ) -> tuple[CalendarEntry, ...]:
        """Event by event where there may be some of ours, and else the times alone.

        Google shows no more than the times of some events: then it isn't known which of them are free, and the busy
        times say it. Ours are known by their ids all the same, and must not be taken for missing, nor for others'.
        """
        with translated(gone=CalendarGone):
            if not calendar.may_hold_ours:
                return tuple(await self.free_busy.read(account_id, calendar.remote_id, window))
            events = await self._events(account_id, calendar.remote_id, window)
            if events.shown:
                return tuple(events.entries)
            busy = await self.free_busy.read(account_id, calendar.remote_id, window)
            ours = (entry for entry in events.entries if entry.mark is not None)
            return (*without_ours(busy, events.entries), *ours)

    async def _events(self, account_id: AccountId, calendar: str, window: Interval) -> "_Events":
        access = AccountAccess(tokens=self.tokens, account_id=account_id)
        try:
            async with gone_if_unlisted(self.client, access, calendar):
                return await self._all_events(access, calendar, window)
        except GoogleRefusal as refusal:
            if refusal.fault is Fault.DELETED:
                raise ProviderUnavailable from refusal  # Google's word for events: of a calendar it proves nothing
            if refusal.fault not in {Fault.SCOPE, Fault.DENIED}:
                raise
            return _Events(shown=False)  # busy times may be open to us where events aren't

    async def _all_events(self, access: Access, calendar: str, window: Interval) -> "_Events":
        """From the beginning again, with pages half as large, after one that was too much."""
        while True:
            size = self.page_sizes.of(calendar)
            try:
                return await self._paged(access, calendar, window, size)
            except (GoogleRefusal, InvalidAnswer) as failure:
                if not _is_too_much(failure) or not self.page_sizes.halved(calendar, size):
                    raise

    async def _paged(self, access: Access, calendar: str, window: Interval, size: int) -> "_Events":
        begin, end = bounds(window, margin=ALL_DAY_MARGIN)
        asked = (*_ALWAYS, ("timeMin", begin), ("timeMax", end), ("maxResults", str(size)))
        shown = writable_roles((await access.token()).scopes)
        events = _Events(shown=True)
        async for page in self.client.answers(
            access, events_path(calendar), asked, repeats_slow=self.page_sizes.is_least(size)
        ):
            events.shown &= role_in(page) in shown
            events.entries += [one for item in items_in(page) if (one := entry_from_google(item)) is not None]
        return events


@dataclass(slots=True, kw_only=True)
class _Events:
    """`shown`: with all that makes them free, and not just their times."""

    shown: bool
    entries: list[CalendarEntry] = field(default_factory=list)


def _is_too_much(failure: GoogleRefusal | InvalidAnswer) -> bool:
    if isinstance(failure, InvalidAnswer):
        return failure.what == TOO_LARGE
    return is_slow(failure)
