"""Ports and use-cases that measure what passes through them, wrapped around the real ones."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from application.availability.read_live import ReadLive, Stretch
from application.ports.mailer import MailDelayed, Mailer, MailRefused, MailUncertain, ReconnectNotice
from application.readings.read_calendar import ReadCalendar
from application.readings.together import Together
from application.readings.under_way import UnderWay
from domain.availability import ReadFailure, Reading, Unread
from domain.ids import CalendarId
from server.metrics.looks import LookMetrics
from server.metrics.work import WorkMetrics

CRASHED = "crashed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredReads:
    """Looks at calendars whose readings are kept, for a question or because they were due."""

    read: ReadCalendar
    meter: LookMetrics

    async def __call__(self, calendar_id: CalendarId) -> ReadFailure | None:
        """Where there is nothing to look at, no provider is, and nothing is counted."""
        return await self._read(calendar_id, self.read.begin)

    def together(self) -> Callable[[CalendarId], Awaitable[ReadFailure | None]]:
        """The same, for calendars that are best asked for at the same moment."""
        return partial(self._read, begin=Together(self.read.begin_all))

    async def _read(
        self, calendar_id: CalendarId, begin: Callable[[CalendarId], Awaitable[UnderWay | ReadFailure]]
    ) -> ReadFailure | None:
        begun = time.perf_counter()
        look = await begin(calendar_id)
        return look if isinstance(look, ReadFailure) else await self._metered(look, "question", begun)

    async def go_on(self, look: UnderWay) -> ReadFailure | None:
        cause = "notified" if look.begun.noticed else "polled"
        return await self._metered(look, cause, time.perf_counter())

    async def _metered(self, look: UnderWay, cause: str, begun: float) -> ReadFailure | None:
        outcome = CRASHED
        try:
            failure = await self.read.go_on(look)
            outcome = "read" if failure is None else failure.reason.value
            return failure
        finally:
            self.meter.ended(look.task.provider, cause, outcome, time.perf_counter() - begun)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredLiveReads:
    """Looks at times that no readings are kept for."""

    read: ReadLive
    meter: LookMetrics

    async def __call__(self, stretch: Stretch) -> Reading | Unread:
        return await self._metered(stretch, self.read)

    def together(self) -> Callable[[Stretch], Awaitable[Reading | Unread]]:
        """The same, for calendars that are best asked for at the same moment."""
        return partial(self._metered, read=self.read.together())

    async def _metered(
        self, stretch: Stretch, read: Callable[[Stretch], Awaitable[Reading | Unread]]
    ) -> Reading | Unread:
        begun, outcome = time.perf_counter(), CRASHED
        try:
            found = await read(stretch)
            outcome = found.reason.value if isinstance(found, Unread) else "read"
            return found
        finally:
            provider = stretch.calendar.provider
            self.meter.ended(provider, "beyond", outcome, time.perf_counter() - begun)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredMailer:
    mailer: Mailer
    meter: WorkMetrics

    async def send_reconnect_notice(
        self, notice: ReconnectNotice, *, before_handover: Callable[[], Awaitable[None]]
    ) -> None:
        outcome = "not_given"  # it was not wanted any more, or could not be noted first
        try:
            await self.mailer.send_reconnect_notice(notice, before_handover=before_handover)
            outcome = "accepted"
        except MailDelayed as delayed:
            outcome = delayed.reason.replace(" ", "_")
            raise
        except MailUncertain:
            outcome = "uncertain"
            raise
        except MailRefused:
            outcome = "refused"
            raise
        finally:
            self.meter.mailed(outcome)


def metered_mailer(mailer: Mailer | None, meter: WorkMetrics) -> Mailer | None:
    """None where the caller mails."""
    return None if mailer is None else MeteredMailer(mailer=mailer, meter=meter)
