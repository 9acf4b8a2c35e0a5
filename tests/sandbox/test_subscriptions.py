"""Subscribing to change notifications: what is accepted, what is refused, and how long it lasts."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web

from sandbox import Sandbox
from tests.sandbox.client import Graph, Reply
from tests.sandbox.conftest import SignIn
from tests.support.receiver import Receiver, receiving


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def wanted(sandbox: Sandbox, receiver: Receiver, **changes: Any) -> dict[str, Any]:
    """A subscription to Anna's primary calendar for two days; a change to None leaves a member out."""
    body = {
        "changeType": "created,updated,deleted",
        "notificationUrl": receiver.url,
        "lifecycleNotificationUrl": f"{receiver.url}/life?a=1",
        "resource": f"me/calendars/{sandbox.world.calendars.get('anna').id}/events",
        "expirationDateTime": (sandbox.world.clock.now() + timedelta(days=2)).isoformat(),
        "clientState": "s3cret",
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


async def subscribe(graph: Graph, sandbox: Sandbox, receiver: Receiver, **changes: Any) -> Reply:
    return await graph("POST", "/subscriptions", body=wanted(sandbox, receiver, **changes))


def lasts(sandbox: Sandbox, reply: Reply) -> timedelta:
    """How long from now the subscription in a reply lasts."""
    assert reply.status in (200, 201), reply.text
    return datetime.fromisoformat(reply.json["expirationDateTime"]) - sandbox.world.clock.now()


async def test_a_subscription_is_made_once_both_addresses_have_proven_themselves(
    sandbox: Sandbox, anna: Graph, receiver: Receiver
) -> None:
    reply = await subscribe(anna, sandbox, receiver)
    assert (reply.status, reply.json["clientState"]) == (201, "s3cret")
    assert reply.json["changeType"] == "created,updated,deleted"
    assert timedelta(days=1, hours=23) < lasts(sandbox, reply) <= timedelta(days=2)
    assert len(receiver.tokens) == 2
    assert receiver.queries[1].startswith("a=1&validationToken=Validation")


async def test_the_persons_subscriptions_are_listed_without_their_secrets(
    sandbox: Sandbox, anna: Graph, sign_in: SignIn, receiver: Receiver
) -> None:
    made = (await subscribe(anna, sandbox, receiver)).json
    listed = (await anna.get("/subscriptions")).json["value"]
    assert [(one["id"], one["resource"], one["clientState"]) for one in listed] == [
        (made["id"], made["resource"], None)
    ]
    assert (await anna.get(f"/subscriptions/{made['id']}")).json["clientState"] is None
    ben = await sign_in("ben")
    assert (await ben.get("/subscriptions")).json["value"] == []
    assert (await ben("DELETE", f"/subscriptions/{made['id']}")).status == 404


@pytest.mark.parametrize(("minutes", "granted"), [(10_069, 10_069), (5, 45), (45, 45), (4230, 4230)])
async def test_a_subscription_lasts_from_45_minutes_to_a_week(
    sandbox: Sandbox, anna: Graph, receiver: Receiver, minutes: int, granted: int
) -> None:
    until = sandbox.world.clock.now() + timedelta(minutes=minutes)
    reply = await subscribe(anna, sandbox, receiver, expirationDateTime=until.isoformat())
    assert abs(lasts(sandbox, reply) - timedelta(minutes=granted)) < timedelta(seconds=30)


async def test_less_than_was_asked_may_be_granted(sandbox: Sandbox, anna: Graph, receiver: Receiver) -> None:
    sandbox.world.settings.granted_subscription_minutes = 60
    assert lasts(sandbox, await subscribe(anna, sandbox, receiver)) <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"notificationUrl": "http://example.com/notify"}, "InvalidRequest"),
        ({"notificationUrl": "notify"}, "InvalidRequest"),
        ({"lifecycleNotificationUrl": "ftp://127.0.0.1/"}, "InvalidRequest"),
        ({"clientState": "x" * 129}, "InvalidRequest"),
        ({"clientState": 1}, "InvalidRequest"),
        ({"changeType": "created,moved"}, "InvalidRequest"),
        ({"changeType": None}, "InvalidRequest"),
        ({"resource": "me/messages"}, "InvalidRequest"),
        ({"resource": "me/events?$select=id"}, "InvalidRequest"),
        ({"resource": "me/calendars/123/events"}, "ErrorInvalidIdMalformed"),
        ({"expirationDateTime": None}, "InvalidRequest"),
        ({"expirationDateTime": "soon"}, "InvalidRequest"),
        ({"expirationDateTime": "2020-01-01T00:00:00Z"}, "InvalidRequest"),
        ({"expirationDateTime": "2120-01-01T00:00:00Z"}, "ExtensionError"),
    ],
)
async def test_refuses_what_it_cannot_subscribe_to(
    sandbox: Sandbox, anna: Graph, receiver: Receiver, changes: dict[str, Any], code: str
) -> None:
    reply = await subscribe(anna, sandbox, receiver, **changes)
    assert (reply.status, reply.error) == (400, code)
    assert receiver.tokens == []
    assert sandbox.world.subscriptions.all() == []


async def test_refuses_a_calendar_that_is_not_in_the_mailbox(
    sandbox: Sandbox, anna: Graph, receiver: Receiver
) -> None:
    elsewhere = sandbox.world.calendars.get("ben").id
    reply = await subscribe(anna, sandbox, receiver, resource=f"me/calendars/{quote(elsewhere)}/events")
    assert (reply.status, reply.error) == (404, "ErrorItemNotFound")


async def test_refuses_a_calendar_of_somebody_else_unless_told_otherwise(
    sandbox: Sandbox, sign_in: SignIn, receiver: Receiver
) -> None:
    dora = await sign_in("dora")
    resource = f"me/calendars/{sandbox.world.calendars.get('dora', 'ben-readonly').id}/events"
    assert (await subscribe(dora, sandbox, receiver, resource=resource)).status == 403
    sandbox.world.settings.shared_subscriptions = True
    assert (await subscribe(dora, sandbox, receiver, resource=resource)).status == 201
    sandbox.world.events.add("ben", "2030-07-01", calendar="projects")
    sandbox.world.events.add("ben", "2030-07-01")
    await sandbox.delivery.idle()
    assert len(receiver.items) == 1


async def test_needs_a_permission_to_read(sandbox: Sandbox, sign_in: SignIn, receiver: Receiver) -> None:
    graph = await sign_in("anna", "openid offline_access User.Read Calendars.ReadBasic")
    assert (await subscribe(graph, sandbox, receiver)).status == 403


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (web.Response(status=202), "ValidationError"),
        (web.Response(status=500), "ValidationError"),
        (web.Response(text="something else"), "ValidationError"),
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}), "ValidationError"),
    ],
)
async def test_refuses_an_address_that_does_not_prove_itself(
    sandbox: Sandbox, anna: Graph, receiver: Receiver, answer: web.Response, code: str
) -> None:
    receiver.validation = answer
    reply = await subscribe(anna, sandbox, receiver)
    assert (reply.status, reply.error) == (400, code)
    assert sandbox.world.subscriptions.all() == []


async def test_refuses_a_token_that_comes_back_as_a_web_page(
    sandbox: Sandbox, anna: Graph, receiver: Receiver
) -> None:
    sandbox.world.settings.validation_token = "<b>a & b+c</b>"
    receiver.validation = web.Response(text="<b>a & b+c</b>", content_type="text/html")
    assert (await subscribe(anna, sandbox, receiver)).error == "ValidationError"
    receiver.validation = None
    assert (await subscribe(anna, sandbox, receiver)).status == 201
    assert set(receiver.tokens) == {"<b>a & b+c</b>"}


async def test_refuses_an_address_that_is_silent_or_not_there(
    sandbox: Sandbox, anna: Graph, receiver: Receiver
) -> None:
    sandbox.world.settings.validation_seconds = 0.05
    receiver.silent = True
    reply = await subscribe(anna, sandbox, receiver)
    assert (reply.status, reply.error, "timed out" in reply.text) == (400, "InvalidRequest", True)
    reply = await subscribe(anna, sandbox, receiver, notificationUrl="http://127.0.0.1:9/")
    assert (reply.status, reply.error) == (400, "ValidationError")


async def test_the_same_subscription_twice_is_a_conflict(
    sandbox: Sandbox, anna: Graph, receiver: Receiver
) -> None:
    first = await subscribe(anna, sandbox, receiver)
    again = await subscribe(anna, sandbox, receiver, changeType="deleted, updated,created")
    assert (again.status, again.error) == (409, "ObjectIdentifierInUse")
    assert first.json["id"] in again.text
    assert (await subscribe(anna, sandbox, receiver, changeType="created")).status == 201
    assert (await subscribe(anna, sandbox, receiver, resource="/me/events")).status == 201


async def test_a_mailbox_has_room_for_so_many(sandbox: Sandbox, anna: Graph, receiver: Receiver) -> None:
    sandbox.world.settings.subscription_limit = 1
    await subscribe(anna, sandbox, receiver)
    full = await subscribe(anna, sandbox, receiver, changeType="created")
    assert (full.status, full.error) == (403, "ExtensionError")


async def test_renewing_moves_the_end(sandbox: Sandbox, anna: Graph, receiver: Receiver) -> None:
    path = f"/subscriptions/{(await subscribe(anna, sandbox, receiver)).json['id']}"
    later = {"expirationDateTime": (sandbox.world.clock.now() + timedelta(days=6)).isoformat()}
    assert lasts(sandbox, await anna("PATCH", path, body=later)) > timedelta(days=5)
    assert len(receiver.tokens) == 2
    too_late = {"expirationDateTime": (sandbox.world.clock.now() + timedelta(days=8)).isoformat()}
    assert (await anna("PATCH", path, body=too_late)).error == "ExtensionError"


async def test_renewing_may_test_the_addresses_again(
    sandbox: Sandbox, anna: Graph, receiver: Receiver
) -> None:
    made = await subscribe(anna, sandbox, receiver)
    sandbox.world.settings.validate_renewals = True
    receiver.validation = web.Response(status=500)
    later = {"expirationDateTime": (sandbox.world.clock.now() + timedelta(days=6)).isoformat()}
    reply = await anna("PATCH", f"/subscriptions/{made.json['id']}", body=later)
    assert (reply.status, reply.error) == (400, "ValidationError")
    receiver.validation = None
    reply = await anna("PATCH", f"/subscriptions/{made.json['id']}", body=later)
    assert lasts(sandbox, reply) > timedelta(days=5)


async def test_a_subscription_ends_by_the_sandboxs_clock(
    sandbox: Sandbox, anna: Graph, sign_in: SignIn, receiver: Receiver
) -> None:
    path = f"/subscriptions/{(await subscribe(anna, sandbox, receiver)).json['id']}"
    sandbox.world.clock.advance(2 * 86_400 + 1)
    anna = await sign_in("anna")
    assert (await anna.get("/subscriptions")).json["value"] == []
    later = {"expirationDateTime": (sandbox.world.clock.now() + timedelta(days=1)).isoformat()}
    assert (await anna("PATCH", path, body=later)).error == "ResourceNotFound"
    assert (await anna("DELETE", path)).status == 404
    sandbox.world.events.add("anna", "2030-07-01")
    await sandbox.delivery.idle()
    assert receiver.bodies == []


async def test_a_deleted_subscription_is_gone(sandbox: Sandbox, anna: Graph, receiver: Receiver) -> None:
    path = f"/subscriptions/{(await subscribe(anna, sandbox, receiver)).json['id']}"
    assert (await anna("DELETE", path)).status == 204
    assert (await anna("DELETE", path)).error == "ResourceNotFound"
    assert (await subscribe(anna, sandbox, receiver)).status == 201


async def test_a_failed_request_may_have_subscribed_all_the_same(
    sandbox: Sandbox, anna: Graph, receiver: Receiver
) -> None:
    sandbox.world.faults.answer(503, code="UnknownError", path="^/subscriptions$", perform=True)
    assert (await subscribe(anna, sandbox, receiver)).status == 503
    assert len(sandbox.world.subscriptions.all("anna")) == 1


async def test_requests_of_both_directions_are_recorded(
    sandbox: Sandbox, anna: Graph, receiver: Receiver
) -> None:
    await subscribe(anna, sandbox, receiver, lifecycleNotificationUrl=None)
    sandbox.world.events.add("anna", "2030-07-01")
    await sandbox.delivery.idle()
    recorded = [
        (entry.surface, entry.path, entry.person, entry.status)
        for entry in sandbox.world.traffic.requests
        if entry.surface in ("graph", "notification")
    ]
    assert recorded == [
        ("notification", "(validation)", None, 200),
        ("graph", "/subscriptions", "anna", 201),
        ("notification", "(change)", "anna", 202),
    ]
    assert sandbox.world.traffic.properties(path="(notification)") == {
        "@odata.type",
        "@odata.id",
        "@odata.etag",
        "id",
    }
