"""Google's channels: opening and stopping them, and what comes through."""

from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from sandbox import Sandbox
from tests.sandbox.client import Control, Http, Reply
from tests.sandbox.google.calendar import Calendars, events_of, reason
from tests.sandbox.google.client import revoke
from tests.support.receiver import Receiver, receiving

ID = "9a0c1d1e-0000-4000-8000-000000000001"
TOKEN = "a-random-secret"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def _watch(
    calendars: Calendars, receiver: Receiver, calendar: str = "primary", /, **changes: Any
) -> Reply:
    body = {"id": ID, "type": "web_hook", "address": receiver.url, "token": TOKEN} | changes
    kept = {name: value for name, value in body.items() if value is not None}
    return await calendars("POST", f"{events_of(calendar)}/watch", body=kept)


async def _change(sandbox: Sandbox, times: int = 1) -> None:
    for _ in range(times):
        sandbox.world.events.add("gina", "2030-05-14T09:00", subject="Secret")
    await sandbox.delivery.idle()


def _seen(receiver: Receiver, name: str) -> list[str]:
    return [headers[f"X-Goog-{name}"] for headers in receiver.headers]


async def test_the_first_message_is_there_before_the_answer(
    sandbox: Sandbox, gina: Calendars, receiver: Receiver
) -> None:
    reply = await _watch(gina, receiver)
    assert (reply.status, reply.json["id"], reply.json["token"]) == (200, ID, TOKEN)
    assert _seen(receiver, "Resource-State") == ["sync"]
    assert _seen(receiver, "Message-Number") == ["1"]
    assert _seen(receiver, "Resource-ID") == [reply.json["resourceId"]]
    assert list(sandbox.world.traffic.mistakes) == []


async def test_a_change_is_told_by_headers_and_nothing_else(
    sandbox: Sandbox, gina: Calendars, receiver: Receiver
) -> None:
    answer = (await _watch(gina, receiver)).json
    await _change(sandbox)
    headers = receiver.headers[-1]
    assert receiver.raw[-1] == b""
    assert headers["X-Goog-Channel-ID"] == ID
    assert headers["X-Goog-Channel-Token"] == TOKEN
    assert headers["X-Goog-Resource-State"] == "exists"
    assert headers["X-Goog-Message-Number"] == "2"
    ends = parsedate_to_datetime(headers["X-Goog-Channel-Expiration"])
    assert int(ends.timestamp() * 1000) == int(answer["expiration"])
    assert sandbox.world.traffic.properties() == set()


async def test_only_the_calendar_that_is_watched_rings(
    sandbox: Sandbox, gina: Calendars, receiver: Receiver
) -> None:
    await _watch(gina, receiver)
    sandbox.world.events.add("gina", "2030-05-14T09:00", calendar="family")
    await sandbox.delivery.idle()
    assert _seen(receiver, "Resource-State") == ["sync"]


@pytest.mark.parametrize(
    ("robots", "rings"),
    [
        ("User-agent: *\nDisallow: /\n", False),
        ("User-agent: APIs-Google\nDisallow: /notify\n", False),
        ("User-agent: *\nAllow: /notify\nDisallow: /\n", True),
        ("User-agent: Googlebot\nDisallow: /\n", True),
    ],
)
async def test_a_host_that_keeps_google_out_is_not_called(
    sandbox: Sandbox, gina: Calendars, receiver: Receiver, robots: str, *, rings: bool
) -> None:
    receiver.robots = robots
    assert (await _watch(gina, receiver)).status == 200
    await _change(sandbox)
    assert _seen(receiver, "Resource-State") == (["sync", "exists"] if rings else [])


async def test_two_channels_overlap_until_one_is_stopped(
    sandbox: Sandbox, gina: Calendars, receiver: Receiver
) -> None:
    first = (await _watch(gina, receiver)).json
    await _watch(gina, receiver, id="second")
    await _change(sandbox)
    assert sorted(_seen(receiver, "Channel-ID")[2:]) == [ID, "second"]
    stop = {"id": ID, "resourceId": first["resourceId"]}
    assert (await gina("POST", "/channels/stop", body=stop)).status == 204
    await _change(sandbox)
    assert _seen(receiver, "Channel-ID")[4:] == ["second"]
    assert (await gina("POST", "/channels/stop", body=stop)).status == 404


async def test_stopping_needs_both_ids_and_the_same_person(
    gina: Calendars, walter: Calendars, receiver: Receiver
) -> None:
    made = (await _watch(gina, receiver)).json
    whole = {"id": ID, "resourceId": made["resourceId"]}
    assert reason(await gina("POST", "/channels/stop", body={"id": ID})) == (400, "required")
    wrong = await gina("POST", "/channels/stop", body=whole | {"resourceId": "another"})
    assert reason(wrong) == (404, "notFound")
    assert reason(await walter("POST", "/channels/stop", body=whole)) == (404, "notFound")
    assert (await gina("POST", "/channels/stop", body=whole)).status == 204


@pytest.mark.parametrize(
    ("ttl", "granted", "seconds"),
    [("3600", None, 3600), (None, None, 604_800), ("9999999", None, 604_800), ("3600", 60, 60)],
)
async def test_a_channel_lasts_no_longer_than_it_may(
    sandbox: Sandbox,
    gina: Calendars,
    receiver: Receiver,
    ttl: str | None,
    granted: int | None,
    seconds: int,
) -> None:
    sandbox.world.google.settings.granted_channel_seconds = granted
    answer = (await _watch(gina, receiver, params=None if ttl is None else {"ttl": ttl})).json
    ends = int(answer["expiration"]) / 1000
    left = timedelta(seconds=ends - sandbox.world.clock.now().timestamp())
    assert timedelta(seconds=seconds - 30) < left <= timedelta(seconds=seconds)
    sandbox.world.clock.advance(seconds)
    await _change(sandbox)
    assert _seen(receiver, "Resource-State") == ["sync"]


async def test_the_end_may_be_printed_as_a_number(
    sandbox: Sandbox, gina: Calendars, receiver: Receiver
) -> None:
    gina.held_against_description = False
    sandbox.world.google.settings.expiration_form = "number"
    assert isinstance((await _watch(gina, receiver)).json["expiration"], int)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"id": None}, (400, "required")),
        ({"id": "a" * 65}, (400, "invalid")),
        ({"id": "with spaces"}, (400, "invalid")),
        ({"type": "email"}, (400, "channelUnknown")),
        ({"token": "t" * 257}, (400, "invalid")),
        ({"address": "http://calendars.example.com/"}, (400, "push.webhookUrlNotHttps")),
        ({"params": {"ttl": "a week"}}, (400, "invalid")),
        ({"expiration": "1000"}, (400, "invalid")),
        ({"params": {"ttl": 3600}}, (400, "badRequest")),
    ],
)
async def test_a_wrong_channel_is_refused(
    gina: Calendars, receiver: Receiver, changes: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert reason(await _watch(gina, receiver, **changes)) == refusal
    assert receiver.headers == []


async def test_an_id_is_good_for_one_channel_ever(gina: Calendars, receiver: Receiver) -> None:
    made = (await _watch(gina, receiver)).json
    assert reason(await _watch(gina, receiver)) == (400, "channelIdNotUnique")
    await gina("POST", "/channels/stop", body={"id": ID, "resourceId": made["resourceId"]})
    assert reason(await _watch(gina, receiver)) == (400, "channelIdNotUnique")


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_a_host_may_not_be_verified(
    sandbox: Sandbox, gina: Calendars, receiver: Receiver, status: int
) -> None:
    settings = sandbox.world.google.settings
    settings.watch_refusal, settings.watch_refusal_status = "push.webhookUrlUnauthorized", status
    assert reason(await _watch(gina, receiver)) == (status, "push.webhookUrlUnauthorized")


async def test_googles_own_calendars_cannot_be_watched(walter: Calendars, receiver: Receiver) -> None:
    holidays = "en.german#holiday@group.v.calendar.google.com"
    reply = await _watch(walter, receiver, holidays)
    assert reason(reply) == (400, "pushNotSupportedForRequestedResource")
    assert reason(await _watch(walter, receiver, "gone@x.example")) == (404, "notFound")


async def test_messages_come_twice_with_gaps_and_another_token(
    sandbox: Sandbox, gina: Calendars, receiver: Receiver
) -> None:
    await _watch(gina, receiver)
    settings = sandbox.world.google.settings
    settings.push_copies, settings.push_number_step = 2, 7
    settings.push_token, settings.push_state = "wrong", "not_exists"
    await _change(sandbox)
    assert _seen(receiver, "Message-Number")[1:] == ["8", "8"]
    assert _seen(receiver, "Channel-Token")[1:] == ["wrong", "wrong"]
    assert _seen(receiver, "Resource-State")[1:] == ["not_exists", "not_exists"]
    settings.push_token = ""
    await _change(sandbox)
    assert "X-Goog-Channel-Token" not in receiver.headers[-1]


async def test_messages_get_lost_or_never_come(sandbox: Sandbox, gina: Calendars, receiver: Receiver) -> None:
    await _watch(gina, receiver)
    sandbox.world.google.settings.lost_pushes = 1
    await _change(sandbox, 2)
    assert len(receiver.headers) == 2
    sandbox.world.google.settings.pushes = "silent"
    await _change(sandbox)
    assert len(receiver.headers) == 2


@pytest.mark.parametrize(
    ("statuses", "deliveries"), [([500, 503], 3), ([404], 1), ([204], 1), ([500] * 9, 4)]
)
async def test_an_address_that_fails_is_tried_again(
    sandbox: Sandbox, gina: Calendars, receiver: Receiver, statuses: list[int], deliveries: int
) -> None:
    await _watch(gina, receiver)
    sandbox.world.google.settings.push_retry_seconds = 0
    receiver.statuses = list(statuses)
    await _change(sandbox)
    assert len(receiver.headers) == 1 + deliveries
    requests = [one for one in sandbox.world.traffic.requests if one.path == "(google-exists)"]
    assert [one.status for one in requests] == [*statuses, 202][:deliveries]


async def test_the_answer_may_come_first(sandbox: Sandbox, gina: Calendars, receiver: Receiver) -> None:
    sandbox.world.google.settings.sync_before_answer = False
    receiver.silent = True
    assert (await _watch(gina, receiver)).status == 200
    receiver.speak()
    await sandbox.delivery.idle()
    assert _seen(receiver, "Resource-State") == ["sync"]


async def test_what_is_forgotten_rings_until_it_expires(
    sandbox: Sandbox, http: Http, gina: Calendars, receiver: Receiver, control: Control
) -> None:
    await _watch(gina, receiver)
    assert (await revoke(http, sandbox, gina.token)).status == 200
    await _change(sandbox)
    assert _seen(receiver, "Resource-State") == ["sync", "exists"]
    (channel,) = await control("GET", "/google/channels")
    assert (channel["id"], channel["person"], channel["number"]) == (ID, "gina", 2)
    assert "token" not in channel
    await sandbox.reset()
    assert await control("GET", "/google/channels") == []
