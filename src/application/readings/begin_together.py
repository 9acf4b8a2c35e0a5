"""Begin looks at several calendars in one transaction, so that they ask the provider at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

from application.readings.under_way import UnderWay
from domain.availability import ReadFailure
from domain.ids import CalendarId

Begun = Mapping[CalendarId, UnderWay | ReadFailure]


class BeginTogether:
    """Those asked for at the same moment are begun together, later ones one by one."""

    def __init__(self, begin_all: Callable[[Collection[CalendarId]], Awaitable[Begun]]) -> None:
        self._begin_all = begin_all
        self._asked: list[CalendarId] = []
        self._begun: asyncio.Task[Begun] | None = None
        self._closed = False

    async def __call__(self, calendar_id: CalendarId) -> UnderWay | ReadFailure:
        if self._closed:
            return (await self._begin_all([calendar_id]))[calendar_id]
        self._asked.append(calendar_id)
        if self._begun is None:
            self._begun = asyncio.create_task(self._begin())  # which runs after all that are ready to run now
        await asyncio.wait([self._begun])  # which leaves it alone when the one who waits is cancelled
        return self._begun.result()[calendar_id]

    async def _begin(self) -> Begun:
        self._closed = True
        return await self._begin_all(self._asked)
