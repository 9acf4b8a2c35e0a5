"""What it costs at Google to keep an account's calendars fresh: three of the person's own, and twenty of others."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from adapters.google.calendar_directory import GoogleCalendarDirectory
from adapters.google.calendar_reader import GoogleCalendarReader
from adapters.google.free_busy_reads import FreeBusyReads
from adapters.web.page_sizes import PageSizes
from application.ports.lanes import Room
from application.readings.claim_readings import ClaimReadings
from application.readings.read_calendar import ReadCalendar
from application.readings.single_flight import SingleFlight
from domain.access import AccessLost
from domain.account import Provider
from domain.availability import ReadFailure, UnreadReason
from domain.calendar import Calendar
from domain.ids import CalendarId
from domain.reading import Pace
from sandbox import Sandbox
from server.metrics.looks import LookMetrics
from server.runtime.metered import MeteredReads
from tests.builders import ACCOUNT, EXPERT, a_grant, an_account, an_expert, an_identity
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.provider import FakeProvider
from tests.support.fake_ports import ports_of
from tests.support.google import google_on
from tests.support.microsoft import SandboxClock, running_sandbox, sandbox
from tests.support.stores import KeptByPostgres, choose_calendars, put_expert

__all__ = ["running_sandbox", "sandbox"]

LISTS, ASKS = ("GET", "/calendars/{calendarId}/events"), ("POST", "/freeBusy")
ROOM = Room(places=64, again=64)
MINUTE = timedelta(minutes=1)
ONE_QUERY = 58
"""Days ahead that readings reach as far as one free/busy query, with the days at both ends."""


def _calendars_of_gina(sandbox: Sandbox) -> None:
    calendars = sandbox.world.calendars
    calendars.add("gina", "third", "Third")
    for number in range(20):
        key = f"shared-{number}"
        calendars.add("wilma", key, key)
        calendars.share("wilma", key, "gina", key=key)
        calendars.change_google("gina", key, role="freeBusyReader")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """One account at Google, and the part of a worker that reads."""

    kept: KeptByPostgres
    sandbox: Sandbox
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
        return [(one.method, one.path) for one in requests if one.surface == "google"]


@pytest_asyncio.fixture
async def fleet(
    kept: KeptByPostgres, sandbox: Sandbox, request: pytest.FixtureRequest
) -> AsyncIterator[Fleet]:
    """Readings reach as many days ahead as the parameter says."""
    _calendars_of_gina(sandbox)
    async with google_on(sandbox) as google:
        google.connect("gina", ACCOUNT)
        directory = GoogleCalendarDirectory(client=google.client, tokens=google.tokens)
        reader = GoogleCalendarReader(
            client=google.client,
            tokens=google.tokens,
            page_sizes=PageSizes(clock=SandboxClock(sandbox), most=google.settings.page_size),
            free_busy=FreeBusyReads(google.client, google.tokens, gathered_for=timedelta(milliseconds=200)),
        )
        fake = ports_of(FakeProvider(google.store, Provider.GOOGLE), push=None, answers_together=True)
        calendars = await _chosen(kept, directory)
        common: dict[str, Any] = {
            "store": kept.store,
            "clock": SandboxClock(sandbox),
            "providers": {Provider.GOOGLE: replace(fake, reader=reader)},
            "alarms": RecordingAlarms(),
            "pace": Pace(days_ahead=getattr(request, "param", ONE_QUERY)),
            "jitter": Random(7).random,
        }
        read = MeteredReads(
            read=ReadCalendar(
                report_lost=_nobody_loses_access, unchanged_looks=kept.unchanged_looks, **common
            ),
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
            claim=ClaimReadings(**common),
            read=read,
            reads=reads,
            calendars=calendars,
        )
        await reads.close(grace=timedelta())


async def _nobody_loses_access(lost: AccessLost) -> None:
    raise lost


async def _chosen(kept: KeptByPostgres, directory: GoogleCalendarDirectory) -> tuple[CalendarId, ...]:
    """All that the account lists."""
    listed = await directory.list_calendars(ACCOUNT)
    assert (len(listed), sum(one.writable for one in listed)) == (23, 3)
    known = [
        Calendar(calendar_id=CalendarId(f"calendar-{number:02}"), account_id=ACCOUNT, remote=one)
        for number, one in enumerate(listed)
    ]
    await put_expert(kept, an_expert(EXPERT))
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(identity=an_identity(provider=Provider.GOOGLE)), a_grant())
        await tx.calendars.save(known)
    ids = tuple(one.calendar_id for one in known)
    await choose_calendars(kept, *ids)
    return ids


@pytest.mark.parametrize(("fleet", "queries"), [(ONE_QUERY, 1), (120, 3)], indirect=["fleet"])
async def test_a_poll_takes_one_request_for_each_own_calendar_and_one_query_for_all_others(
    fleet: Fleet, queries: int
) -> None:
    """One query reaches over sixty days."""
    expected = [LISTS] * 3 + [ASKS] * queries
    assert await fleet.poll() == expected
    for _ in range(3):
        fleet.wait(minutes=5)
        assert await fleet.poll() == expected
        assert await fleet.older_than(MINUTE) == set()
    assert await fleet.poll() == []


async def test_a_question_that_has_all_of_them_read_now_costs_what_a_poll_does(fleet: Fleet) -> None:
    assert await fleet.look() == [LISTS] * 3 + [ASKS]
    fleet.wait(minutes=5)
    assert await fleet.poll() == [LISTS] * 3 + [ASKS]


async def test_an_error_beside_one_calendar_is_a_failure_of_that_one(fleet: Fleet) -> None:
    calendars = fleet.sandbox.world.calendars
    await fleet.poll()
    calendars.change_google("gina", "shared-7", freebusy="error", freebusy_reason="internalError")
    fleet.wait(minutes=5)
    assert await fleet.poll() == [LISTS] * 3 + [ASKS]
    (failed,) = await fleet.failed()
    assert await fleet.older_than(MINUTE) == {failed}

    calendars.change_google("gina", "shared-7", freebusy="answers")
    fleet.wait(minutes=0.5)
    assert await fleet.poll() == [ASKS]
    fleet.wait(minutes=4.5)
    assert await fleet.poll() == [LISTS] * 3 + [ASKS]
    assert await fleet.older_than(MINUTE) == set()
