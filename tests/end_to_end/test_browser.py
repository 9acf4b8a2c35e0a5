"""The sign-in as a person lives it: Microsoft's pages, clicked through in a browser, and our own at the end."""

from urllib.parse import urlsplit

from playwright.async_api import Page, expect

from calendarsync.v1.account_pb2 import ACCOUNT_STATUS_ACTIVE
from server.http.pages import CONTENT_SECURITY_POLICY
from tests.support.callers_site import Product, begin, lands, own_page, pick, product
from tests.support.calls import EXPERT, unread
from tests.support.service import until

__all__ = ["product"]


async def test_a_person_connects_their_account(page: Page, product: Product) -> None:
    await begin(page, product)
    await pick(page, "anna")
    await expect(page.locator("#account")).to_have_text("anna@contoso.example.com")
    await page.click("#accept")
    assert await lands(page, product) == {"confirmed": "yes"}
    (account,) = await product.service.list_accounts()
    assert account.email == "anna@contoso.example.com"


async def test_a_person_who_follows_somebody_elses_link_connects_nothing_for_anybody(
    page: Page, product: Product
) -> None:
    await product.service.put_expert("victim")
    product.login.expert_id = "victim"
    await begin(page, product)
    await pick(page, "anna")
    await page.click("#accept")
    assert await lands(page, product) == {"confirmed": "CONNECTION_ATTEMPT_NOT_FOUND"}
    for expert_id in (EXPERT, "victim"):
        assert await product.service.list_accounts(expert_id) == []


async def test_a_sign_in_begun_for_the_callers_page_is_refused_at_ours(page: Page, product: Product) -> None:
    """As if somebody had exchanged the address before the question mark."""
    started = await product.service.start(redirect_uri=product.return_url)
    brought = urlsplit(await product.service.sign_in(started.authorization_url, "anna"))
    await page.goto(f"{product.service.process.public_url}/oauth/microsoft/callback?{brought.query}")
    text = await own_page(page, "This sign-in ends on another page")
    assert "Nothing was connected here" in text
    assert await product.service.list_accounts() == []
    completed = await product.service.complete(brought.geturl())
    assert await product.service.list_accounts() == [completed.account]


async def test_a_person_who_unticks_a_permission_hears_that_it_was_needed(
    page: Page, product: Product
) -> None:
    await begin(page, product)
    await pick(page, "anna")
    await page.uncheck('[id="scope-Calendars.ReadWrite"]')
    await page.click("#accept")
    assert await lands(page, product) == {"outcome": "failed", "reason": "PERMISSIONS_MISSING"}
    await begin(page, product, with_return_url=False)
    await pick(page, "anna")
    await page.uncheck('[id="scope-Calendars.ReadWrite"]')
    await page.click("#accept")
    text = await own_page(page, "The calendar was not connected")
    assert "Not all of the permissions were granted" in text
    assert "leave all permissions ticked" in text
    assert not await product.service.list_accounts()


async def test_a_person_can_go_back(page: Page, product: Product) -> None:
    await begin(page, product)
    await pick(page, "anna")
    await page.click("#cancel")
    assert await lands(page, product) == {"outcome": "failed", "reason": "SIGN_IN_CANCELLED"}
    await begin(page, product)
    await page.click("#cancel")
    assert await lands(page, product) == {"outcome": "failed", "reason": "SIGN_IN_CANCELLED"}


async def test_a_person_whose_administrator_decides_can_ask_and_come_back(
    page: Page, product: Product
) -> None:
    service = product.service
    await begin(page, product)
    await pick(page, "approval")
    await expect(page.locator("#page")).to_have_attribute("data-page", "approval")
    await page.fill("#reason", "To be booked")
    await page.click("#ask-administrator")
    await page.click("#cancel")
    assert await lands(page, product) == {"outcome": "failed", "reason": "SIGN_IN_CANCELLED"}
    assert len(service.sandbox.world.grants.approval_requests) == 1
    service.sandbox.world.people.change_tenant("strict.example.com", approved=True)
    await begin(page, product)
    if await page.locator("#account-approval").count():
        await page.click("#account-approval")
    assert await lands(page, product) == {"confirmed": "yes"}


async def test_a_person_is_told_what_to_give_to_their_administrator(page: Page, product: Product) -> None:
    product.service.sandbox.world.people.change_tenant("strict.example.com", consent="admin_error")
    await begin(page, product, with_return_url=False)
    await pick(page, "approval")
    text = await own_page(page, "The calendar was not connected")
    assert "only an administrator approve" in text
    link = await page.locator("main a").get_attribute("href")
    assert link is not None
    assert "/v2.0/adminconsent?" in link


async def approval_link(page: Page, product: Product) -> str:
    """What a person whose administrator decides is given for them."""
    product.service.sandbox.world.people.change_tenant("strict.example.com", consent="admin_error")
    await begin(page, product, with_return_url=False)
    await pick(page, "approval")
    await own_page(page, "The calendar was not connected")
    link = await page.locator("main a").get_attribute("href")
    assert link is not None
    return link


async def test_an_administrator_approves_and_the_person_connects(page: Page, product: Product) -> None:
    link = await approval_link(page, product)
    before = await product.service.tables()
    await page.context.clear_cookies()
    await page.goto(link)
    await pick(page, "administrator")
    await expect(page.locator("#page")).to_have_attribute("data-page", "adminconsent")
    await expect(page.locator("#organisation")).to_have_text("Strict Ltd")
    await page.click("#accept")
    text = await own_page(page, "Microsoft reports an approval")
    assert "No calendar was connected by that" in text
    assert await product.service.tables() == before

    await page.context.clear_cookies()
    await begin(page, product)
    await pick(page, "approval")
    assert await lands(page, product) == {"confirmed": "yes"}


async def test_an_administrator_declines(page: Page, product: Product) -> None:
    link = await approval_link(page, product)
    await page.context.clear_cookies()
    await page.goto(link)
    await pick(page, "administrator")
    await page.click("#cancel")
    text = await own_page(page, "Nothing was approved")
    assert "declined" in text
    await begin(page, product)
    await pick(page, "approval")
    assert await lands(page, product) == {"outcome": "failed", "reason": "ADMIN_APPROVAL_REQUIRED"}


async def test_a_person_whom_the_organisation_blocks_hears_what_helps(page: Page, product: Product) -> None:
    product.service.sandbox.world.people.change_tenant("contoso.example.com", refuses="not_assigned")
    await begin(page, product, with_return_url=False)
    await pick(page, "anna")
    text = await own_page(page, "The calendar was not connected")
    assert "Your organisation hasn't allowed this connection" in text
    assert "Ask your administrator" in text
    assert "AADSTS50105" in text


async def test_the_link_of_the_mail_leads_back_in(page: Page, product: Product) -> None:
    service = product.service
    await begin(page, product)
    await pick(page, "anna")
    await page.click("#accept")
    await lands(page, product)
    service.sandbox.world.grants.revoke("anna", access_tokens=True)
    service.sandbox.world.grants.remove_consent("anna")
    assert unread(await service.busy()) == ["RECONNECT_REQUIRED"]
    await until(lambda: service.rows("SELECT notices FROM incident"), lambda rows: rows[0]["notices"] == 1)
    await page.context.clear_cookies()
    (mail,) = service.sandbox.mails
    await page.set_content(mail.html)
    link = page.locator("a[href*='/reconnect/']").first
    await link.evaluate("link => link.removeAttribute('target')")
    await link.click()
    if await page.locator("#account-anna").count():
        await page.click("#account-anna")
    await page.click("#accept")
    await own_page(page, "Your calendar is connected again")
    assert urlsplit(page.url).query == ""
    await page.reload()
    await own_page(page, "Your calendar is connected again")
    assert [one.status for one in await service.list_accounts()] == [ACCOUNT_STATUS_ACTIVE]


async def test_our_own_pages_run_nothing_and_load_nothing(page: Page, product: Product) -> None:
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    address = f"{product.service.process.public_url}/reconnect/{'x' * 43}"
    answer = await page.goto(address)
    assert answer is not None
    assert await answer.header_value("Content-Security-Policy") == CONTENT_SECURITY_POLICY
    assert await answer.header_value("Cache-Control") == "no-store"
    await own_page(page, "Nothing is left to do here")
    assert {one for one in requested if not one.endswith("/favicon.ico")} == {address}
