"""What it costs at Google to keep an account's calendars fresh: three of the person's own, and twenty of others."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from adapters.google.calendar_directory import GoogleCalendarDirectory
from adapters.google.calendar_reader import GoogleCalendarReader
from adapters.google.free_busy_reads import FreeBusyReads
from adapters.web.page_sizes import PageSizes
from domain.account import Provider
from domain.reading import Pace
from sandbox import Sandbox
from tests.builders import ACCOUNT
from tests.fakes.provider import FakeProvider
from tests.support.fake_ports import ports_of
from tests.support.google import google_on
from tests.support.microsoft import SandboxClock, running_sandbox, sandbox
from tests.support.reading_fleet import MINUTE, Fleet, fleet_of
from tests.support.stores import KeptByPostgres

__all__ = ["running_sandbox", "sandbox"]

LISTS, ASKS = ("GET", "/calendars/{calendarId}/events"), ("POST", "/freeBusy")
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
        listed = await directory.list_calendars(ACCOUNT)
        assert (len(listed), sum(one.writable for one in listed)) == (23, 3)
        pace = Pace(days_ahead=getattr(request, "param", ONE_QUERY))
        async with fleet_of(
            kept, sandbox, replace(fake, reader=reader), Provider.GOOGLE, listed, pace
        ) as opened:
            yield opened


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
