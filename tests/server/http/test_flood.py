"""A flood of forged deliveries over real connections: what is real gets through, and the process stays well."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from server.http.connections import loop_share
from server.http.links import HEALTH_PATHS
from server.http.notifications import intake
from tests.server.http.browser import Browser, at_http
from tests.server.http.delivering import deliver, item_of, subscribe
from tests.server.served import Logs, World

FORGED = 100


@pytest_asyncio.fixture
async def beside_calls(world: World) -> AsyncIterator[Browser]:
    """Where HTTP gets a quarter of the loop."""
    async with at_http(world, world.container.web_app(), part=0.25) as browser:
        await subscribe(browser)
        yield browser


@pytest_asyncio.fixture
async def busy(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Browser]:
    """Where HTTP gets next to nothing, and has used that up for a minute."""
    monkeypatch.setattr(loop_share, "DEEPEST_DEBT", 60)
    async with at_http(world, world.container.web_app(), part=1e-9) as browser:
        await browser.get("/healthz")
        yield browser


async def test_a_real_one_among_forged_ones_is_taken_and_all_get_the_same_answer(
    beside_calls: Browser,
) -> None:
    forged = [item_of(beside_calls, clientState=f"guess-{number}") for number in range(FORGED)]
    deliveries = [*forged[: FORGED // 2], item_of(beside_calls), *forged[FORGED // 2 :]]

    answers = await asyncio.gather(*(deliver(beside_calls, one) for one in deliveries))

    assert {(answer.status, answer.text) for answer in answers} == {(202, "")}
    assert len({frozenset(set(answer.headers) - {"Date"}) for answer in answers}) == 1
    assert beside_calls.world.store.take_woken() == ["read_calendar"]


async def test_the_log_counts_forged_ones_instead_of_naming_each(subscribed: Browser, logs: Logs) -> None:
    forged = item_of(subscribed, clientState="guessed")
    for _ in range(FORGED):
        await deliver(subscribed, forged, forged)

    assert [(one["deliveries"], one["items"], one["taken"]) for one in logs.of("notifications")] == [
        (1, 2, 0)
    ]
    assert logs.of("request") == []


@pytest.mark.parametrize("path", sorted(HEALTH_PATHS))
async def test_health_is_answered_while_others_wait_for_their_turn(busy: Browser, path: str) -> None:
    waiting = asyncio.create_task(busy.get("/notifications/microsoft", "POST", json={"value": []}))

    assert (await busy.get(path)).status == 200

    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_whoever_waited_too_long_is_asked_to_deliver_again(
    subscribed: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "LONGEST_TURN", -timedelta(seconds=1))

    answer = await deliver(subscribed, item_of(subscribed))

    assert (answer.status, answer.text) == (503, "")
    assert int(answer.headers["Retry-After"]) > 0
    assert not subscribed.world.store.take_woken()
