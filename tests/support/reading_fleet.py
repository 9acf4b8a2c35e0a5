"""The part of a worker that reads, with one account whose calendars are kept fresh."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any, Final

from prometheus_client import CollectorRegistry

from application.ports.lanes import Room
from application.ports.provider import CalendarProvider
from application.provider_faults import ProviderFault
from application.readings.claim_readings import ClaimReadings
from application.readings.read_calendar import ReadCalendar
from application.readings.single_flight import SingleFlight
from domain.access import AccessDoubted, AccessLost
from domain.account import Provider
from domain.availability import ReadFailure, UnreadReason
from domain.calendar import Calendar, RemoteCalendar
from domain.ids import CalendarId
from domain.reading import Pace
from sandbox import Sandbox
from server.metrics.looks import LookMetrics
from server.runtime.metered import MeteredReads
from tests.builders import ACCOUNT, EXPERT, a_grant, an_account, an_expert, an_identity
from tests.fakes.alarms import RecordingAlarms
from tests.support.microsoft import SandboxClock
from tests.support.stores import KeptByPostgres, choose_calendars, put_expert

ROOM: Final = Room(places=64, again=64)
MINUTE: Final = timedelta(minutes=1)
_SURFACES: Final = {Provider.GOOGLE: "google", Provider.APPLE: "icloud"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """One account, all of whose calendars are chosen."""

    kept: KeptByPostgres
    sandbox: Sandbox
    provider: Provider
    claim: ClaimReadings
    read: MeteredReads
    reads: SingleFlight[CalendarId, ReadFailure | None]
    calendars: tuple[CalendarId, ...]

    async def poll(self) -> list[tuple[str, str]]:
        """Read all that is due, as a worker with free places does; the requests that it took."""
        before = len(self._asked())
        while rows := (await self.claim(ROOM)).rows:
            await asyncio.gather(
                *(
                    self.reads.take_up(
                        {look.task.calendar_id: partial(self.read.go_on, look) for look in one.row},
                        begun_at=one.row[0].begun.begun_at,
                    )
                    for one in rows
                )
            )
        return sorted(self._asked()[before:])

    async def look(self) -> list[tuple[str, str]]:
        """Read all of them for a question; the requests that it took."""
        before, now = len(self._asked()), self.sandbox.world.clock.now()
        asked = dict.fromkeys(self.calendars, now)
        failures = await self.reads.join_all(asked, budget=MINUTE, places=asyncio.Semaphore(1))
        assert failures == dict.fromkeys(self.calendars)
        return sorted(self._asked()[before:])

    def wait(self, *, minutes: float) -> None:
        self.sandbox.world.clock.advance(60 * minutes)

    async def older_than(self, age: timedelta) -> set[object]:
        """The calendars whose readings are."""
        bound = self.sandbox.world.clock.now() - age
        rows = await self.kept.rows(
            "SELECT calendar_id FROM reading_schedule WHERE read_at < %(bound)s", bound=bound
        )
        return {row["calendar_id"] for row in rows}

    async def failed(self) -> list[object]:
        rows = await self.kept.rows("SELECT calendar_id FROM reading_schedule WHERE failures > 0")
        return [row["calendar_id"] for row in rows]

    def _asked(self) -> list[tuple[str, str]]:
        requests = self.sandbox.world.traffic.requests
        return [(one.method, one.path) for one in requests if one.surface == _SURFACES[self.provider]]


@asynccontextmanager
async def fleet_of(
    kept: KeptByPostgres,
    sandbox: Sandbox,
    ports: CalendarProvider,
    provider: Provider,
    listed: Sequence[RemoteCalendar],
    pace: Pace,
) -> AsyncIterator[Fleet]:
    common: dict[str, Any] = {
        "store": kept.store,
        "clock": SandboxClock(sandbox),
        "providers": {provider: ports},
        "alarms": RecordingAlarms(),
        "pace": pace,
        "jitter": Random(7).random,
    }
    calendars = await _chosen(kept, provider, listed)
    read = MeteredReads(
        read=ReadCalendar(report_lost=_nobody_loses_access, unchanged_looks=kept.unchanged_looks, **common),
        meter=LookMetrics(CollectorRegistry()),
    )
    reads: SingleFlight[CalendarId, ReadFailure | None] = SingleFlight(
        read,
        clock=common["clock"],
        alarms=common["alarms"],
        failed=lambda _: ReadFailure(reason=UnreadReason.SERVICE_FAILED),
        together=read.together,
    )
    yield Fleet(
        kept=kept,
        sandbox=sandbox,
        provider=provider,
        claim=ClaimReadings(**common),
        read=read,
        reads=reads,
        calendars=calendars,
    )
    await reads.close(grace=timedelta())


async def _nobody_loses_access(refused: AccessLost | AccessDoubted) -> ProviderFault:
    raise refused


async def _chosen(
    kept: KeptByPostgres, provider: Provider, listed: Sequence[RemoteCalendar]
) -> tuple[CalendarId, ...]:
    """All that the account lists."""
    known = [
        Calendar(calendar_id=CalendarId(f"calendar-{number:02}"), account_id=ACCOUNT, remote=one)
        for number, one in enumerate(listed)
    ]
    await put_expert(kept, an_expert(EXPERT))
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(identity=an_identity(provider=provider)), a_grant())
        await tx.calendars.save(known)
    ids = tuple(one.calendar_id for one in known)
    await choose_calendars(kept, *ids)
    return ids
