"""Reads of one account's calendars that come together, answered by the same question."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from adapters.google.client import GoogleClient
from adapters.google.errors import Fault, GoogleRefusal
from adapters.google.free_busy import MOST_CALENDARS, Said, busy_times
from adapters.google.listed_calendars import listed_calendars
from adapters.web.access_tokens import Access, AccessTokens, AccountAccess
from domain.access import CalendarGone, ProviderUnavailable
from domain.blocking import CalendarEntry
from domain.ids import AccountId
from domain.interval import Interval, span

GATHERED_FOR: Final = timedelta(milliseconds=20)
"""How long reads wait for others to join them, after each that does: little beside the time that Google takes. Before
they come here, those of a group take turns at the database, so they come one after another."""
MOST_PAUSES: Final = 10
"""So many times that long at most, however many go on coming."""


@dataclass(eq=False, slots=True)
class _Read:
    calendar: str = field(repr=False)
    window: Interval
    answer: asyncio.Future[list[CalendarEntry]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def settle(self, said: Said | Exception) -> None:
        if self.answer.done():
            return
        if isinstance(said, Exception):
            self.answer.set_exception(said)
        else:
            self.answer.set_result(said)


@dataclass(eq=False, slots=True)
class _Gathering:
    """Reads that can still be joined by others, and the task that answers them."""

    reads: list[_Read] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class _Question:
    window: Interval
    reads: list[_Read]

    @property
    def calendars(self) -> list[str]:
        return list(dict.fromkeys(read.calendar for read in self.reads))


class FreeBusyReads:
    """Nothing is kept: a read that comes after a question was sent is answered by another one, so that no answer is
    older than what it answers. Whoever is cancelled cancels nobody else; what nobody waits for any more is given up.
    """

    def __init__(
        self, client: GoogleClient, tokens: AccessTokens, *, gathered_for: timedelta = GATHERED_FOR
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._gathered_for = gathered_for
        self._open: dict[AccountId, _Gathering] = {}

    async def read(self, account_id: AccountId, calendar: str, window: Interval) -> list[CalendarEntry]:
        """When the calendar is busy, merged; some may lie outside `window`.

        Raises CalendarGone, GoogleRefusal, and whatever else the client does: a failure goes to all that share it.
        """
        gathering = self._open.get(account_id)
        if gathering is None:
            gathering = self._open[account_id] = _Gathering()
            gathering.task = asyncio.create_task(self._answer(account_id, gathering))
        read = _Read(calendar, window)
        gathering.reads.append(read)
        try:
            return await read.answer
        finally:
            self._left(account_id, gathering)

    def _left(self, account_id: AccountId, gathering: _Gathering) -> None:
        if gathering.task is not None and all(read.answer.done() for read in gathering.reads):
            self._close(account_id, gathering)
            gathering.task.cancel()

    def _close(self, account_id: AccountId, gathering: _Gathering) -> None:
        if self._open.get(account_id) is gathering:
            del self._open[account_id]

    async def _answer(self, account_id: AccountId, gathering: _Gathering) -> None:
        try:
            await self._gathered(gathering)
            self._close(account_id, gathering)  # from now on it is too late to join
            access = AccountAccess(tokens=self._tokens, account_id=account_id)
            await asyncio.gather(*(self._ask(access, question) for question in _questions(gathering.reads)))
        finally:
            for read in gathering.reads:
                read.answer.cancel()  # when all of this is cancelled from outside, as a process ends

    async def _gathered(self, gathering: _Gathering) -> None:
        """Returns when a pause has brought nobody, or the first has waited long enough."""
        joined = 0
        for _ in range(MOST_PAUSES):
            if joined == len(gathering.reads):
                return
            joined = len(gathering.reads)
            await asyncio.sleep(self._gathered_for.total_seconds())

    async def _ask(self, access: Access, question: _Question) -> None:
        try:
            known = await busy_times(self._client, access, question.calendars, question.window)
            missing = [read for read in question.reads if _is_not_found(known[read.calendar])]
            for read in question.reads:
                if read not in missing:
                    read.settle(known[read.calendar])
            if missing:
                await self._look_again(access, missing)
        except Exception as failure:  # noqa: BLE001 - it is the readers' and raised in each
            for read in question.reads:
                read.settle(failure)

    async def _look_again(self, access: Access, missing: Iterable[_Read]) -> None:
        """One answer that a calendar isn't found proves nothing: the list decides."""
        listed = {one.remote_id for one in await listed_calendars(self._client, access)}
        for read in missing:
            read.settle(ProviderUnavailable() if read.calendar in listed else CalendarGone())


def _is_not_found(said: Said) -> bool:
    return isinstance(said, GoogleRefusal) and said.fault in {Fault.GONE, Fault.DELETED}


def _questions(reads: Iterable[_Read]) -> Iterator[_Question]:
    """Of those that somebody still waits for."""
    for alike in _alike([read for read in reads if not read.answer.done()]):
        window = span(read.window for read in alike)
        by_calendar: dict[str, list[_Read]] = {}
        for read in alike:
            by_calendar.setdefault(read.calendar, []).append(read)
        same = list(by_calendar.values())
        for first in range(0, len(same), MOST_CALENDARS):
            yield _Question(window, [read for some in same[first : first + MOST_CALENDARS] for read in some])


def _alike(reads: Iterable[_Read]) -> Iterator[list[_Read]]:
    """Those whose windows overlap are asked for over all of it: that takes no more questions than one for each."""
    alike: list[_Read] = []
    for read in sorted(reads, key=lambda one: one.window.start):
        if alike and not read.window.overlaps(span(one.window for one in alike)):
            yield alike
            alike = []
        alike.append(read)
    if alike:
        yield alike
