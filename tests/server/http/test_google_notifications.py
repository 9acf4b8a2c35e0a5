"""The address at which Google says that calendars changed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from domain.account import Provider
from domain.connection import Confirming
from server.http.notifications import intake
from tests.server.http.browser import Browser
from tests.server.http.delivering import deliver, headers_of, ring, subscribe
from tests.server.served import Logs, World, a_world

LONG = "x" * 300
SILENT = [
    {"Channel_Token": "wrong"},
    {"Channel_Token": None},
    {"Channel_Token": ""},
    {"Channel_Token": "ü" * 100},
    {"Channel_Token": LONG},
    {"Channel_ID": "unknown"},
    {"Channel_ID": "un/known"},
    {"Channel_ID": ""},
    {"Channel_ID": None},
    {"Channel_ID": LONG},
    {"Resource_ID": "unknown"},
    {"Resource_ID": None},
    {"Resource_ID": LONG * 2},
    {"Channel_ID": None, "Channel_Token": None, "Resource_ID": None, "Resource_State": None},
]
"""What changes nothing, and is answered like all the rest."""


@pytest.fixture
def world() -> World:
    return a_world(Confirming.WITH_RETURN_URL, configured=(Provider.MICROSOFT, Provider.GOOGLE))


@pytest_asyncio.fixture
async def watched(browser: Browser) -> Browser:
    """With an account of Google's whose primary calendar is watched."""
    await subscribe(browser, Provider.GOOGLE)
    return browser


@pytest.mark.parametrize("state", ["exists", "not_exists", "EXISTS", "something_new", "", None])
async def test_a_change_has_the_calendar_read_again(watched: Browser, state: str | None) -> None:
    answer = await ring(watched, headers_of(watched, Resource_State=state))

    assert (answer.status, answer.text) == (202, "")
    assert watched.world.store.take_woken() == ["read_calendar"]


async def test_repeats_and_gaps_and_numbers_that_go_back_do_no_harm(watched: Browser) -> None:
    for number in ("2", "2", "17", "3", "no number", "9" * 300):
        assert (await ring(watched, headers_of(watched, Message_Number=number))).status == 202
    assert set(watched.world.store.take_woken()) == {"read_calendar"}


@pytest.mark.parametrize("changes", SILENT, ids=str)
async def test_what_is_forged_is_taken_without_effect(
    watched: Browser, logs: Logs, changes: dict[str, str | None]
) -> None:
    real = await ring(watched, headers_of(watched))
    watched.world.store.take_woken()

    forged = await ring(watched, headers_of(watched, **changes))

    assert (forged.status, forged.text) == (real.status, real.text) == (202, "")
    assert set(forged.headers) == set(real.headers)
    assert not watched.world.store.take_woken()
    assert [(one["items"], one["taken"]) for one in logs.of("notifications")] == [(1, 1), (1, 0)]


@pytest.mark.parametrize(
    "changes",
    [{}, {"Channel_Token": None}, {"Channel_ID": "not-known-yet"}, {"Resource_ID": "not-known-yet"}],
    ids=str,
)
async def test_the_first_of_a_channel_is_nothing_to_read_and_nothing_forged(
    watched: Browser, logs: Logs, changes: dict[str, str | None]
) -> None:
    first: dict[str, str | None] = {"Resource_State": "sync", "Message_Number": "1"}

    answer = await ring(watched, headers_of(watched, **changes, **first))

    assert (answer.status, answer.text) == (202, "")
    assert not watched.world.store.take_woken()
    assert not logs.of("notifications")
    assert _counted(watched) == {"announced": 1}


async def test_nothing_in_the_body_is_read(watched: Browser) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1024
            await asyncio.sleep(0)

    answer = await ring(watched, headers_of(watched), data=endless())

    assert answer.status == 202
    assert answer.headers["Connection"] == "close"
    assert watched.world.store.take_woken() == ["read_calendar"]


async def test_microsofts_check_of_an_address_is_not_answered_here(watched: Browser) -> None:
    answer = await ring(watched, {}, params={"validationToken": "token"})

    assert (answer.status, answer.text) == (202, "")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_only_deliveries_are_taken(watched: Browser, method: str) -> None:
    headers = headers_of(watched)

    assert (await watched.get("/notifications/google", method, headers=headers)).status == 405
    assert not watched.world.store.take_woken()


async def test_a_slow_database_makes_google_try_again_and_nothing_is_lost(
    watched: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "STORE_PATIENCE", timedelta(seconds=0.1))
    async with watched.world.store.transaction():
        answer = await ring(watched, headers_of(watched))

    assert (answer.status, answer.text) == (503, "")
    assert (await ring(watched, headers_of(watched))).status == 202
    assert watched.world.store.take_woken() == ["read_calendar"]


async def test_a_database_that_is_away_makes_google_try_again(watched: Browser) -> None:
    watched.world.store.away = True

    assert (await ring(watched, headers_of(watched))).status == 503


async def test_whoever_waited_too_long_is_asked_to_deliver_again(
    watched: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "LONGEST_TURN", -timedelta(seconds=1))

    assert (await ring(watched, headers_of(watched))).status == 503
    assert not watched.world.store.take_woken()


async def test_a_flood_of_both_kinds_is_counted_in_one_line(watched: Browser, logs: Logs) -> None:
    forged = headers_of(watched, Channel_Token="guessed")
    for _ in range(20):
        await ring(watched, forged)
        await ring(watched, headers_of(watched, Resource_State="sync", Channel_ID="guessed"))
        await deliver(watched, {"subscriptionId": "guessed", "clientState": "guessed"})

    assert [(one["deliveries"], one["items"], one["taken"]) for one in logs.of("notifications")] == [
        (1, 1, 0)
    ]
    assert logs.of("request") == []


async def test_the_log_counts_and_names_nothing(watched: Browser, logs: Logs) -> None:
    real = headers_of(watched)
    for headers in (
        real,
        headers_of(watched, Channel_Token="wrong-secret"),
        headers_of(watched, Resource_State="sync"),
    ):
        await ring(watched, headers)

    for private in (*real.values(), "wrong-secret", "maria"):
        assert private not in logs.text or private in {"exists", "2"}


async def test_outcomes_are_counted(watched: Browser) -> None:
    await ring(watched, headers_of(watched))
    await ring(watched, headers_of(watched, Channel_Token="wrong"))
    await ring(watched, headers_of(watched, Resource_State="sync", Channel_ID="not-yet-known"))
    watched.world.store.away = True
    await ring(watched, headers_of(watched))

    counted = _counted(watched)
    assert counted == {"taken": 1, "forged": 1, "announced": 1, "lost": 1}


async def test_a_provider_that_is_not_configured_has_no_address() -> None:
    paths = {
        resource.canonical
        for resource in a_world().container.web_app().router.resources()
        if resource.canonical.startswith("/notifications/")
    }

    assert paths == {"/notifications/microsoft", "/notifications/microsoft/lifecycle"}


def _counted(browser: Browser) -> dict[str, Any]:
    registry = browser.world.container.metrics().registry
    return {
        sample.labels["outcome"]: sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "calendarsync_notifications_total"
    }
