"""The address that Microsoft calls, over HTTP: the check of it, what deliveries do, and what is turned away."""

import asyncio
import os
import signal
from typing import Any

import pytest
from aiohttp import ClientResponse

from tests.support.calls import SOON, at, busy_hours, hours
from tests.support.readings import subscriptions
from tests.support.service import Service, until

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def connected(service: Service) -> Service:
    """Two conflict calendars of Anna's with a subscription each; nobody tells of what changes from then on."""
    await service.connect("anna")
    chosen = [await service.calendar_id("anna", key) for key in ("primary", "team")]
    await service.choose(conflict_calendar_ids=chosen)
    await service.settled()
    service.sandbox.world.settings.notifications = "silent"
    assert len(subscriptions(service)) == 2
    return service


def item(subscription: Any, **changes: Any) -> dict[str, Any]:
    """An item as Microsoft would send it."""
    told = {
        "subscriptionId": subscription.id,
        "clientState": subscription.client_state,
        "changeType": "created",
        "resource": "Users/someone/Events/one",
        "subscriptionExpirationDateTime": "2030-01-01T00:00:00Z",
        "tenantId": "tenant",
    }
    return {**told, **changes}


async def post(service: Service, body: Any = None, *, query: str = "", **how: Any) -> ClientResponse:
    """The answer, read to its end."""
    address = service.process.public_url + notification_path(service) + query
    sent = {"json": body} if body is not None else how
    async with service.http.post(address, **sent) as answer:
        await answer.read()
        return answer


def notification_path(service: Service) -> str:
    """As Microsoft was told."""
    url: str = subscriptions(service)[0].notification_url
    assert url.startswith(service.process.public_url)
    return url.removeprefix(service.process.public_url)


async def test_microsoft_is_told_of_an_address_for_changes_and_of_one_for_lifecycle_events(
    connected: Service,
) -> None:
    base = connected.process.public_url + "/notifications/microsoft"
    told = {(one.notification_url, one.lifecycle_url) for one in subscriptions(connected)}
    assert told == {(base, base + "/lifecycle")}


async def marks(service: Service) -> list[int]:
    rows = await service.rows("SELECT marks FROM reading_schedule ORDER BY calendar_id")
    return [row["marks"] for row in rows]


async def test_one_delivery_speaks_of_several_subscriptions(connected: Service) -> None:
    for key in ("primary", "team"):
        start = 10 if key == "primary" else 14
        connected.sandbox.world.events.add("anna", at(start, day=SOON), at(start + 1, day=SOON), calendar=key)
    first, second = subscriptions(connected)
    answer = await post(connected, {"value": [item(first), item(second), item(first)]})
    assert answer.status == 202

    async def stored() -> list[tuple[float, float]]:
        return busy_hours(await connected.busy(hours(9, 24, day=SOON)), day=SOON)

    await until(stored, lambda found: found == [(10, 11), (14, 15)], within=2)


async def test_what_proves_nothing_changes_nothing_and_holds_up_nothing(connected: Service) -> None:
    first, second = subscriptions(connected)
    before = await marks(connected)
    unproven = [
        item(first, clientState="guessed"),
        item(first, clientState=second.client_state),
        item(first, subscriptionId="unknown"),
        item(first, clientState=""),
    ]
    assert (await post(connected, {"value": unproven})).status == 202
    assert (await post(connected, {"value": []})).status == 202
    assert await marks(connected) == before
    assert (await post(connected, {"value": [*unproven, item(second)]})).status == 202
    now = await marks(connected)
    assert sorted(one == other for one, other in zip(before, now, strict=True)) == [False, True]


async def test_a_replayed_delivery_costs_a_look_and_nothing_else(connected: Service) -> None:
    subscription, _ = subscriptions(connected)
    for _ in range(3):
        assert (await post(connected, {"value": [item(subscription)]})).status == 202
        await connected.idle()
    answer = await connected.busy(hours(9, 24, day=SOON))
    assert (answer.complete, list(answer.busy_times)) == (True, [])


async def test_the_check_of_the_address_is_answered_as_plain_text_whatever_it_holds(service: Service) -> None:
    service.sandbox.world.settings.validation_token = "<script>alert('Müller & Söhne')</script> + 100 %"
    await service.connect("anna")
    assert len(subscriptions(service)) == 1, "the sandbox takes the right answer only"
    answer = await post(service, query="?validationToken=%3Cb%3Ebold%3C%2Fb%3E")
    assert (answer.status, await answer.text()) == (200, "<b>bold</b>")
    assert answer.content_type == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    too_long = await post(service, query="?validationToken=" + "x" * 5000)
    assert (too_long.status, await too_long.text()) == (400, "")


async def test_is_told_what_is_no_delivery(connected: Service) -> None:
    before = await marks(connected)
    subscription, _ = subscriptions(connected)
    text = await post(connected, data=b"value=1", headers={"Content-Type": "text/html"})
    broken = await post(connected, data=b'{"value": [', headers=JSON)
    other = await post(connected, {"values": []})
    huge = await post(connected, {"value": [item(subscription, resource="x" * 300_000)]})
    assert [one.status for one in (text, broken, other, huge)] == [415, 400, 400, 413]
    assert [await one.text() for one in (text, broken, other, huge)] == ["", "", "", ""]
    assert await marks(connected) == before


async def test_a_thousand_items_are_taken_within_a_second(connected: Service) -> None:
    first, second = subscriptions(connected)
    before = await marks(connected)
    forged = [
        {"subscriptionId": f"unknown-{number}", "clientState": f"secret-{number}"} for number in range(998)
    ]
    clock = asyncio.get_running_loop().time
    began = clock()
    assert (await post(connected, {"value": [item(first), *forged, item(second)]})).status == 202
    assert clock() - began < 1
    (told,) = connected.logs.of("notifications")
    assert (told["items"], told["taken"]) == (1000, 2)
    assert all(one > other for one, other in zip(await marks(connected), before, strict=True))


async def test_a_database_that_keeps_silent_holds_up_no_answer_and_nothing_is_lost(
    connected: Service,
) -> None:
    subscription, _ = subscriptions(connected)
    before = await marks(connected)
    others = await connected.rows(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    clock = asyncio.get_running_loop().time
    for one in others:
        os.kill(one["pid"], signal.SIGSTOP)
    try:
        began = clock()
        answers = await asyncio.gather(*(post(connected, {"value": [item(subscription)]}) for _ in range(8)))
        assert clock() - began < 1
    finally:
        for one in others:
            os.kill(one["pid"], signal.SIGCONT)
    # A connection made meanwhile is none of those that keep silent.
    assert {503} <= {one.status for one in answers} <= {202, 503}

    async def again() -> int:
        return (await post(connected, {"value": [item(subscription)]})).status

    await until(again, lambda status: status == 202)
    assert await marks(connected) != before
