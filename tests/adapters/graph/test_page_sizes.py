"""How many events are asked for at once, and what is learned from answers that never come, on the sandbox."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.web.page_sizes import FEWEST, REMEMBERED
from domain.access import InvalidAnswer, ProviderUnavailable
from domain.interval import Interval
from sandbox import Sandbox
from tests.builders import a_readable_calendar
from tests.support.microsoft import Connected, connected_to

WINDOW = Interval(datetime(2031, 5, 5, tzinfo=UTC), datetime(2031, 6, 12, tzinfo=UTC))
MANY = 700


@pytest.fixture
def full_calendar(connected: Connected) -> Connected:
    for number in range(MANY):
        start = WINDOW.start + timedelta(hours=number)
        connected.sandbox.world.events.add("anna", start, start + timedelta(minutes=30))
    return connected


async def _read(connected: Connected, calendar: str | None = None) -> int:
    """How many entries there are."""
    account = await connected.connect("anna")
    reader = connected.microsoft.reader
    asked = a_readable_calendar(connected.calendar_id("anna", calendar))
    return len(await reader.read_entries(account, asked, WINDOW))


def _views(connected: Connected) -> list[int]:
    """The statuses of all views asked for, which are forgotten then."""
    traffic = connected.sandbox.world.traffic
    statuses = [one.status for one in traffic.requests if one.path.endswith("calendarView")]
    traffic.clear()
    return statuses


async def test_a_calendar_that_answers_smaller_pages_only_is_read_with_them(full_calendar: Connected) -> None:
    full_calendar.sandbox.world.settings.largest_view_page = 300
    assert await _read(full_calendar) == MANY
    assert _views(full_calendar) == [504, 504, 200, 200, 200]


async def test_what_a_calendar_answers_is_remembered_for_a_while(full_calendar: Connected) -> None:
    full_calendar.sandbox.world.settings.largest_view_page = 300
    await _read(full_calendar)
    _views(full_calendar)
    await _read(full_calendar)
    assert _views(full_calendar) == [200, 200, 200]
    full_calendar.sandbox.world.settings.largest_view_page = None
    full_calendar.sandbox.world.clock.advance(REMEMBERED.total_seconds())
    await _read(full_calendar)
    assert _views(full_calendar) == [200]


async def test_other_calendars_are_read_with_full_pages_still(full_calendar: Connected) -> None:
    full_calendar.sandbox.world.settings.largest_view_page = 300
    await _read(full_calendar)
    _views(full_calendar)
    full_calendar.sandbox.world.settings.largest_view_page = None
    await _read(full_calendar, "team")
    assert _views(full_calendar) == [200]


async def test_fewer_than_fifty_are_never_asked_for(full_calendar: Connected) -> None:
    full_calendar.sandbox.world.settings.largest_view_page = FEWEST - 1
    with pytest.raises(ProviderUnavailable):
        await _read(full_calendar)
    assert _views(full_calendar) == [504] * 8  # 1000, 500, 250, 125, 62, and 50 as often as any read is tried
    full_calendar.sandbox.world.settings.largest_view_page = FEWEST
    assert await _read(full_calendar) == MANY


async def test_a_page_that_hangs_is_asked_for_again_half_as_large(sandbox: Sandbox) -> None:
    async with connected_to(sandbox, read_timeout=timedelta(milliseconds=300)) as connected:
        sandbox.world.events.add("anna", WINDOW.start, WINDOW.start + timedelta(hours=1))
        fault = sandbox.world.faults.add(kind="hang", seconds=60, path="calendarView", times=2)
        assert await _read(connected) == 1
        assert fault.hits == 2
        sandbox.hangs.release()


async def test_an_answer_that_is_too_large_is_asked_for_in_smaller_pages(
    sandbox: Sandbox, full_calendar: Connected
) -> None:
    async with connected_to(sandbox, largest_answer=100_000) as connected:
        assert await _read(connected) == MANY


async def test_an_answer_that_is_too_large_however_small_the_page_is_not_believed(
    sandbox: Sandbox, full_calendar: Connected
) -> None:
    async with connected_to(sandbox, largest_answer=5_000) as connected:
        with pytest.raises(InvalidAnswer):
            await _read(connected)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503, "body": {"error": {"code": "UnknownError"}}},
        {"status": 500, "body": "<html>"},
        {"kind": "cut"},
    ],
)
async def test_other_failures_say_nothing_about_the_size(
    full_calendar: Connected, fault: dict[str, Any]
) -> None:
    full_calendar.sandbox.world.faults.add(path="calendarView", **fault)
    assert await _read(full_calendar) == MANY
    assert [status for status in _views(full_calendar) if status == 200] == [200]


async def test_a_first_try_that_hangs_leaves_time_for_the_next(sandbox: Sandbox) -> None:
    async with connected_to(sandbox, read_timeout=timedelta(milliseconds=300)) as connected:
        account = await connected.connect("anna")
        fault = sandbox.world.faults.add(kind="hang", seconds=60, path="/me/calendars", times=2)
        assert await connected.microsoft.directory.list_calendars(account)
        assert fault.hits == 2
        sandbox.hangs.release()
