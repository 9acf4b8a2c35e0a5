"""Fixtures of the HTTP side's tests."""

import pytest_asyncio

from tests.server.http.browser import Browser
from tests.server.http.delivering import subscribe


@pytest_asyncio.fixture
async def subscribed(browser: Browser) -> Browser:
    """With an account whose primary calendar is subscribed to; no job waits."""
    await subscribe(browser)
    return browser
