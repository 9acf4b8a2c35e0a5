"""Connecting, choosing and parting on the page of connected calendars, as an expert does it on a desktop. Every page
that they come to is held to what makes it accessible."""

from playwright.async_api import Page, expect

from tests.support.browser import DESKTOP
from tests.support.connected_calendars import Someone, expert, site

__all__ = ["expert", "site"]


async def test_an_expert_connects_at_each_provider_and_chooses_what_counts(
    page: Page, expert: Someone
) -> None:
    await page.set_viewport_size(DESKTOP)
    await page.goto(f"{expert.site.base}/nowhere")
    await expert.reads("There is no such page.")
    await page.goto(f"{expert.site.base}/experts")
    await page.get_by_label("Time zone").fill("Mars/Olympus_Mons")
    await page.get_by_role("button", name="Go on as this expert").click()
    await expect(page.get_by_label("Time zone")).to_have_attribute("aria-invalid", "true")
    await expert.looks()
    await expert.comes()
    await expert.goes_to("Week")
    await expect(page.get_by_role("heading", name="No calendar is checked")).to_be_visible()
    await expert.looks()
    await expert.goes_to("Accounts")
    for provider, person, email in (
        ("Microsoft", "dora", "dora@contoso.example.com"),
        ("Google", "gina", "gina@gmail.example.com"),
        ("Apple", "ida", "ida@icloud.example.com"),
    ):
        await expert.connects(provider, person)
        await expert.is_told(f"{email} is connected")
        await expect(expert.account(email).get_by_text("Connected", exact=True)).to_be_visible()

    await expert.goes_to("Calendars")
    await expert.reads("Your calendars")
    checked = page.get_by_role("region", name="Which calendars are checked")
    written = page.get_by_role("region", name="Where sessions are added")
    family, work = checked.get_by_label("Family"), written.get_by_role("radio", name="Work ida")
    read_only = "Ben Okafor Shared by Ben Okafor, for reading only"
    await expect(checked.get_by_role("checkbox", name=read_only)).to_be_visible()
    await expect(written.get_by_role("radio", name="for reading only")).to_have_count(0)
    await family.check()
    await work.check()
    await page.get_by_role("button", name="Save").click()
    await expert.is_told("Saved")
    await expect(family).to_be_checked()
    await expect(work).to_be_checked()

    await expert.goes_to("Accounts")
    await expert.connects("Microsoft", "ben")
    await expert.is_told("ben@contoso.example.com is connected")
    await expect(page.get_by_text("Your plan holds no more accounts.")).to_be_visible()
    await expect(page.get_by_role("button", name="Google")).to_be_disabled()
    await expert.looks()
    await page.get_by_role("link", name="Disconnect ida@icloud.example.com").click()
    await expert.reads("Disconnect ida@icloud.example.com?")
    await page.get_by_role("button", name="Disconnect").click()
    await expert.is_told("ida@icloud.example.com is disconnected")
    await expect(expert.account("ida@icloud.example.com")).to_have_count(0)
    await expect(page.get_by_role("button", name="Google")).to_be_enabled()
