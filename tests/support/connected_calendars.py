"""The page of connected calendars in tests with a browser: its site, and what people do there by what they read."""

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from sandbox import Sandbox
from tests.examples.visitor import address_of, serving_page
from tests.server.served import Logs
from tests.support.accessibility import Accessibility
from tests.support.callers_site import pick
from tests.support.running_service import open_service
from tests.support.service import Service

TUESDAY: Final = "2030-05-14"
MOST_TABS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The page, in front of a service of its own and the sandbox."""

    service: Service
    base: str

    def password_of(self, person: str) -> str:
        """One that opens their calendars at Apple."""
        passwords = self.service.sandbox.world.icloud.passwords
        return passwords.make(self.service.sandbox.world.people.get(person))


@pytest_asyncio.fixture
async def site(sandbox: Sandbox, dsn: str, logs: Logs) -> AsyncIterator[Site]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base = address_of(listening)
        async with open_service(sandbox, dsn, logs=logs, return_urls=base) as service:
            grpc = f"127.0.0.1:{service.process.grpc_port}"
            async with serving_page(listening, service=grpc, sandbox_control=sandbox.control_url):
                yield Site(service=service, base=base)


@dataclass(frozen=True, slots=True, kw_only=True)
class Someone:
    """Who sits before the browser. Every page they come to is held to what makes it accessible."""

    page: Page
    site: Site
    accessible: Accessibility
    with_scripts: bool = True

    async def looks(self) -> None:
        """At the page as it is now: nothing of it is hidden from anybody, or wider than the window. What finds that
        out is a script, too."""
        if not self.with_scripts:
            return
        await self.accessible(self.page)
        assert await self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    async def comes(self, *, plan: str = "Pro") -> None:
        """For the first time, and says who they are."""
        await self.page.goto(self.site.base)
        await expect(self.page).to_have_title("Who are you? · Connected calendars")
        await self.looks()
        await self.page.get_by_label("Plan").select_option(plan)
        await self.page.get_by_role("button", name="Go on as this expert").click()
        await self.reads("Your accounts")

    async def goes_to(self, name: str) -> None:
        """A page, by the navigation."""
        await self.page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()

    async def reads(self, heading: str) -> None:
        """The page, once its heading is there."""
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        await self.looks()

    async def is_told(self, text: str) -> None:
        await expect(self.page.locator(".notice")).to_contain_text(text)

    async def connects(self, provider: str, person: str) -> None:
        """At a provider's own page, or at the service's for Apple; the page tells how it ended."""
        await self.page.get_by_role("button", name=provider).click()
        await self.signs_in(provider, person)

    async def signs_in(self, provider: str, person: str) -> None:
        onward = self.page.locator("#onward")
        if provider == "Apple":
            await self.looks()
            await onward.click()
            email = self.site.service.sandbox.world.people.get(person).email
            await self.page.get_by_label("Apple ID", exact=True).fill(email)
            password = self.page.get_by_label("App-specific password", exact=True)
            await password.fill(self.site.password_of(person))
            await self.page.get_by_role("button", name="Connect").click()
        else:
            if await onward.count():
                await onward.click()
            await pick(self.page, person)
            await self.page.locator("#accept").click()

    async def opens_week(self) -> None:
        """One that is far from everything the sandbox begins with."""
        await self.page.goto(f"{self.site.base}/week?of={TUESDAY}")
        await self.reads("Your week")

    async def books(self, when: str, title: str) -> None:
        await self.page.get_by_role("link", name=f"Book {when}").click()
        await self.reads("Book a session")
        await self.page.get_by_label("Title").fill(title)
        await self.page.get_by_role("button", name="Book").click()

    def enters(self, person: str, start: str, end: str) -> None:
        """Something of their own into their calendar, on Tuesday by the clock of Berlin."""
        events = self.site.service.sandbox.world.events
        events.add(person, f"{TUESDAY}T{start}", f"{TUESDAY}T{end}", zone="Europe/Berlin", subject="Dentist")

    async def tabs_to(self, role: Literal["button", "link"], name: str) -> None:
        """By the keyboard, and presses Enter there."""
        wanted = self.page.get_by_role(role, name=name)
        for _ in range(MOST_TABS):
            await self.page.keyboard.press("Tab")
            if await wanted.evaluate("one => one === document.activeElement"):
                return await self.page.keyboard.press("Enter")
        raise AssertionError(f"the keyboard doesn't come to {role} {name}")

    def account(self, email: str) -> Locator:
        return self.page.get_by_role("article").filter(has_text=email)


@pytest.fixture
def expert(page: Page, site: Site, accessible: Accessibility) -> Someone:
    return Someone(page=page, site=site, accessible=accessible)
