"""The sign-in as a person with an Apple ID lives it: our own page in a browser, and iCloud's stand-in behind it."""

from playwright.async_api import Page, expect

from calendarsync.v1.account_pb2 import ACCOUNT_KIND_PERSONAL, PROVIDER_APPLE
from tests.support.callers_site import Product, begin, lands, product

__all__ = ["product"]

IDA = "ida@icloud.example.com"
PASSWORD = "App-specific password"


async def type_in(page: Page, name: str, password: str) -> None:
    await page.get_by_label("Apple ID", exact=True).fill(name)
    await page.get_by_label(PASSWORD, exact=True).fill(password)
    await page.get_by_role("button", name="Connect").click()


async def test_a_person_connects_revokes_the_password_and_comes_back_with_another(
    page: Page, product: Product
) -> None:
    service = product.service
    icloud = service.sandbox.world.icloud
    first = icloud.passwords.of("ida")
    await begin(page, product, provider=PROVIDER_APPLE)
    await type_in(page, IDA, first.replace("-", " "))
    assert await lands(page, product) == {"confirmed": "yes"}
    (account,) = await service.list_accounts()
    assert (account.email, account.display_name, account.provider) == (IDA, "Ida Ibsen", PROVIDER_APPLE)
    assert account.kind == ACCOUNT_KIND_PERSONAL
    listed = await service.list_calendars()
    assert {one.name for one in listed} >= {"Home", "Work"}
    assert [one.name for one in listed if one.primary] == ["Home"]

    icloud.passwords.revoke("ida", first)
    second = icloud.passwords.make("ida")
    await begin(page, product, provider=PROVIDER_APPLE, account_id=account.account_id)
    await expect(page.get_by_label("Apple ID", exact=True)).to_have_value(IDA)
    await type_in(page, IDA, first)
    await expect(page.locator("#password-problem")).to_contain_text("Apple doesn't accept this Apple ID")
    await type_in(page, IDA, second)
    assert await lands(page, product) == {"confirmed": "yes"}
    (again,) = await service.list_accounts()
    assert again.account_id == account.account_id

    await begin(page, product, provider=PROVIDER_APPLE, account_id=account.account_id)
    await type_in(page, "ivan@icloud.example.com", icloud.passwords.of("ivan"))
    assert await lands(page, product) == {"outcome": "failed", "reason": "ACCOUNT_MISMATCH"}
    assert icloud.hosts.passwords_sent_to("foreign") == 0


async def test_a_person_hears_that_apple_does_not_answer_and_can_try_again(
    page: Page, product: Product
) -> None:
    world = product.service.sandbox.world
    world.faults.dav_error(500, times=None)
    await begin(page, product, provider=PROVIDER_APPLE)
    await type_in(page, IDA, world.icloud.passwords.of("ida"))
    await expect(page.locator("#problem")).to_have_text(
        "Apple doesn't answer at the moment. Please try again in a few minutes."
    )
    world.faults.clear()
    await type_in(page, IDA, world.icloud.passwords.of("ida"))
    assert await lands(page, product) == {"confirmed": "yes"}
