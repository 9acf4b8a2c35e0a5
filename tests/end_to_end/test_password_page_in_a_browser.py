"""The page for an Apple ID and an app-specific password as a person lives it: typed, and gone through by keyboard.

The provider behind it is the fake; everything between it and the browser is real.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio
from aiohttp import web
from playwright.async_api import Page, expect

from domain.account import Provider
from domain.connection import Confirming
from domain.ids import ExpertId
from server.addresses import Address
from server.http.app import http_server
from tests.builders import EXPERT, an_expert
from tests.fakes.provider import Person
from tests.server.served import World, a_world
from tests.support.calls import parameters

AT = Provider.APPLE
WRONG = "zzzz-zzzz-zzzz-zzzz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Our own side, and the caller's page, which sends people on to yet another origin, as many do."""

    world: World
    maria: Person
    password: str
    return_url: str
    ends_at: str

    async def begin(self, page: Page, *, redirect_uri: bool = False) -> None:
        async with self.world.store.transaction() as tx:
            await tx.experts.put(an_expert())
        started = await self.world.container.start_connection()(
            expert_id=ExpertId(EXPERT),
            provider=AT,
            return_url=None if redirect_uri else self.return_url,
            redirect_uri=self.return_url if redirect_uri else None,
        )
        await page.goto(started.authorization_url)

    async def lands(self, page: Page) -> dict[str, str]:
        await page.wait_for_url(re.compile(re.escape(self.ends_at)))
        return parameters(page.url)


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    callers = web.Application()
    callers.router.add_get("/calendars", _calendars)
    callers.router.add_get("/end", _end)
    callers.router.add_get("/favicon.ico", _no_icon)
    runner = web.AppRunner(callers)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        return_url = f"http://localhost:{port}/calendars"
        with Address("127.0.0.1", 0).bound() as listening:
            world = a_world(
                Confirming.WITH_RETURN_URL,
                configured=(AT,),
                public_url=f"http://127.0.0.1:{listening.getsockname()[1]}",
                return_urls=(return_url,),
            )
            maria = world.fakes[AT].add_person()
            async with http_server(world.container.web_app(), listening, grace=5):
                yield Site(
                    world=world,
                    maria=maria,
                    password=world.fakes[AT].app_password_for(maria),
                    return_url=return_url,
                    ends_at=f"http://127.0.0.1:{port}/end",
                )
    finally:
        await runner.cleanup()


async def _calendars(request: web.Request) -> web.Response:
    raise web.HTTPSeeOther(f"http://127.0.0.1:{request.url.port}/end?{request.query_string}")


async def _end(_: web.Request) -> web.Response:
    return web.Response(text="<title>End</title>", content_type="text/html")


async def _no_icon(_: web.Request) -> web.Response:
    return web.Response(status=204)


async def fill(page: Page, name: str, password: str) -> None:
    """By labels, as whoever can't see the page does."""
    await page.get_by_label("Apple ID", exact=True).fill(name)
    await page.get_by_label("App-specific password", exact=True).fill(password)


async def test_a_person_connects_and_lands_wherever_the_callers_page_sends_them(
    page: Page, site: Site
) -> None:
    await site.begin(page)
    assert await page.title() == "Connect your iCloud calendar - Expert & Sons"
    await fill(page, f" {site.maria.email} ", site.password.replace("-", ""))
    await page.get_by_role("button", name="Connect").click()
    landed = await site.lands(page)
    assert landed["outcome"] == "pending"
    confirmed = await site.world.container.confirm_connection()(ExpertId(EXPERT), landed["token"])
    assert confirmed.account.identity == site.maria.identity


async def test_a_person_comes_back_to_the_callers_own_page_with_a_code(page: Page, site: Site) -> None:
    await site.begin(page, redirect_uri=True)
    await fill(page, site.maria.email, site.password)
    await page.get_by_role("button", name="Connect").click()
    assert (await site.lands(page)).keys() == {"state", "code"}


async def test_by_keyboard_alone_mistakes_are_found_and_mended(page: Page, site: Site) -> None:
    await site.begin(page)
    await page.get_by_label("Apple ID", exact=True).focus()
    await page.keyboard.type(site.maria.email)
    await page.keyboard.press("Tab")
    await page.keyboard.type("Passw0rd-of-Maria")
    await page.keyboard.press("Enter")

    field = page.get_by_label("App-specific password", exact=True)
    await expect(field).to_be_focused()
    await expect(field).to_have_attribute("aria-invalid", "true")
    described = await field.get_attribute("aria-describedby")
    assert described is not None
    problem = page.locator(f"#{described.split()[0]}")
    await expect(problem).to_contain_text("the normal password of an Apple ID")
    assert (await page.title()).startswith("Please check: ")
    await expect(page.get_by_label("Apple ID", exact=True)).to_have_value("")
    await expect(field).to_have_value("")

    await page.keyboard.type(site.password)
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.type(site.maria.email)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Connect")).to_be_focused()
    await page.keyboard.press("Space")
    assert (await site.lands(page))["outcome"] == "pending"


async def test_a_wrong_password_can_be_typed_anew(page: Page, site: Site) -> None:
    await site.begin(page)
    await fill(page, site.maria.email, WRONG)
    await page.get_by_role("button", name="Connect").click()
    await expect(page.locator("#password-problem")).to_contain_text("doesn't accept this Apple ID")
    await fill(page, site.maria.email, site.password)
    await page.get_by_role("button", name="Connect").click()
    assert (await site.lands(page))["outcome"] == "pending"


async def test_a_person_goes_back(page: Page, site: Site) -> None:
    await site.begin(page)
    await page.get_by_role("link", name="Go back without connecting").click()
    assert await site.lands(page) == {"outcome": "failed", "reason": "SIGN_IN_CANCELLED"}


async def test_on_a_phone_nothing_is_cut_off_and_nothing_comes_from_elsewhere(page: Page, site: Site) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    await page.set_viewport_size({"width": 320, "height": 568})
    await site.begin(page)
    widths = await page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]
    for one in (page.get_by_role("button", name="Connect"), page.get_by_role("img")):
        box = await one.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= widths[1]
    button = await page.get_by_role("button", name="Connect").bounding_box()
    assert button is not None
    assert button["height"] >= 44
    background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background != "rgba(0, 0, 0, 0)"
    assert {one for one in requested if not one.endswith("/favicon.ico")} == {page.url}
