"""Booking on the page of connected calendars as experts live it: on a phone, by keyboard alone, and without scripts.
Every page and state that they come to is held to what makes it accessible."""

from playwright.async_api import Page, expect

from tests.support.accessibility import Accessibility
from tests.support.browser import DESKTOP, PHONE
from tests.support.connected_calendars import Site, Someone, expert, site

__all__ = ["expert", "site"]


async def test_a_session_is_booked_on_a_phone_at_night_and_seen_to_be_written(
    page: Page, expert: Someone
) -> None:
    sandbox = expert.site.service.sandbox
    await page.set_viewport_size(PHONE)
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    await expert.comes()
    await expert.connects("Microsoft", "anna")
    await expert.goes_to("Week")
    await expert.reads("Your week")
    sandbox.world.faults.add(kind="hang", method="POST", path="/events$", person="anna", seconds=20, times=1)
    await expert.opens_week()
    await expert.books("Tuesday, 14 May 2030, 09:00", "Coaching")
    await expert.is_told("The session is booked.")
    shown = page.get_by_role("region", name="Sessions of this week")
    await expect(shown).to_contain_text("being written")
    await expert.looks()
    await page.evaluate("window.untouched = true")
    await sandbox.hangs.reached()
    sandbox.hangs.release()
    await expect(shown).to_contain_text("in the calendar")
    assert await page.evaluate("window.untouched")
    assert [one.subject for one in expert.site.service.events("anna")] == ["Coaching"]

    await page.get_by_role("link", name="Book Tuesday, 14 May 2030, 11:00").click()
    expert.enters("anna", "11:30", "12:00")
    await page.get_by_label("Title").fill("Retrospective")
    await page.get_by_role("button", name="Book").click()
    await expect(page.get_by_role("alert")).to_contain_text("This time has just been taken.")
    await expert.looks()
    await page.get_by_role("link", name="Free times of that week").click()
    await expect(page.get_by_role("link", name="Book Tuesday, 14 May 2030, 11:00")).to_have_count(0)

    await shown.get_by_role("link", name="Coaching").click()
    await expert.reads("Coaching")
    await page.get_by_role("button", name="Move to Wednesday, 15 May 2030, 14:00").click()
    await expert.is_told("moved")
    await shown.get_by_role("link", name="Coaching").click()
    await page.get_by_text("Cancel this session").click()
    await expert.looks()
    await page.get_by_role("button", name="Cancel the session").click()
    await expert.is_told("cancelled")
    await expect(shown).to_contain_text("in no connected calendar any more")
    assert expert.site.service.events("anna") == []


async def test_by_keyboard_alone_lost_access_is_noticed_and_restored(page: Page, expert: Someone) -> None:
    await page.set_viewport_size(DESKTOP)
    await page.goto(expert.site.base)
    await expert.tabs_to("button", "Go on as this expert")
    await expert.reads("Your accounts")
    await expert.tabs_to("button", "Microsoft Outlook.com and Microsoft 365")
    await expert.tabs_to("link", "Go on to Microsoft")
    await expert.tabs_to("button", "Anna Berg")
    await expert.tabs_to("button", "Accept")
    await expert.reads("Your accounts")
    await expert.tabs_to("link", "Try it")
    await expert.reads("Try it")
    await expert.tabs_to("button", "Take the access away")
    await expert.is_told("The access is gone.")
    mail = page.get_by_role("region", name="Mails to ada@example.com")
    await expect(mail).to_contain_text("Action required")
    await expert.looks()

    await page.goto(f"{expert.site.base}/week?of=2030-05-14")
    await expect(page.get_by_role("heading", name="Your calendar could not be read")).to_be_visible()
    await expect(page.get_by_role("link", name="Book")).to_have_count(0)
    await expert.looks()
    await expert.tabs_to("link", "Accounts")
    await expert.reads("Your accounts")
    await expect(page.get_by_role("article")).to_contain_text("Has to be connected again")
    await expert.tabs_to("link", "Try it")
    await expert.tabs_to("link", "/reconnect/")
    await expert.tabs_to("button", "Anna Berg")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your calendar is connected again")
    await page.goto(expert.site.base)
    await expect(page.get_by_role("article").get_by_text("Connected", exact=True)).to_be_visible()


async def test_without_scripts_an_expert_connects_and_books(
    page: Page, site: Site, accessible: Accessibility
) -> None:
    expert = Someone(page=page, site=site, accessible=accessible, with_scripts=False)
    debugger = await page.context.new_cdp_session(page)
    await debugger.send("Emulation.setScriptExecutionDisabled", {"value": True})
    await page.set_viewport_size(PHONE)
    await page.goto(expert.site.base)
    await page.get_by_role("button", name="Go on as this expert").click()
    await expert.connects("Google", "gina")
    await expert.is_told("gina@gmail.example.com is connected")
    await expert.opens_week()
    await expert.books("Tuesday, 14 May 2030, 09:00", "Coaching")
    await expert.is_told("The session is booked.")
    await expert.site.service.idle()
    await page.reload()
    shown = page.get_by_role("region", name="Sessions of this week")
    await expect(shown).to_contain_text("in the calendar")
    assert [one.subject for one in expert.site.service.events("gina")] == ["Coaching"]
