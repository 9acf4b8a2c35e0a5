"""What subscribers are told of changes, and every way in which that goes wrong."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest

from sandbox import Recurrence, Sandbox
from sandbox.world.subscriptions import Subscription
from tests.sandbox.client import Graph, Http
from tests.sandbox.conftest import SignIn
from tests.sandbox.test_subscriptions import subscribe
from tests.support.receiver import Receiver, receiving

Subscribe = Callable[..., Awaitable[Subscription]]

EVENT = {
    "subject": "Coaching",
    "start": {"dateTime": "2030-07-01T09:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2030-07-01T10:00:00", "timeZone": "UTC"},
}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def subscription(sandbox: Sandbox, anna: Graph, receiver: Receiver) -> Subscription:
    """Anna's primary calendar, every kind of change."""
    made = await subscribe(anna, sandbox, receiver)
    return sandbox.world.subscriptions.get(made.json["id"])


async def change(sandbox: Sandbox, receiver: Receiver, times: int = 1) -> list[str]:
    """Add events to Anna's primary calendar; what the receiver knows when all is delivered or given up."""
    for _ in range(times):
        sandbox.world.events.add("anna", "2030-07-01")
    await sandbox.delivery.idle()
    return receiver.kinds


async def test_a_notification_carries_ids_and_the_secret_and_nothing_of_the_event(
    sandbox: Sandbox, receiver: Receiver, subscription: Subscription
) -> None:
    event = sandbox.world.events.add("anna", "2030-07-01", subject="Layoff planning")
    await sandbox.delivery.idle()
    (item,) = receiver.items
    event_id = sandbox.world.events.id_of("anna", event)
    person = sandbox.world.people.get("anna")
    resource = f"Users/{person.oid}/Events/{event_id}"
    assert item.pop("resourceData").keys() == {"@odata.type", "@odata.id", "@odata.etag", "id"}
    assert item == {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": subscription.expires.isoformat(),
        "clientState": "s3cret",
        "changeType": "created",
        "resource": resource,
        "tenantId": person.tenant.id,
    }
    assert receiver.queries[-1] == ""


async def test_changes_made_behind_graphs_back_are_told(
    sandbox: Sandbox, receiver: Receiver, subscription: Subscription
) -> None:
    events = sandbox.world.events
    event = events.add("anna", "2030-07-01T09:00")
    events.change(event, start="2030-07-01T11:00")
    events.delete("anna", event)
    await sandbox.delivery.idle()
    assert sorted(receiver.kinds) == ["created", "deleted", "updated"]


async def test_our_own_writes_are_told_like_any_others(
    sandbox: Sandbox, anna: Graph, receiver: Receiver, subscription: Subscription
) -> None:
    made = (await anna("POST", "/me/events", body=EVENT)).json
    await anna("PATCH", f"/me/events/{made['id']}", body={"subject": "Moved"})
    await anna("DELETE", f"/me/events/{made['id']}")
    await sandbox.delivery.idle()
    assert sorted(receiver.kinds) == ["created", "deleted", "updated"]
    assert {item["resourceData"]["id"] for item in receiver.items} == {made["id"]}


async def test_a_change_of_one_occurrence_is_told(
    sandbox: Sandbox, receiver: Receiver, subscription: Subscription
) -> None:
    series = sandbox.world.events.add("anna", "2030-07-01T09:00", recurrence=Recurrence(kind="daily"))
    copy = sandbox.world.events.change_occurrence(series, date(2030, 7, 2), show_as="free")
    sandbox.world.events.change(copy, show_as="oof")
    sandbox.world.events.delete_occurrence(series, date(2030, 7, 3))
    await sandbox.delivery.idle()
    assert sorted(receiver.kinds) == ["created", "updated", "updated", "updated"]


async def test_a_move_is_told_in_both_calendars(
    sandbox: Sandbox, anna: Graph, receiver: Receiver, subscription: Subscription
) -> None:
    team = sandbox.world.calendars.get("anna", "team").id
    await subscribe(anna, sandbox, receiver, resource=f"me/calendars/{team}/events", clientState="team")
    event = sandbox.world.events.add("anna", "2030-07-01")
    await sandbox.delivery.idle()
    receiver.raw.clear()
    sandbox.world.events.move("anna", event, "team")
    await sandbox.delivery.idle()
    told = {(item["clientState"], item["changeType"]) for item in receiver.items}
    assert told == {("s3cret", "deleted"), ("team", "created")}


async def test_only_the_kinds_and_the_calendar_subscribed_to_are_told(
    sandbox: Sandbox, anna: Graph, receiver: Receiver
) -> None:
    await subscribe(anna, sandbox, receiver, changeType="deleted", resource="/me/events")
    events = sandbox.world.events
    for calendar in ("primary", "team"):
        events.delete("anna", events.add("anna", "2030-07-01", calendar=calendar))
    events.delete("ben", events.add("ben", "2030-07-01"))
    await sandbox.delivery.idle()
    assert receiver.kinds == ["deleted"]


async def test_a_calendar_with_a_new_id_is_not_told_of_any_more(
    sandbox: Sandbox, receiver: Receiver, subscription: Subscription
) -> None:
    sandbox.world.calendars.change_id("anna", "primary")
    assert await change(sandbox, receiver) == []


async def test_ids_are_immutable_where_the_subscription_asked_for_them(
    sandbox: Sandbox, anna: Graph, receiver: Receiver
) -> None:
    prefer = 'IdType="ImmutableId"'
    body = {
        "changeType": "created",
        "notificationUrl": receiver.url,
        "resource": "me/events",
        "expirationDateTime": (sandbox.world.clock.now() + timedelta(days=1)).isoformat(),
    }
    assert (await anna("POST", "/subscriptions", body=body, prefer=prefer)).status == 201
    event = sandbox.world.events.add("anna", "2030-07-01")
    await sandbox.delivery.idle()
    immutable = sandbox.world.events.id_of("anna", event, immutable=True)
    assert receiver.items[0]["resourceData"]["id"] == immutable
    assert "clientState" not in receiver.items[0]


async def test_one_delivery_may_hold_items_of_several_subscriptions(
    sandbox: Sandbox, sign_in: SignIn, receiver: Receiver, subscription: Subscription
) -> None:
    await subscribe(await sign_in("ben"), sandbox, receiver, resource="me/events")
    sandbox.world.settings.notification_batch = 3
    for person in ("anna", "ben", "anna", "ben"):
        sandbox.world.events.add(person, "2030-07-01")
    await sandbox.delivery.idle()
    assert sorted(len(body["value"]) for body in receiver.bodies) == [1, 3]
    assert len({item["subscriptionId"] for item in receiver.items}) == 2


async def test_a_delivery_may_come_more_than_once(
    sandbox: Sandbox, receiver: Receiver, subscription: Subscription
) -> None:
    sandbox.world.settings.notification_copies = 3
    assert await change(sandbox, receiver) == ["created"] * 3
    assert receiver.bodies[0] == receiver.bodies[1] == receiver.bodies[2]


async def test_some_notifications_are_lost(
    sandbox: Sandbox, receiver: Receiver, subscription: Subscription
) -> None:
    sandbox.world.settings.lost_notifications = 2
    assert await change(sandbox, receiver, times=3) == ["created"]
    assert sandbox.world.settings.lost_notifications == 0


async def test_silence_is_not_made_up_for(
    sandbox: Sandbox, receiver: Receiver, subscription: Subscription
) -> None:
    sandbox.world.settings.notifications = "silent"
    assert await change(sandbox, receiver) == []
    sandbox.world.settings.notifications = "sent"
    assert await change(sandbox, receiver) == ["created"]


async def test_a_delay_holds_nothing_else_up(
    sandbox: Sandbox, anna: Graph, receiver: Receiver, subscription: Subscription
) -> None:
    sandbox.world.settings.notification_delay_seconds = 0.05
    sandbox.world.events.add("anna", "2030-07-01")
    assert (await anna.get("/me/calendars")).status == 200
    assert receiver.bodies == []
    await sandbox.delivery.idle()
    assert receiver.kinds == ["created"]


@pytest.mark.parametrize(("ordered", "sent"), [("forged", "forged"), ("", None)])
async def test_the_secret_may_be_wrong_or_missing(
    sandbox: Sandbox, receiver: Receiver, subscription: Subscription, ordered: str, sent: str | None
) -> None:
    sandbox.world.settings.notification_client_state = ordered
    await change(sandbox, receiver)
    assert receiver.items[0].get("clientState") == sent


async def test_a_failed_delivery_is_tried_again(
    sandbox: Sandbox, receiver: Receiver, subscription: Subscription
) -> None:
    sandbox.world.settings.notification_retry_seconds = 0.001
    receiver.statuses = [500, 404, 202]
    assert await change(sandbox, receiver) == ["created"] * 3
    statuses = [entry.status for entry in sandbox.world.traffic.requests if entry.path == "(change)"]
    assert statuses == [500, 404, 202]


async def test_a_delivery_that_keeps_failing_is_given_up(
    sandbox: Sandbox, receiver: Receiver, subscription: Subscription
) -> None:
    sandbox.world.settings.notification_retry_seconds = 0.001
    sandbox.world.settings.notification_attempts = 3
    receiver.statuses = [503] * 3
    assert await change(sandbox, receiver) == ["created"] * 3
    assert await change(sandbox, receiver) == ["created"] * 4


async def test_a_subscriber_that_is_not_there_disturbs_nobody(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.settings.notification_retry_seconds = 0.001
    sandbox.world.settings.notification_attempts = 2
    async with receiving() as receiver:
        await subscribe(anna, sandbox, receiver)
    assert (await anna("POST", "/me/events", body=EVENT)).status == 201
    await sandbox.delivery.idle()
    statuses = [entry.status for entry in sandbox.world.traffic.requests if entry.path == "(change)"]
    assert statuses == [0, 0]


async def test_a_subscriber_that_hangs_holds_no_request_up_and_a_reset_ends_it(
    sandbox: Sandbox, anna: Graph, receiver: Receiver, subscription: Subscription
) -> None:
    receiver.silent = True
    assert (await anna("POST", "/me/events", body=EVENT)).status == 201
    while len(receiver.queries) < 3:
        await asyncio.wait([asyncio.create_task(anna.get("/me"))])
    await sandbox.reset()
    await sandbox.delivery.idle()
    receiver.speak()
    assert sandbox.world.subscriptions.all() == []
    assert await change(sandbox, receiver) == []


async def test_a_reset_while_an_address_is_tested_leaves_no_subscription(
    sandbox: Sandbox, anna: Graph, receiver: Receiver
) -> None:
    receiver.silent = True
    waiting = asyncio.create_task(subscribe(anna, sandbox, receiver))
    while not receiver.queries:
        await asyncio.wait([asyncio.create_task(anna.get("/me"))])
    await sandbox.reset()
    receiver.speak()
    await waiting
    assert sandbox.world.subscriptions.all() == []


async def test_a_removed_subscription_says_so_and_is_gone(
    sandbox: Sandbox, receiver: Receiver, subscription: Subscription
) -> None:
    sandbox.world.subscriptions.lifecycle(subscription.id, "subscriptionRemoved")
    assert await change(sandbox, receiver) == ["subscriptionRemoved"]
    assert receiver.queries[-1] == "a=1"
    assert receiver.items[0]["clientState"] == "s3cret"
    assert "resourceData" not in receiver.items[0]


async def test_a_missed_event_changes_nothing(
    sandbox: Sandbox, receiver: Receiver, subscription: Subscription
) -> None:
    sandbox.world.subscriptions.lifecycle(subscription.id, "missed")
    assert sorted(await change(sandbox, receiver)) == ["created", "missed"]


@pytest.mark.parametrize(("hours", "told"), [(3, 1), (5, 0)])
async def test_what_waits_for_reauthorisation_is_sent_after_a_renewal_that_came_in_time(
    sandbox: Sandbox,
    sign_in: SignIn,
    receiver: Receiver,
    subscription: Subscription,
    hours: int,
    told: int,
) -> None:
    sandbox.world.subscriptions.lifecycle(subscription.id, "reauthorizationRequired")
    assert await change(sandbox, receiver) == ["reauthorizationRequired"]
    sandbox.world.clock.advance(hours * 3600)
    body = {"expirationDateTime": (sandbox.world.clock.now() + timedelta(days=2)).isoformat()}
    anna = await sign_in("anna")
    assert (await anna("PATCH", f"/subscriptions/{subscription.id}", body=body)).status == 200
    await sandbox.delivery.idle()
    assert receiver.kinds.count("created") == told
    assert (await change(sandbox, receiver)).count("created") == told + 1


async def test_no_lifecycle_event_is_sent_where_no_address_was_given(
    sandbox: Sandbox, anna: Graph, receiver: Receiver
) -> None:
    made = await subscribe(anna, sandbox, receiver, lifecycleNotificationUrl=None)
    sandbox.world.subscriptions.lifecycle(made.json["id"], "subscriptionRemoved")
    await sandbox.delivery.idle()
    assert receiver.bodies == []
    assert sandbox.world.subscriptions.all() == []


async def test_subscriptions_are_ordered_about_from_outside(
    sandbox: Sandbox, http: Http, receiver: Receiver, subscription: Subscription
) -> None:
    async def order(method: str, path: str, body: Any = None) -> Any:
        return await http.request(method, f"{sandbox.control_url}/subscriptions{path}", json=body)

    (shown,) = (await order("GET", "")).json
    assert (shown["id"], shown["person"], shown["held"]) == (subscription.id, "anna", 0)
    assert "s3cret" not in str(shown)
    lifecycle = f"/{subscription.id}/lifecycle"
    assert (await order("POST", lifecycle, {"event": "reauthorizationRequired"})).status == 200
    await change(sandbox, receiver)
    (shown,) = (await order("GET", "")).json
    assert (shown["paused"], shown["held"]) == (True, 1)
    assert (await order("POST", lifecycle, {"event": "forgotten"})).status == 400
    assert (await order("DELETE", f"/{subscription.id}")).status == 200
    assert (await order("DELETE", f"/{subscription.id}")).status == 404
    assert receiver.kinds == ["reauthorizationRequired"]
