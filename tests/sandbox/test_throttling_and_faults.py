"""Too many requests at once, and every fault that can be ordered."""

import asyncio
import json
from collections import Counter
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

from sandbox import Sandbox
from tests.sandbox.client import Graph, Reply
from tests.sandbox.conftest import SignIn

EVENT = {
    "subject": "Coaching",
    "start": {"dateTime": "2026-07-01T09:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2026-07-01T10:00:00", "timeZone": "UTC"},
    "transactionId": "t-1",
}


def marked(sandbox: Sandbox) -> int:
    return sum(event.transaction_id == "t-1" for event in sandbox.world.events.all("anna"))


async def hold(sandbox: Sandbox, graph: Graph, requests: int) -> list[asyncio.Task[Reply]]:
    """Requests that are all under way at once, and stay so until released."""
    sandbox.world.faults.add(kind="hang", seconds=30, times=requests)
    tasks = [asyncio.create_task(graph.get("/me/calendars")) for _ in range(requests)]
    while sandbox.world.traffic.peak("anna") < requests:
        await asyncio.wait(tasks, timeout=0.01)
    return tasks


async def test_a_fifth_request_at_once_is_throttled(sandbox: Sandbox, anna: Graph) -> None:
    held = await hold(sandbox, anna, 4)
    fifth = await anna.get("/me/calendars")
    sandbox.hangs.release()
    assert (fifth.status, fifth.error, fifth.headers["Retry-After"]) == (429, "ApplicationThrottled", "1")
    assert "MailboxConcurrency" in fifth.text
    assert [reply.status for reply in await asyncio.gather(*held)] == [200] * 4
    assert sandbox.world.traffic.peak("anna") == 5
    assert (await anna.get("/me/calendars")).status == 200


async def test_other_mailboxes_are_not_throttled(sandbox: Sandbox, anna: Graph, sign_in: SignIn) -> None:
    ben = await sign_in("ben")
    held = await hold(sandbox, anna, 4)
    assert (await ben.get("/me/calendars")).status == 200
    sandbox.hangs.release()
    await asyncio.gather(*held)


async def test_a_service_delay_makes_concurrency_visible(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.settings.concurrency_limit = 2
    sandbox.world.settings.throttle_retry_after = None
    sandbox.world.settings.delay_seconds = 0.05
    replies = await asyncio.gather(*(anna.get("/me/calendars") for _ in range(6)))
    statuses = Counter(reply.status for reply in replies)
    assert statuses[200] >= 2
    assert statuses[429] >= 1
    assert all("Retry-After" not in reply.headers for reply in replies)
    assert sandbox.world.traffic.peak("anna") > 2


@pytest.mark.parametrize("retry_after", ["2.128", "10", None])
async def test_an_ordered_refusal_has_graphs_envelope(
    sandbox: Sandbox, anna: Graph, retry_after: str | None
) -> None:
    sandbox.world.faults.answer(503, code="ServiceUnavailable", retry_after=retry_after)
    reply = await anna.get("/me/calendars")
    assert (reply.status, reply.error, reply.headers.get("Retry-After")) == (
        503,
        "ServiceUnavailable",
        retry_after,
    )
    assert reply.json["error"]["innerError"]["request-id"] == reply.headers["request-id"]
    assert (await anna.get("/me/calendars")).status == 200


async def test_retry_after_may_be_a_date(sandbox: Sandbox, anna: Graph) -> None:
    clock = sandbox.world.clock
    sandbox.world.faults.answer(429, code="TooManyRequests", retry_after=clock.http_date(30))
    header = (await anna.get("/me/calendars")).headers["Retry-After"]
    assert 25 < (parsedate_to_datetime(header) - clock.now()).total_seconds() <= 30


async def test_a_fault_hits_only_the_requests_it_is_for(
    sandbox: Sandbox, anna: Graph, sign_in: SignIn
) -> None:
    ben = await sign_in("ben")
    sandbox.world.faults.answer(500, method="GET", path="/calendars$", person="ben", times=None)
    assert (await anna.get("/me/calendars")).status == 200
    assert (await ben.get("/me")).status == 200
    assert [(await ben.get("/me/calendars")).status for _ in range(3)] == [500] * 3
    sandbox.world.faults.clear()
    assert (await ben.get("/me/calendars")).status == 200


async def test_a_fault_may_begin_late_and_end_early(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.faults.answer(500, skip=1, times=2)
    assert [(await anna.get("/me")).status for _ in range(4)] == [200, 500, 500, 200]


async def test_a_single_page_can_fail(sandbox: Sandbox, sign_in: SignIn) -> None:
    graph = await sign_in("max")
    sandbox.world.faults.answer(503, page=2)
    first = await graph.get("/me/calendars")
    link = first.json["@odata.nextLink"]
    assert (first.status, (await graph.get(link)).status, (await graph.get(link)).status) == (200, 503, 200)


@pytest.mark.parametrize("kind", ["truncate", "without_value"])
async def test_a_list_can_be_spoilt(sandbox: Sandbox, anna: Graph, kind: Any) -> None:
    sandbox.world.faults.add(kind=kind)
    reply = await anna.get("/me/calendars")
    assert reply.status == 200
    if kind == "truncate":
        with pytest.raises(json.JSONDecodeError):
            json.loads(reply.text)
    else:
        assert "@odata.context" in reply.json
        assert "value" not in reply.json


async def test_an_error_can_hide_in_a_200(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.faults.error_inside_200()
    reply = await anna.get("/me/calendars")
    assert (reply.status, reply.error) == (200, "ErrorInternalServerTransientError")


async def test_a_web_page_can_come_instead(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.faults.html()
    reply = await anna.get("/me/calendars")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


async def test_a_claims_challenge_stands_in_the_header(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.faults.claims_challenge()
    reply = await anna.get("/me/calendars")
    assert (reply.status, reply.error) == (401, "InvalidAuthenticationToken")
    assert 'error="insufficient_claims", claims="' in reply.headers["WWW-Authenticate"]


@pytest.mark.parametrize("kind", ["cut", "cut_inside"])
async def test_a_connection_can_be_cut(sandbox: Sandbox, anna: Graph, kind: Any) -> None:
    # Without an end, for the client sends a GET once more when a kept connection breaks under it.
    sandbox.world.faults.add(kind=kind, times=None)
    with pytest.raises(aiohttp.ClientError):
        await anna.get("/me/calendars")
    sandbox.world.faults.clear()
    assert (await anna.get("/me/calendars")).status == 200


@pytest.mark.parametrize(
    ("fault", "stored"),
    [
        ({"status": 503, "perform": True}, 1),
        ({"status": 503}, 0),
        ({"kind": "cut", "perform": True}, 1),
        ({"kind": "cut"}, 0),
        ({"kind": "cut_inside"}, 1),
    ],
)
async def test_a_request_can_take_effect_although_reported_failed(
    sandbox: Sandbox, anna: Graph, fault: dict[str, Any], stored: int
) -> None:
    sandbox.world.faults.add(method="POST", **fault)
    try:
        reply = await anna("POST", "/me/events", body=EVENT)
    except aiohttp.ClientError:
        pass
    else:
        assert reply.status == 503
    assert marked(sandbox) == stored


async def test_a_request_can_hang_after_it_took_effect(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.faults.add(kind="hang", seconds=30, perform=True)
    waiting = asyncio.create_task(anna("POST", "/me/events", body=EVENT))
    await sandbox.hangs.reached()
    assert marked(sandbox) == 1
    assert not waiting.done()
    sandbox.hangs.release()
    assert (await waiting).status == 201
    assert marked(sandbox) == 1


async def test_a_reset_clears_faults_and_lets_hanging_requests_go(sandbox: Sandbox, anna: Graph) -> None:
    sandbox.world.faults.add(kind="hang", seconds=30, times=None)
    waiting = asyncio.create_task(anna.get("/me"))
    await sandbox.hangs.reached()
    await sandbox.reset()
    assert (await waiting).status in (200, 401)
    assert sandbox.world.faults.all() == []


async def test_requests_are_recorded_without_ids(sandbox: Sandbox, anna: Graph) -> None:
    calendar = sandbox.world.calendars.get("anna").id
    await anna.get(f"/me/calendars/{calendar}")
    await anna.get("/me/calendars/123")
    graph = [entry for entry in sandbox.world.traffic.requests if entry.surface == "graph"]
    assert [(entry.method, entry.path, entry.person, entry.status) for entry in graph] == [
        ("GET", "/me/calendars/{calendar}", "anna", 200),
        ("GET", "/me/calendars/{calendar}", "anna", 400),
    ]
