"""Headless Chromium for tests of what people see; without one they are skipped, and the run says so at its end."""

import shutil
from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, ConsoleMessage, Page, ViewportSize, async_playwright, expect

from tests.support.left_out import leave_out

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 800}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
PATIENCE_MS: Final = 20_000
"""For what a page comes to: how busy the machine is says nothing about the page."""
NO_BROWSER = f"no browser is installed (looked for {', '.join(NAMES)})"


def executable() -> str | None:
    """Where the browser is, if there is one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


expect.set_options(timeout=PATIENCE_MS)


@pytest_asyncio.fixture(scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[BrowserContext | None]:
    """One browser for all tests, None where there is none; it accepts the sandbox's own certificate."""
    path = executable()
    if path is None:
        yield None
        return
    profile = tmp_path_factory.mktemp("browser")
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path=path, headless=True, args=ARGUMENTS, ignore_https_errors=True
        )
        try:
            yield context
        finally:
            await context.close()


@pytest_asyncio.fixture
async def page(browser: BrowserContext | None, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """An empty page of a browser that knows nobody; whatever a page complains about fails the test."""
    if browser is None:
        leave_out(request.node, f"pages were not opened: {NO_BROWSER}")
        pytest.skip(NO_BROWSER)
    await browser.clear_cookies()
    opened = await browser.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # A page that is served with a status of 4xx is as intended.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", hear)
    try:
        yield opened
    finally:
        await opened.close()
    assert not complaints
