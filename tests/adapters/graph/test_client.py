"""Requests to Graph: what goes out, what is tried again, and what is believed."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from domain.access import AccessDenied, InvalidAnswer, ProviderUnavailable
from domain.ids import AccountId
from sandbox import Sandbox
from tests.support.microsoft import Connected, connected_to


async def _use(connected: Connected, account: AccountId) -> None:
    await connected.microsoft.directory.list_calendars(account)


def _graph_requests(connected: Connected) -> int:
    return sum(1 for one in connected.sandbox.world.traffic.requests if one.surface == "graph")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_read_is_tried_again_when_the_failure_passes(connected: Connected, status: int) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.answer(status, code="UnknownError", times=2)
    await _use(connected, account)


async def test_a_cut_connection_is_tried_again_for_reads(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.add(kind="cut_inside", times=2)
    await _use(connected, account)


async def test_a_read_gives_up_after_three_tries(connected: Connected) -> None:
    account = await connected.connect("anna")
    fault = connected.sandbox.world.faults.answer(503, code="UnknownError", times=None)
    with pytest.raises(ProviderUnavailable):
        await _use(connected, account)
    assert fault.hits == 3


async def test_a_storm_of_403_is_denied_access_and_never_lost(connected: Connected) -> None:
    account = await connected.connect("carla")
    connected.sandbox.world.faults.answer(403, code="ErrorAccessDenied", times=None)
    before = connected.token_requests()
    for _ in range(3):
        with pytest.raises(AccessDenied):
            await _use(connected, account)
    assert connected.token_requests() == before


NONSENSE: list[dict[str, Any]] = [
    {"status": 200, "body": "<html>Our services</html>", "content_type": "text/html"},
    {"status": 200, "body": {"error": {"code": "ErrorInternalServerTransientError"}}},
    {"status": 200, "body": {"value": []} | {"error": {"code": "x"}}},
    {"status": 200, "body": []},
    {"status": 200},
    {"status": 200, "body": {"value": None}},
    {"status": 200, "body": {"value": {"id": "x"}}},
    {"status": 200, "body": {"value": ["x"]}},
    {"status": 302, "headers": {"Location": "https://evil.example.com/"}},
    {"kind": "truncate"},
    {"kind": "without_value"},
]


@pytest.mark.parametrize("answer", NONSENSE)
async def test_nothing_is_concluded_from_an_answer_against_the_contract(
    connected: Connected, answer: dict[str, Any]
) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.add(path="/me/calendars", times=None, **answer)
    with pytest.raises(InvalidAnswer):
        await _use(connected, account)


async def test_an_answer_beyond_all_measure_is_not_read(sandbox: Sandbox) -> None:
    async with connected_to(sandbox, largest_answer=500) as connected:
        account = await connected.connect("max")
        with pytest.raises(InvalidAnswer):
            await _use(connected, account)


@pytest.mark.parametrize(
    "link",
    ["https://evil.example.com/v1.0/me/calendars?$skip=1", "http://{host}/v1.0/me/calendars", "/v1.0/me", 5],
)
async def test_a_next_link_to_elsewhere_is_not_followed(connected: Connected, link: object) -> None:
    account = await connected.connect("anna")
    host = connected.sandbox.graph_url.split("/")[2]
    target = link.replace("{host}", host) if isinstance(link, str) else link
    connected.sandbox.world.faults.add(
        path="/me/calendars", status=200, body={"value": [], "@odata.nextLink": target}
    )
    with pytest.raises(InvalidAnswer):
        await _use(connected, account)


async def test_behind_a_proxy_lists_are_followed_to_their_end(connected: Connected) -> None:
    world = connected.sandbox.world
    world.settings.link_base = "https://graph.microsoft.com/v1.0"
    for number in range(60):
        world.calendars.add("anna", f"more-{number}", f"More {number}")
    account = await connected.connect("anna")
    assert len(await connected.microsoft.directory.list_calendars(account)) == 62


async def test_pages_that_go_round_in_circles_are_left(connected: Connected) -> None:
    account = await connected.connect("anna")
    link = f"{connected.sandbox.graph_url}/me/calendars?$skiptoken=round"
    connected.sandbox.world.faults.add(
        path="/me/calendars", status=200, body={"value": [], "@odata.nextLink": link}, times=None
    )
    with pytest.raises(InvalidAnswer):
        await _use(connected, account)


async def test_a_hanging_graph_is_an_outage_within_the_time_allowed(sandbox: Sandbox) -> None:
    async with connected_to(sandbox, request_timeout=timedelta(milliseconds=300)) as connected:
        account = await connected.connect("anna")
        sandbox.world.faults.add(kind="hang", seconds=60, path="/me/calendars")
        with pytest.raises(ProviderUnavailable):
            await _use(connected, account)
        sandbox.hangs.release()
        await _use(connected, account)


async def test_a_graph_that_does_not_answer_is_an_outage(sandbox: Sandbox) -> None:
    async with connected_to(sandbox, graph_url="https://localhost:1/v1.0") as connected:
        account = await connected.connect("anna")
        with pytest.raises(ProviderUnavailable):
            await _use(connected, account)


async def test_a_graph_with_an_unknown_certificate_is_not_spoken_to(connected: Connected) -> None:
    account = await connected.connect("anna")
    async with connected_to(connected.sandbox, ca_file=None) as wary:
        wary.keep(account, connected.store.tables.grants[account].grant)
        before = _graph_requests(connected)
        with pytest.raises(ProviderUnavailable):
            await _use(wary, account)
    assert _graph_requests(connected) == before


async def test_at_most_four_requests_of_a_mailbox_are_under_way(connected: Connected) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.settings.delay_seconds = 0.02
    await asyncio.gather(*(_use(connected, account) for _ in range(12)))
    assert connected.sandbox.world.traffic.peak("anna") == 4


async def test_two_accounts_on_one_mailbox_share_its_limit(connected: Connected) -> None:
    accounts = [await connected.connect("anna", "one"), await connected.connect("anna", "other")]
    connected.sandbox.world.settings.delay_seconds = 0.02
    await asyncio.gather(*(_use(connected, account) for account in accounts * 6))
    assert connected.sandbox.world.traffic.peak("anna") == 4


async def test_other_mailboxes_are_not_held_up(connected: Connected) -> None:
    anna, ben = await connected.connect("anna"), await connected.connect("ben")
    connected.sandbox.world.faults.answer(429, code="TooManyRequests", retry_after="60", person="anna")
    with pytest.raises(ProviderUnavailable):
        await _use(connected, anna)
    await _use(connected, ben)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_long_silence_is_kept_without_asking_again(connected: Connected, status: int) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.answer(status, code="ApplicationThrottled", retry_after="30")
    with pytest.raises(ProviderUnavailable) as first:
        await _use(connected, account)
    assert (first.value.retry_after, first.value.throttled) == (timedelta(seconds=30), True)
    asked = _graph_requests(connected)
    connected.sandbox.world.clock.advance(20)
    with pytest.raises(ProviderUnavailable) as second:
        await _use(connected, account)
    assert second.value.throttled
    assert second.value.retry_after is not None
    assert timedelta(seconds=8) < second.value.retry_after <= timedelta(seconds=10)
    assert _graph_requests(connected) == asked
    connected.sandbox.world.clock.advance(10)
    await _use(connected, account)


@pytest.mark.parametrize("wish", ["0.05", "0"])
async def test_a_short_silence_is_waited_out(connected: Connected, wish: str) -> None:
    account = await connected.connect("anna")
    connected.sandbox.world.faults.answer(429, code="TooManyRequests", retry_after=wish)
    await _use(connected, account)


async def test_a_silence_until_a_date_is_kept(connected: Connected) -> None:
    account = await connected.connect("anna")
    until = connected.sandbox.world.clock.now() + timedelta(minutes=5)
    connected.sandbox.world.faults.answer(
        429, code="TooManyRequests", retry_after=until.strftime("%a, %d %b %Y %H:%M:%S GMT")
    )
    with pytest.raises(ProviderUnavailable) as caught:
        await _use(connected, account)
    assert caught.value.retry_after is not None
    assert timedelta(minutes=4) < caught.value.retry_after <= timedelta(minutes=5)


async def test_logs_name_codes_and_request_ids_and_nobody(
    connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    account = await connected.connect("anna")
    connected.sandbox.world.faults.answer(
        403, code="ErrorAccessDenied", message="Anna may not see Layoff planning"
    )
    with pytest.raises(AccessDenied):
        await _use(connected, account)
    refusal = next(record for record in caplog.records if record.name == "adapters.graph.client")
    assert (refusal.__dict__["status"], refusal.__dict__["code"]) == (403, "ErrorAccessDenied")
    assert refusal.__dict__["client_request_id"]
    everything = " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    everything = everything.replace(account, "")
    tokens = connected.sandbox.world.grants
    secrets = [connected.sandbox.client_secret, *tokens.access_tokens, *tokens.refresh_tokens, *tokens.codes]
    assert len(secrets) == 4
    for secret in (*secrets, "Anna", "anna@", "Layoff", "Bearer", connected.calendar_id("anna")):
        assert secret not in everything
