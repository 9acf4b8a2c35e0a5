"""The service's own pages for people who can't see them well, or not at all: in each language, on a desktop and
on a phone, light and dark. Behind them are fakes; between them and the browser everything is real."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Page, ViewportSize, expect

from domain.access import ProviderUnavailable
from domain.account import Provider
from domain.connection import BlockedByOrganisation, Confirming
from server.http.links import callback_path
from tests.server.http.browser import Browser, an_account_is_lost, at_http
from tests.server.served import PUBLIC_URL, RETURN_URL, a_world
from tests.support.accessibility import Accessibility
from tests.support.browser import DESKTOP, PHONE

Arrival = Callable[[Page, Browser], Awaitable[str]]
LOOKS: Final[dict[str, tuple[str, ViewportSize, Literal["light", "dark"]]]] = {
    "en, on a desktop, light": ("en", DESKTOP, "light"),
    "de, on a phone, dark": ("de", PHONE, "dark"),
}


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Browser]:
    world = a_world(Confirming.WITH_RETURN_URL, configured=(Provider.MICROSOFT, Provider.APPLE))
    async with at_http(world, world.container.web_app()) as site:
        yield site


async def connected(page: Page, site: Browser) -> str:
    await page.goto(f"{site.base}/oauth/result/connected")
    return "main.good"


async def a_broken_link(page: Page, site: Browser) -> str:
    await page.goto(f"{site.base}/reconnect/{await an_account_is_lost(site)}x")
    return "main.bad"


async def a_sign_in_that_failed(page: Page, site: Browser) -> str:
    """With a link of the provider's, and what it said."""
    blocked = BlockedByOrganisation(code="AADSTS50105")
    site.world.provider.fail("redeem", blocked)
    state = await site.start()
    await page.goto(f"{site.base}{callback_path(Provider.MICROSOFT)}?state={state}&code=c")
    return "main.bad"


async def the_password_page(page: Page, site: Browser) -> str:
    state = await site.start(provider=Provider.APPLE, return_url=RETURN_URL)
    await page.goto(f"{site.base}/sign-in/apple?state={state}")
    return "main.good form"


async def a_wrong_password(page: Page, site: Browser) -> str:
    await the_password_page(page, site)
    await typed(page, "zzzz-zzzz-zzzz-zzzz")
    return "#password-problem"


async def nobody_to_ask(page: Page, site: Browser) -> str:
    site.world.fakes[Provider.APPLE].fail("prove", ProviderUnavailable())
    await the_password_page(page, site)
    await typed(page, "zzzz-zzzz-zzzz-zzzz")
    return "#problem"


async def a_password_that_is_right(page: Page, site: Browser) -> str:
    """The page that leads on by itself, and stays where there is nothing."""
    await page.route(f"{PUBLIC_URL}/**", lambda route: route.fulfill(status=204))
    apple = site.world.fakes[Provider.APPLE]
    maria = apple.add_person()
    await the_password_page(page, site)
    await typed(page, apple.app_password_for(maria), maria.email)
    return "#on"


async def typed(page: Page, password: str, name: str = "maria@icloud.example.com") -> None:
    await page.fill("#name", name)
    await page.fill("#password", password)
    await page.click("button")


ARRIVALS: Final = (
    connected,
    a_broken_link,
    a_sign_in_that_failed,
    the_password_page,
    a_wrong_password,
    nobody_to_ask,
    a_password_that_is_right,
)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("arrival", ARRIVALS, ids=lambda one: one.__name__)
async def test_a_page_is_accessible(
    page: Page, site: Browser, accessible: Accessibility, arrival: Arrival, look: str
) -> None:
    language, size, scheme = LOOKS[look]
    await page.set_extra_http_headers({"Accept-Language": language})
    await page.set_viewport_size(size)
    await page.emulate_media(color_scheme=scheme)
    await expect(page.locator(await arrival(page, site))).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", language)
    await accessible(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_what_is_not_accessible_is_named(page: Page, accessible: Accessibility) -> None:
    if accessible.missing:
        pytest.skip(accessible.missing)
    await page.set_content("<main><h1 style='color: #aaa; background: #fff'>Calendars</h1><input></main>")
    with pytest.raises(AssertionError) as broken:
        await accessible(page)
    told = str(broken.value)
    assert "color-contrast: " in told
    assert "label: " in told
    assert "(input)" in told
    assert "Calendars" not in told
