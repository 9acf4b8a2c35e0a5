"""The door for those who operate the service."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.metadata import version
from json import loads

import pytest_asyncio

from domain.account import Provider
from tests.server.http.browser import Browser, at_http
from tests.server.served import Logs, World


@pytest_asyncio.fixture
async def door(world: World) -> AsyncIterator[Browser]:
    async with at_http(world, world.container.operations_app()) as browser:
        yield browser


async def test_health_names_the_alarms_and_since_when_they_are_raised(door: Browser) -> None:
    assert loads((await door.get("/healthz")).text) == {"status": "ok", "alarms": {}}

    door.world.container.alarms().provider_misconfigured(Provider.MICROSOFT, "AADSTS7000222")

    degraded = await door.get("/healthz")
    assert degraded.status == 200
    told = loads(degraded.text)
    assert told["status"] == "degraded"
    assert list(told["alarms"]) == ["MICROSOFT_MISCONFIGURED"]
    since = datetime.fromisoformat(told["alarms"]["MICROSOFT_MISCONFIGURED"])
    assert 0 <= (datetime.now(UTC) - since).total_seconds() < 60


async def test_an_alarm_is_raised_by_a_refused_registration_and_ends_with_the_next_success(
    browser: Browser, door: Browser
) -> None:
    browser.world.provider.misconfigured = "AADSTS7000222"
    await browser.connect(browser.world.provider.add_person())
    assert "MICROSOFT_MISCONFIGURED" in (await door.get("/healthz")).text

    browser.world.provider.misconfigured = ""
    await browser.connect(browser.world.provider.add_person("bob"))

    assert "MICROSOFT_MISCONFIGURED" not in (await door.get("/healthz")).text


async def test_readiness_says_why_not(door: Browser) -> None:
    ready = await door.get("/readyz")
    assert (ready.status, loads(ready.text)) == (
        200,
        {"status": "ready", "reason": None, "time_zones": version("tzdata")},
    )

    door.world.store.census.schema = "0001"
    assert loads((await door.get("/readyz")).text)["reason"] == "schema"
    door.world.store.away = True
    assert loads((await door.get("/readyz")).text)["reason"] == "database"
    door.world.container.readiness().stopping = True
    stopping = await door.get("/readyz")
    assert (stopping.status, loads(stopping.text)["reason"]) == (503, "stopping")


async def test_measurements_are_told_as_text_that_prometheus_reads(door: Browser) -> None:
    page = await door.get("/metrics")

    assert page.status == 200
    assert page.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "\n# TYPE calendarsync_call_seconds histogram\n" in page.text


async def test_who_looks_every_few_seconds_leaves_no_line_in_the_log(door: Browser, logs: Logs) -> None:
    for path in ("/metrics", "/healthz", "/readyz"):
        assert (await door.get(path)).status == 200

    assert not logs.of("request")
