"""What holds for every page and every line of the HTTP side's log."""

import base64
import hashlib

import pytest

from server.http.pages import STYLE_HASH
from tests.server.http.browser import Browser, an_account_is_lost
from tests.server.served import PRODUCT, Logs
from tests.support.paths import CALLBACK_PATH


async def test_every_page_keeps_what_is_secret_where_it_is(browser: Browser) -> None:
    answer = await browser.come_back(state=await browser.start(), error="access_denied")

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert STYLE_HASH in policy
    assert "unsafe" not in policy
    assert "<script" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in answer.headers


@pytest.mark.parametrize("path", ["/oauth/result/connected", "/reconnect/x", "/oauth/microsoft/callback"])
async def test_every_page_is_signed_and_leads_on(browser: Browser, path: str) -> None:
    page = (await browser.get(path)).text

    assert "<header>Expert &amp; Sons</header>" in page
    assert f'href="{PRODUCT.url}"' in page


async def test_the_style_is_the_one_that_the_policy_names(browser: Browser) -> None:
    answer = await browser.come_back(state="unknown", code="c")
    style = answer.text.split("<style>")[1].split("</style>")[0]

    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() == STYLE_HASH


async def test_a_request_line_without_bounds_is_refused_and_not_logged(browser: Browser, logs: Logs) -> None:
    """The HTTP library refuses it before us, and quotes its beginning to the sender as plain text."""
    answer = await browser.get(f"{CALLBACK_PATH}?state=gotcha{'x' * 40_000}")

    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "gotcha" not in logs.text


async def test_a_database_that_is_away_is_a_page_that_says_when_to_try_again(browser: Browser) -> None:
    browser.world.store.away = True

    answer = await browser.come_back(state="s", code="c")

    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0


async def test_an_unforeseen_fault_is_a_page_with_a_log_id(browser: Browser, logs: Logs) -> None:
    state = await browser.start()
    browser.world.provider.fail("redeem", RuntimeError("gotcha"))

    answer = await browser.come_back(state=state, code="c")

    assert answer.status == 500
    (line,) = logs.of("unexpected fault")
    assert line["log_id"] in answer.text
    assert "gotcha" not in answer.text + logs.text


async def test_the_log_names_routes_and_no_secrets(browser: Browser, logs: Logs) -> None:
    token = await an_account_is_lost(browser)
    await browser.get(f"/reconnect/{token}")
    await browser.come_back(state="secret-state", code="secret-code")
    await browser.get("/nowhere/secret-path")

    lines = logs.of("request")
    assert [line["route"] for line in lines[-3:]] == ["/reconnect/{token}", CALLBACK_PATH, "unknown"]
    assert [line["status"] for line in lines[-3:]] == [302, 404, 404]
    assert "secret" not in logs.text
    assert token not in logs.text
