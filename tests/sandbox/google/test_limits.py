"""Google's limits of a minute, and other ways in which its API fails."""

import asyncio
from typing import Any, get_args

import pytest

from sandbox import Sandbox
from sandbox.world.google.settings import UsageReason
from tests.sandbox.google.calendar import Calendars, reason

PATH = "/users/me/calendarList"


async def _statuses(calendars: Calendars, times: int) -> list[int]:
    return [(await calendars("GET", PATH)).status for _ in range(times)]


async def test_a_persons_minute_slides(sandbox: Sandbox, gina: Calendars, walter: Calendars) -> None:
    sandbox.world.google.settings.requests_per_minute_and_person = 3
    assert await _statuses(gina, 2) == [200, 200]
    sandbox.world.clock.advance(40)
    assert await _statuses(gina, 2) == [200, 403]
    assert await _statuses(walter, 1) == [200]
    sandbox.world.clock.advance(30)
    assert await _statuses(gina, 3) == [200, 200, 403]


async def test_a_projects_minute_counts_everybody(
    sandbox: Sandbox, gina: Calendars, walter: Calendars
) -> None:
    sandbox.world.google.settings.requests_per_minute_and_project = 2
    assert [*await _statuses(gina, 1), *await _statuses(walter, 2)] == [200, 200, 403]


@pytest.mark.parametrize("name", get_args(UsageReason))
@pytest.mark.parametrize(("status", "retry_after"), [(403, None), (429, "12")])
async def test_too_much_is_told_with_any_reason(
    sandbox: Sandbox, gina: Calendars, name: Any, status: Any, retry_after: str | None
) -> None:
    settings = sandbox.world.google.settings
    settings.requests_per_minute_and_person = 0
    settings.usage_reason, settings.usage_status = name, status
    settings.usage_retry_after = retry_after
    reply = await gina("GET", PATH)
    assert reason(reply) == (status, name)
    assert reply.json["error"]["errors"][0]["domain"] == "usageLimits"
    assert reply.headers.get("Retry-After") == retry_after


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_google_fails(sandbox: Sandbox, gina: Calendars, status: int) -> None:
    sandbox.world.faults.google_error(status, "backendError")
    assert reason(await gina("GET", PATH)) == (status, "backendError")
    assert await _statuses(gina, 1) == [200]


async def test_answers_may_be_no_json_or_end_early(sandbox: Sandbox, gina: Calendars) -> None:
    gina.held_against_description = False
    sandbox.world.faults.html(surface="google")
    sandbox.world.faults.add(surface="google", kind="truncate")
    page, half = await gina("GET", PATH), await gina("GET", PATH)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    for reply in (page, half):
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
            assert reply.json


async def test_how_many_run_at_once_is_counted(sandbox: Sandbox, gina: Calendars) -> None:
    sandbox.world.google.settings.delay_seconds = 0.05
    await asyncio.gather(*(gina("GET", PATH) for _ in range(3)))
    assert sandbox.world.traffic.peak("gina") == 3


async def test_a_reason_nobody_knows(sandbox: Sandbox, gina: Calendars) -> None:
    sandbox.world.faults.google_error(403, "neverHeardOf", person="gina")
    assert reason(await gina("GET", PATH)) == (403, "neverHeardOf")
