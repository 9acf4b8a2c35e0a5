"""The sign-in as a person lives it: Google's pages with their boxes, clicked through in a browser, and our own."""

from playwright.async_api import Page, expect

from calendarsync.v1.account_pb2 import PROVIDER_GOOGLE
from tests.support.callers_site import Product, begin, lands, own_page, pick, product

__all__ = ["product"]

LIST = "calendar\\.calendarlist\\.readonly"
AVAILABILITY = "calendar\\.events\\.freebusy"
OWNED = "calendar\\.events\\.owned"


async def choose(page: Page, product: Product, person: str, *, with_return_url: bool = True) -> None:
    await begin(page, product, with_return_url=with_return_url, provider=PROVIDER_GOOGLE)
    await pick(page, person)


async def test_a_person_connects_their_account_and_comes_back_to_it_under_another_address(
    page: Page, product: Product
) -> None:
    service = product.service
    await choose(page, product, "gina")
    await expect(page.locator("#account")).to_have_text("gina@gmail.example.com")
    assert await page.locator("input[name=scope]").count() == 3
    await page.click("#accept")
    assert await lands(page, product) == {"confirmed": "yes"}
    (account,) = await service.list_accounts()
    assert (account.email, account.provider) == ("gina@gmail.example.com", PROVIDER_GOOGLE)

    service.sandbox.world.people.change("gina", email="gina.new@gmail.example.com")
    await page.context.clear_cookies()
    await begin(page, product, provider=PROVIDER_GOOGLE, account_id=account.account_id)
    await expect(page.locator("#account")).to_have_text("gina.new@gmail.example.com")
    await page.click("#accept")
    assert await lands(page, product) == {"confirmed": "yes"}
    (again,) = await service.list_accounts()
    assert (again.account_id, again.email) == (account.account_id, "gina.new@gmail.example.com")

    await begin(page, product, provider=PROVIDER_GOOGLE, account_id=account.account_id)
    await page.click("#other-account")
    await pick(page, "walter")
    await page.click("#accept")
    assert await lands(page, product) == {"outcome": "failed", "reason": "ACCOUNT_MISMATCH"}


async def test_a_person_whose_boxes_start_empty_hears_which_to_tick(page: Page, product: Product) -> None:
    product.service.sandbox.world.google.settings.boxes_ticked = False
    await choose(page, product, "gina", with_return_url=False)
    await page.check(f"#scope-{LIST}")
    await page.click("#accept")
    text = await own_page(page, "The calendar was not connected")
    assert "see when you are busy, see the times of your events and add sessions to your calendar" in text
    assert "the list of your calendars" not in text
    assert await product.service.list_accounts() == []
    await choose(page, product, "gina")
    for box in (LIST, AVAILABILITY, OWNED):
        await page.check(f"#scope-{box}")
    await page.click("#accept")
    assert await lands(page, product) == {"confirmed": "yes"}


async def test_a_person_whom_google_stops_can_go_back_and_hears_what_helps(
    page: Page, product: Product
) -> None:
    await choose(page, product, "governed", with_return_url=False)
    await expect(page.locator("#problem")).to_contain_text("admin_policy_enforced")
    await choose(page, product, "gina", with_return_url=False)
    await page.click("#cancel")
    text = await own_page(page, "The calendar was not connected")
    assert "If Google showed an error" in text
    assert "ask your administrator" in text
    assert await product.service.list_accounts() == []
