"""The script that keeps open pages true, in Chromium: what somebody is at stays as it is, and all else is renewed."""

import pytest
import pytest_asyncio
from playwright.async_api import Page, Response, expect

from connected_calendars import live
from tests.builders import EXPERT
from tests.examples.sessions_of_2030 import SESSION, WEEK, put
from tests.examples.visitor import Visitor
from tests.server.served import Api
from tests.support.browser import browser, page

__all__ = ["browser", "page"]

FOCUSED = "document.activeElement.id"
SEEN = """Object.defineProperty(document, "hidden", {{value: {}, configurable: true}}),
    document.dispatchEvent(new Event("visibilitychange"))"""
"""As if another page were in front of it, or no more."""


@pytest_asyncio.fixture
async def shown(page: Page, api: Api, visitor: Visitor) -> Page:
    """The expert's week, listening."""
    await page.goto(f"{visitor.base}/experts")
    await page.locator(f"form:has(input[value={EXPERT}]) button").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your accounts")
    await page.goto(f"{visitor.base}{WEEK}")
    await listening(page)
    return page


async def listening(page: Page) -> None:
    await expect(page.locator("body[data-listening]")).to_have_count(1)


async def test_a_part_is_replaced_around_the_focus_and_what_was_opened(shown: Page, api: Api) -> None:
    await shown.get_by_role("link", name="Book Tuesday, 14 May 2030, 14:00").focus()
    focused = await shown.evaluate(FOCUSED)
    scrolled = await shown.evaluate("(scrollTo(0, 120), scrollY)")
    await put(api, title="Supervision")
    await expect(shown.get_by_role("region", name="Sessions of this week")).to_contain_text("Supervision")
    await expect(shown.get_by_role("status")).to_contain_text("A session was booked or changed.")
    assert focused.startswith("free-")
    assert await shown.evaluate(FOCUSED) == focused
    assert await shown.evaluate("scrollY") == scrolled


async def test_what_is_being_filled_in_is_left_alone(shown: Page, api: Api, visitor: Visitor) -> None:
    await put(api)
    await shown.goto(f"{visitor.base}/session?id={SESSION}")
    await listening(shown)
    await shown.get_by_text("Cancel this session").click()
    await shown.get_by_label("Title").fill("Half a ti")
    await put(api, title="Changed elsewhere")
    await expect(shown.get_by_role("heading", level=1)).to_have_text("Changed elsewhere")
    await expect(shown.get_by_label("Title")).to_have_value("Half a ti")
    await expect(shown.get_by_role("button", name="Cancel the session")).to_be_visible()
    await shown.get_by_role("button", name="Save").click()
    await expect(shown.get_by_role("alert")).to_contain_text("This was changed elsewhere meanwhile.")
    # The page that a form led to has another address, and is read again at its own.
    await listening(shown)
    await put(api, title="Changed again")
    await expect(shown.get_by_role("heading", level=1)).to_have_text("Changed again")


async def test_a_refused_page_comes_again_and_hears_what_it_missed(
    shown: Page, api: Api, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STREAMS", 0)
    async with shown.expect_response("**/live?**") as refused:
        await shown.reload()
    assert (await refused.value).status == 503
    await put(api, title="Missed")
    monkeypatch.undo()
    await expect(shown.get_by_role("region", name="Sessions of this week")).to_contain_text("Missed")


async def test_a_page_never_shows_one_expert_under_the_name_of_another(
    shown: Page, api: Api, visitor: Visitor
) -> None:
    """Somebody else has logged in by another page of the same browser."""
    other = await shown.context.new_page()
    await other.goto(f"{visitor.base}/experts")
    await other.get_by_label("Name", exact=True).fill("Zoe")
    await other.get_by_role("button", name="Go on as this expert").click()
    await expect(other.get_by_role("banner")).to_contain_text("Zoe")
    await other.close()
    await put(api, title="Not Zoe's")
    await expect(shown.get_by_role("banner")).to_contain_text("Zoe")
    await expect(shown.get_by_text("None. Choose a free time above to book one.")).to_be_visible()


async def test_what_changes_with_the_clock_is_read_again_while_it_is_seen(shown: Page) -> None:
    await shown.clock.install()
    await shown.reload()
    await listening(shown)

    def read_again(answer: Response) -> bool:
        return "x-live" in answer.request.headers

    async with shown.expect_response(read_again):
        await shown.clock.fast_forward(60_000)
    await shown.evaluate(SEEN.format("true"))
    await expect(shown.locator("body[data-listening]")).to_have_count(0)
    async with shown.expect_response(read_again):
        await shown.evaluate(SEEN.format("false"))
    await listening(shown)


async def test_a_page_of_somebody_who_has_logged_out_elsewhere_shows_nothing_more(
    shown: Page, api: Api, visitor: Visitor
) -> None:
    other = await shown.context.new_page()
    await other.goto(f"{visitor.base}/accounts")
    await other.get_by_role("button", name="Log out").click()
    await expect(other.get_by_role("heading", level=1)).to_have_text("Who are you?")
    await other.close()
    await put(api, title="Secret")
    await expect(shown.get_by_role("heading", level=1)).to_have_text("Who are you?")
