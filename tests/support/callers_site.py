"""The site of a caller in tests with a browser: it sends people to sign-ins, and confirms for whoever is logged in."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page, expect

from sandbox import Sandbox
from tests.server.served import Logs
from tests.support.calls import EXPERT, parameters
from tests.support.running_service import open_service
from tests.support.service import Service, outcome


@dataclass(slots=True)
class Login:
    """Who is logged in at the caller's page, in the one browser there is."""

    expert_id: str = EXPERT


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A service, and the caller's own site to which it sends browsers back."""

    service: Service
    return_url: str
    login: Login


@pytest_asyncio.fixture
async def product(sandbox: Sandbox, dsn: str, logs: Logs) -> AsyncIterator[Product]:
    """Its page confirms for whoever is logged in, and takes the token out of the address."""
    login = Login()

    async def calendars_page(request: web.Request) -> web.Response:
        if "token" not in request.query:
            return web.Response(text="<title>Connected calendars</title>", content_type="text/html")
        ended = await outcome(service.confirm(request.query["token"], expert_id=login.expert_id))
        raise web.HTTPSeeOther(f"/calendars?confirmed={ended or 'yes'}")

    async def no_icon(_: web.Request) -> web.Response:
        return web.Response(status=204)

    site = web.Application()
    site.router.add_get("/calendars", calendars_page)
    site.router.add_get("/favicon.ico", no_icon)
    runner = web.AppRunner(site)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        origin = f"http://localhost:{runner.addresses[0][1]}"
        async with open_service(
            sandbox, dsn, logs=logs, return_urls=origin, confirm_connections="with_return_url"
        ) as service:
            await service.put_expert()
            yield Product(service=service, return_url=f"{origin}/calendars", login=login)
    finally:
        await runner.cleanup()


async def pick(page: Page, person: str) -> None:
    """Choose an account where the provider asks for one."""
    await expect(page.locator("#page")).to_have_attribute("data-page", "accounts")
    await page.click(f"#account-{person}")


async def begin(page: Page, product: Product, *, with_return_url: bool = True, **how: Any) -> None:
    """Send the browser off; `how` are other fields of StartConnection."""
    started = await product.service.start(return_url=product.return_url if with_return_url else "", **how)
    await page.goto(started.authorization_url)


async def lands(page: Page, product: Product) -> dict[str, str]:
    """What the caller's page is told, once the browser is back on it."""
    await page.wait_for_url(re.compile(re.escape(product.return_url)))
    assert await page.title() == "Connected calendars"
    return parameters(page.url)


async def own_page(page: Page, title: str) -> str:
    """The text of the service's own page, once the browser shows it: plain, and as strict as it says."""
    await expect(page.locator("h1")).to_have_text(title)
    assert await page.title() == f"{title} - CalendarSync"
    assert await page.locator("script").count() == 0
    # A style that the policy does not cover would leave the browser's own white on transparent.
    background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background != "rgba(0, 0, 0, 0)"
    return await page.locator("main").inner_text()
