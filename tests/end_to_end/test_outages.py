"""Outages of Microsoft's and faults of our own: nothing passes for free, and no expert is asked to reconnect."""

from collections.abc import Callable
from typing import Any

import pytest

from calendarsync.v1.account_pb2 import ACCOUNT_STATUS_ACTIVE
from calendarsync.v1.availability_pb2 import UNREAD_REASON_ACCESS_DENIED
from calendarsync.v1.calendar_service_pb2 import ListCalendarsRequest
from domain.account import Provider
from sandbox import Sandbox, World
from sandbox.world.faults import Faults
from server.rpc.server import provider_service
from tests.server.served import Logs
from tests.support.calls import EXPERT, at, hours, unread
from tests.support.running_service import open_service
from tests.support.service import Service, until

MICROSOFT = provider_service(Provider.MICROSOFT)

TOKEN_OUTAGES: dict[str, Callable[[Faults], Any]] = {
    "500": lambda faults: faults.token_error("server_error", status=500, times=None),
    "503 with a page": lambda faults: faults.html(503, surface="token", times=None),
    "200 with a page": lambda faults: faults.html(200, surface="token", times=None),
    "429 with JSON": lambda faults: faults.answer(
        429, surface="token", code="TooManyRequests", retry_after="3", times=None
    ),
    "429 with a page": lambda faults: faults.html(429, surface="token", times=None),
    "temporarily unavailable": lambda faults: faults.token_error("temporarily_unavailable", times=None),
    "a passing fault in the words of a refusal": lambda faults: faults.token_error(
        "invalid_grant", codes=(90033,), times=None
    ),
    "an error never seen": lambda faults: faults.token_error("brand_new_error", times=None),
    "connection cut": lambda faults: faults.add(surface="token", kind="cut", times=None),
}

GRAPH_OUTAGES: dict[str, Callable[[Faults], Any]] = {
    "403 to everybody": lambda faults: faults.answer(403, code="ErrorAccessDenied", times=None),
    "403 without a word": lambda faults: faults.answer(403, times=None),
    "503": lambda faults: faults.answer(503, code="ServiceUnavailable", times=None),
    "500": lambda faults: faults.answer(500, code="ErrorInternalServerError", times=None),
    "page of a gateway": lambda faults: faults.html(502, times=None),
    "429": lambda faults: faults.answer(429, code="TooManyRequests", retry_after="0.2", times=None),
    "connection cut": lambda faults: faults.add(kind="cut", times=None),
}


async def assert_nobody_is_asked_to_reconnect(service: Service) -> None:
    await service.idle()
    assert [one.status for one in await service.list_accounts()] == [ACCOUNT_STATUS_ACTIVE]
    assert not await service.rows("SELECT incident_id FROM incident")
    assert not service.sandbox.mails


@pytest.mark.parametrize("outage", TOKEN_OUTAGES.values(), ids=TOKEN_OUTAGES)
async def test_an_outage_of_the_token_endpoint_is_nobodys_fault(
    service: Service, outage: Callable[[Faults], Any]
) -> None:
    await service.connect("anna")
    world = service.sandbox.world
    world.grants.expire_access_tokens("anna")
    outage(world.faults)
    assert unread(await service.busy()) in (["PROVIDER_UNAVAILABLE"], ["THROTTLED"])
    assert await service.check(hours(12, 13)) == ["UNKNOWN"]
    await assert_nobody_is_asked_to_reconnect(service)
    assert await service.health(MICROSOFT) == "SERVING"
    world.faults.clear()
    assert (await service.busy()).complete


@pytest.mark.parametrize("outage", GRAPH_OUTAGES.values(), ids=GRAPH_OUTAGES)
async def test_an_outage_of_graph_is_nobodys_fault(service: Service, outage: Callable[[Faults], Any]) -> None:
    await service.connect("anna")
    world = service.sandbox.world
    outage(world.faults)
    assert unread(await service.busy()) in (["PROVIDER_UNAVAILABLE"], ["THROTTLED"], ["ACCESS_DENIED"])
    assert await service.check(hours(12, 13)) == ["UNKNOWN"]
    await service.put_session(start=10)
    await until(service.session, lambda one: one.event.HasField("next_attempt_time"))
    await assert_nobody_is_asked_to_reconnect(service)
    world.faults.clear()
    await service.hurry()
    await service.written()
    assert (await service.busy()).complete
    assert len(service.events("anna")) == 1


async def test_a_token_endpoint_that_hangs_is_not_waited_for(sandbox: Sandbox, dsn: str, logs: Logs) -> None:
    async with open_service(sandbox, dsn, logs=logs, read_budget_seconds=0.8) as service:
        await service.put_expert()
        await service.connect("anna")
        sandbox.world.grants.expire_access_tokens("anna")
        sandbox.world.faults.add(surface="token", kind="hang", seconds=60)
        assert unread(await service.busy()) == ["TIMED_OUT"]
        sandbox.hangs.release()
        await assert_nobody_is_asked_to_reconnect(service)
        assert (await service.busy()).complete


async def test_a_list_that_can_not_be_refreshed_says_so_and_shows_what_is_known(service: Service) -> None:
    account_id = await service.connect("anna")
    known = await service.list_calendars()
    service.sandbox.world.faults.answer(403, code="ErrorAccessDenied", times=None)
    answer = await service.calendars.ListCalendars(ListCalendarsRequest(expert_id=EXPERT, refresh=True))
    assert list(answer.calendars) == known
    assert [(one.account_id, one.reason) for one in answer.refresh_failures] == [
        (account_id, UNREAD_REASON_ACCESS_DENIED)
    ]


async def test_an_expired_secret_of_ours_is_told_to_operators_only(service: Service) -> None:
    await service.connect("anna")
    world = service.sandbox.world
    right_secret = world.app.client_secret
    assert await service.health(MICROSOFT) == "SERVING"
    _expire_secret(world)
    assert unread(await service.busy()) == ["SERVICE_MISCONFIGURED"]
    await until(lambda: service.health(MICROSOFT), lambda health: health == "NOT_SERVING")
    assert await service.health() == "SERVING"
    assert await service.alarms() == ["MICROSOFT_MISCONFIGURED"]
    await service.put_session()
    await service.waits("SERVICE_MISCONFIGURED")
    await assert_nobody_is_asked_to_reconnect(service)
    world.app.rotate_secret(right_secret)
    assert (await service.busy()).complete
    await until(lambda: service.health(MICROSOFT), lambda health: health == "SERVING")
    assert not await service.alarms()
    await service.hurry()
    await service.written()


async def test_everything_resumes_in_a_process_with_the_new_secret(
    service: Service, dsn: str, logs: Logs
) -> None:
    await service.connect("anna")
    _expire_secret(service.sandbox.world)
    await service.put_session()
    await service.waits("SERVICE_MISCONFIGURED")
    async with open_service(service.sandbox, dsn, logs=logs) as renewed:
        assert (await renewed.busy()).complete
        await renewed.hurry()
        await renewed.written()
    assert len(service.events("anna")) == 1


def _expire_secret(world: World) -> None:
    """Tokens that are still good would hide it."""
    world.app.rotate_secret()
    world.grants.expire_access_tokens()


async def test_knows_a_time_is_taken_even_while_nothing_can_be_read(service: Service) -> None:
    await service.connect("anna")
    await service.put_session(start=10)
    await service.written()
    service.sandbox.world.events.add("anna", at(14), at(15))
    service.sandbox.world.faults.answer(503, code="ServiceUnavailable", times=None)
    assert await service.check(hours(10, 11), hours(14, 15)) == ["BUSY", "UNKNOWN"]


async def test_recovery_wakes_the_sessions_that_waited(service: Service) -> None:
    """The others would have waited for ten minutes more."""
    await service.connect("anna")
    service.sandbox.world.faults.answer(503, code="ServiceUnavailable", method="POST", times=None)
    names = [f"session-{number}" for number in range(12)]
    for number, name in enumerate(names):
        await service.put_session(name, start=number)
    for name in names:
        await service.waits("PROVIDER_UNAVAILABLE", name)
    await service.database.execute(
        b"UPDATE session SET due_at = now() + interval '10 minutes' WHERE session_id <> 'session-0'"
    )
    service.sandbox.world.faults.clear()
    for name in names:
        await service.written(name)
    assert len(service.events("anna")) == 12
