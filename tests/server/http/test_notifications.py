"""The addresses at which Microsoft says that calendars changed."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from server.http.links import LIFECYCLE_PATH
from server.http.notifications import intake, microsoft
from tests.server.http.browser import MARKUP, Answer, Browser
from tests.server.http.delivering import deliver, item_of
from tests.server.served import Logs
from tests.support.paths import NOTIFICATIONS_PATH

PATHS = (NOTIFICATIONS_PATH, LIFECYCLE_PATH)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "token", ["plain", "Validation: Testing & more = +1%20ü", MARKUP, "x" * 4096], ids=len
)
async def test_the_check_of_the_address_is_answered_with_its_token_as_plain_text(
    browser: Browser, path: str, token: str
) -> None:
    answer = await browser.get(path, "POST", params={"validationToken": token})

    assert (answer.status, answer.text) == (200, token)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not browser.world.store.take_woken()


@pytest.mark.parametrize(
    "query", [[("validationToken", "x" * 4097)], [("validationToken", "a"), ("validationToken", "b")]]
)
async def test_a_check_that_is_none_of_microsofts_is_refused(browser: Browser, query: Any) -> None:
    answer = await browser.get(NOTIFICATIONS_PATH, "POST", params=query)

    assert (answer.status, answer.text) == (400, "")


async def test_a_check_does_nothing_else(subscribed: Browser) -> None:
    answer = await deliver(subscribed, item_of(subscribed), params={"validationToken": "token"})

    assert answer.text == "token"
    assert not subscribed.world.store.take_woken()


@pytest.mark.parametrize("path", PATHS)
async def test_a_change_has_the_calendar_read_again(subscribed: Browser, path: str) -> None:
    answer = await deliver(subscribed, item_of(subscribed), path=path)

    assert (answer.status, answer.text) == (202, "")
    assert subscribed.world.store.take_woken() == ["read_calendar"]


@pytest.mark.parametrize(
    ("word", "jobs"),
    [
        ("missed", {"read_calendar"}),
        ("subscriptionRemoved", {"read_calendar", "keep_subscription"}),
        ("reauthorizationRequired", {"keep_subscription"}),
        ("somethingNew", {"read_calendar"}),
    ],
)
@pytest.mark.parametrize("path", PATHS)
async def test_a_lifecycle_event_has_done_what_it_asks_for(
    subscribed: Browser, path: str, word: str, jobs: set[object]
) -> None:
    answer = await deliver(subscribed, item_of(subscribed, lifecycleEvent=word), path=path)

    assert answer.status == 202
    assert set(subscribed.world.store.take_woken()) == jobs


async def test_several_items_of_one_delivery_count_and_repeats_do_no_harm(
    subscribed: Browser, logs: Logs
) -> None:
    items = [item_of(subscribed), item_of(subscribed), item_of(subscribed, clientState="wrong")]

    assert (await deliver(subscribed, *items)).status == 202
    assert subscribed.world.store.take_woken() == ["read_calendar"]
    assert logs.of("notifications")[0]["items"] == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"clientState": "wrong"},
        {"clientState": None},
        {"clientState": ""},
        {"clientState": "nul\0nul"},
        {"clientState": "\ud800"},
        {"clientState": "ü" * 100},
        {"clientState": "x" * 100_000},
        {"subscriptionId": "unknown"},
        {"subscriptionId": None},
        {"subscriptionId": "nul\0nul"},
        {"subscriptionId": "\ud800"},
        {"subscriptionId": {"a": 1}},
    ],
    ids=str,
)
async def test_what_is_forged_is_taken_without_effect(subscribed: Browser, changes: dict[str, Any]) -> None:
    answer = await deliver(subscribed, item_of(subscribed, **changes))

    assert (answer.status, answer.text) == (202, "")
    assert not subscribed.world.store.take_woken()


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"[]", b"{}", b'{"value": 1}', b"\xff\xfe", b"[" * 100_000, b"null"]
)
async def test_a_body_that_is_no_delivery_is_refused(browser: Browser, body: bytes) -> None:
    answer = await _post(browser, body)

    assert (answer.status, answer.text) == (400, "")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": ""},
    ],
    ids=str,
)
async def test_what_is_no_json_is_refused(subscribed: Browser, headers: dict[str, str]) -> None:
    body = json.dumps({"value": [item_of(subscribed)]}).encode()
    answer = await _post(subscribed, body, headers=headers)

    assert (answer.status, answer.text) == (415, "")
    assert not subscribed.world.store.take_woken()


async def test_json_in_any_dress_is_taken(subscribed: Browser) -> None:
    body = json.dumps({"value": [item_of(subscribed)]}).encode()
    headers = {"Content-Type": "Application/JSON; odata.metadata=minimal; charset=utf-8"}

    assert (await _post(subscribed, body, headers=headers)).status == 202
    assert subscribed.world.store.take_woken()


async def test_a_delivery_that_is_too_large_is_refused_whatever_it_says_of_its_size(browser: Browser) -> None:
    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(257):
            yield b" " * 1024

    told = await _post(browser, b" " * (256 * 1024 + 1))
    untold = await _post(browser, in_pieces())

    assert (told.status, told.text) == (untold.status, untold.text) == (413, "")


async def test_the_largest_delivery_is_taken(subscribed: Browser) -> None:
    body = json.dumps({"value": [item_of(subscribed)]}).encode()

    assert (await _post(subscribed, body.ljust(256 * 1024))).status == 202


async def test_a_slow_database_makes_microsoft_try_again_and_nothing_is_lost(
    subscribed: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "STORE_PATIENCE", timedelta(seconds=0.1))
    async with subscribed.world.store.transaction():
        answer = await deliver(subscribed, item_of(subscribed))

    assert (answer.status, answer.text) == (503, "")
    assert int(answer.headers["Retry-After"]) > 0
    assert (await deliver(subscribed, item_of(subscribed))).status == 202
    assert subscribed.world.store.take_woken() == ["read_calendar"]


async def test_a_database_that_is_away_makes_microsoft_try_again(subscribed: Browser) -> None:
    subscribed.world.store.away = True

    answer = await deliver(subscribed, item_of(subscribed))

    assert (answer.status, answer.text) == (503, "")


def test_the_time_for_an_answer_is_well_below_what_microsoft_calls_slow() -> None:
    assert timedelta(seconds=1) > intake.STORE_PATIENCE


async def test_an_unforeseen_fault_tells_the_sender_nothing(
    subscribed: Browser, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: bytes) -> None:
        raise RuntimeError("gotcha")

    monkeypatch.setattr(microsoft, "notifications_from", fails)

    answer = await deliver(subscribed, item_of(subscribed))

    assert (answer.status, answer.text) == (500, "")
    assert logs.of("unexpected fault")
    assert "gotcha" not in logs.text


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("path", PATHS)
async def test_only_deliveries_are_taken(browser: Browser, path: str, method: str) -> None:
    assert (await browser.get(path, method, params={"validationToken": MARKUP})).status == 405


async def test_the_log_counts_and_names_nothing(subscribed: Browser, logs: Logs) -> None:
    item = item_of(subscribed)
    await deliver(subscribed, item)
    await deliver(subscribed, {**item, "clientState": "wrong-secret"})
    await subscribed.get(NOTIFICATIONS_PATH, "POST", params={"validationToken": "private-token"})

    assert [(line["items"], line["taken"]) for line in logs.of("notifications")] == [(1, 1), (1, 0)]
    for private in (item["clientState"], item["subscriptionId"], "wrong-secret", "private-token", "event-7"):
        assert private not in logs.text


async def _post(
    browser: Browser, body: bytes | AsyncIterator[bytes], *, headers: dict[str, str] | None = None
) -> Answer:
    given = headers or {"Content-Type": "application/json"}
    try:
        return await browser.get(
            NOTIFICATIONS_PATH,
            "POST",
            data=body,
            headers={name: value for name, value in given.items() if value},
            skip_auto_headers=["Content-Type"],
        )
    except aiohttp.ClientError as cut_off:  # the answer must arrive also when the rest is not read
        raise AssertionError("no answer") from cut_off
