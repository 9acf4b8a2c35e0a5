"""The door for those who operate the service."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from json import loads
from typing import Any

import pytest_asyncio

from domain.account import Provider
from domain.ids import WorkerId
from tests.builders import a_session, an_expert
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


async def told(door: Browser) -> tuple[int, dict[str, Any]]:
    ready = await door.get("/readyz")
    return ready.status, loads(ready.text)


def states(parts: dict[str, Any]) -> dict[str, str]:
    return {name: part["state"] for name, part in parts.items()}


async def test_readiness_tells_each_part_by_itself(door: Browser) -> None:
    status, ready = await told(door)

    assert (status, ready["status"], ready["reason"]) == (200, "ready", None)
    assert ready["time_zones"] == version("tzdata")
    assert ready["version"] == version("calendarsync-service")
    credentials = ready["parts"].pop("credentials")
    assert states(ready["parts"]) == {"database": "ok", "schema": "ok", "queue": "no_workers"}
    assert states(credentials) == {
        "microsoft_registration": "ok",
        "microsoft_credential": "ok",
        "microsoft_tokens": "ok",
        "mail_server": "unknown",
    }


async def test_readiness_says_why_not(door: Browser) -> None:
    needed = door.world.store.census.schema
    door.world.store.census.schema = "0001"
    status, ready = await told(door)
    assert (status, ready["status"], ready["reason"]) == (503, "unavailable", "schema")
    assert (ready["parts"]["schema"]["has"], ready["parts"]["schema"]["needs"]) == ("0001", needed)

    door.world.store.away = True
    status, ready = await told(door)
    assert (status, ready["reason"]) == (503, "database")
    assert (ready["parts"]["database"]["state"], ready["parts"]["schema"]["state"]) == (
        "unreachable",
        "unknown",
    )

    door.world.store.away, door.world.store.census.schema = False, needed
    door.world.container.readiness().stopping = True
    status, ready = await told(door)
    assert (status, ready["reason"]) == (503, "stopping")
    assert ready["parts"]["database"]["state"] == "ok"


async def test_late_work_is_told_and_makes_no_process_unready(door: Browser) -> None:
    clock = door.world.clock
    async with door.world.store.transaction() as tx:
        await tx.experts.put(an_expert())
        await tx.sessions.add(a_session(due_at=clock.now() - timedelta(minutes=6)))
        await tx.workers.show_life(WorkerId("worker-1"), clock.now())

    status, ready = await told(door)

    assert status == 200
    queue = ready["parts"]["queue"]
    assert (queue["state"], queue["workers"], queue["late_seconds"]) == ("late", 1, {"write_session": 360})


async def test_credentials_that_are_refused_are_told_apart_and_make_no_process_unready(door: Browser) -> None:
    door.world.container.alarms().provider_misconfigured(Provider.MICROSOFT, "AADSTS7000222")
    door.world.container.metrics().work.mailed("login_refused")

    status, ready = await told(door)

    assert status == 200
    assert states(ready["parts"]["credentials"]) == {
        "microsoft_registration": "refused",
        "microsoft_credential": "ok",
        "microsoft_tokens": "ok",
        "mail_server": "refused",
    }


async def test_a_state_is_told_with_since_when_it_has_been_so(door: Browser) -> None:
    first = (await told(door))[1]["parts"]["database"]
    assert 0 <= (datetime.now(UTC) - datetime.fromisoformat(first["since"])).total_seconds() < 60

    assert (await told(door))[1]["parts"]["database"] == first


async def test_measurements_are_told_as_text_that_prometheus_reads(door: Browser) -> None:
    page = await door.get("/metrics")

    assert page.status == 200
    assert page.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "\n# TYPE calendarsync_call_seconds histogram\n" in page.text


async def test_who_looks_every_few_seconds_leaves_no_line_in_the_log(door: Browser, logs: Logs) -> None:
    for path in ("/metrics", "/healthz", "/readyz"):
        assert (await door.get(path)).status == 200

    assert not logs.of("request")
