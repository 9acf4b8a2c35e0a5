"""Reads of one account's calendars that come together, answered by the same question."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from adapters.google.client import GoogleClient
from adapters.google.errors import Fault, GoogleRefusal
from adapters.google.free_busy import MOST_CALENDARS, Said, busy_times
from adapters.google.listed_calendars import listed_calendars
from adapters.web.access_tokens import Access, AccessTokens, AccountAccess
from adapters.web.gatherings import GATHERED_FOR, Asked, Gatherings
from domain.access import CalendarGone, ProviderUnavailable
from domain.blocking import CalendarEntry
from domain.ids import AccountId
from domain.interval import Interval, span


@dataclass(frozen=True, slots=True)
class _Wanted:
    calendar: str = field(repr=False)
    window: Interval


_Read: TypeAlias = Asked[_Wanted, list[CalendarEntry]]


@dataclass(frozen=True, slots=True)
class _Question:
    window: Interval
    reads: list[_Read]

    @property
    def calendars(self) -> list[str]:
        return list(dict.fromkeys(read.question.calendar for read in self.reads))


class FreeBusyReads:
    """No answer is older than what it answers, and a failure goes to all that share it."""

    def __init__(
        self, client: GoogleClient, tokens: AccessTokens, *, gathered_for: timedelta = GATHERED_FOR
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._gatherings: Gatherings[AccountId, _Wanted, list[CalendarEntry]] = Gatherings(
            self._answer, gathered_for=gathered_for
        )

    async def read(self, account_id: AccountId, calendar: str, window: Interval) -> list[CalendarEntry]:
        """When the calendar is busy, merged; some may lie outside `window`.

        Raises CalendarGone, GoogleRefusal, and whatever else the client does.
        """
        return await self._gatherings.ask(account_id, _Wanted(calendar, window))

    async def _answer(self, account_id: AccountId, reads: Sequence[_Read]) -> None:
        access = AccountAccess(tokens=self._tokens, account_id=account_id)
        await asyncio.gather(*(self._ask(access, question) for question in _questions(reads)))

    async def _ask(self, access: Access, question: _Question) -> None:
        try:
            known = await busy_times(self._client, access, question.calendars, question.window)
            missing = [read for read in question.reads if _is_not_found(known[read.question.calendar])]
            for read in question.reads:
                if read not in missing:
                    read.settle(known[read.question.calendar])
            if missing:
                await self._look_again(access, missing)
        except Exception as failure:  # noqa: BLE001 - it is the readers' and raised in each
            for read in question.reads:
                read.settle(failure)

    async def _look_again(self, access: Access, missing: Iterable[_Read]) -> None:
        """One answer that a calendar isn't found proves nothing: the list decides."""
        listed = {one.remote_id for one in await listed_calendars(self._client, access)}
        for read in missing:
            read.settle(ProviderUnavailable() if read.question.calendar in listed else CalendarGone())


def _is_not_found(said: Said) -> bool:
    return isinstance(said, GoogleRefusal) and said.fault in {Fault.GONE, Fault.DELETED}


def _questions(reads: Iterable[_Read]) -> Iterator[_Question]:
    for alike in _alike(reads):
        window = span(read.question.window for read in alike)
        by_calendar: dict[str, list[_Read]] = {}
        for read in alike:
            by_calendar.setdefault(read.question.calendar, []).append(read)
        same = list(by_calendar.values())
        for first in range(0, len(same), MOST_CALENDARS):
            yield _Question(window, [read for some in same[first : first + MOST_CALENDARS] for read in some])


def _alike(reads: Iterable[_Read]) -> Iterator[list[_Read]]:
    """Those whose windows overlap are asked for over all of it: that takes no more questions than one for each."""
    alike: list[_Read] = []
    for read in sorted(reads, key=lambda one: one.question.window.start):
        if alike and not read.question.window.overlaps(span(one.question.window for one in alike)):
            yield alike
            alike = []
        alike.append(read)
    if alike:
        yield alike
