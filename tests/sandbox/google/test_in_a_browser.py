"""Google's consent page as a person meets it: found by its labels, used by the keyboard."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from sandbox import Sandbox
from sandbox.google.scopes import DESCRIPTIONS
from tests.sandbox.client import Http, parameters_of
from tests.sandbox.google.client import AVAILABILITY, LIST, OWNED, URIS, authorization_url, exchange
from tests.support.browser import browser, page

__all__ = ["browser", "page"]


@pytest.fixture
async def app_url() -> AsyncIterator[str]:
    """The app's own page, to which a sign-in comes back."""

    async def arrived(_: web.Request) -> web.Response:
        return web.Response(text="<title>Back</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{name:.*}", arrived)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/callback"
    finally:
        await runner.cleanup()


async def test_a_box_is_found_by_its_words_and_emptied_by_the_keyboard(
    sandbox: Sandbox, http: Http, page: Page, app_url: str
) -> None:
    url = authorization_url(sandbox, redirect_uri=app_url, prompt="select_account consent")
    await page.goto(url)
    await page.locator("#account-gina").click()
    for scope in (LIST, AVAILABILITY, OWNED):
        await expect(page.get_by_role("checkbox", name=DESCRIPTIONS[scope])).to_be_checked()
    await expect(page.get_by_role("group", name="Select what CalendarSync can access")).to_be_visible()
    await page.get_by_label(DESCRIPTIONS[OWNED]).focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Continue").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{app_url}?*")
    found = await exchange(http, sandbox, parameters_of(page.url)["code"], redirect_uri=app_url)
    assert set(found.json["scope"].split()) == URIS - {OWNED}
