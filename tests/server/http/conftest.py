"""Fixtures of the HTTP side's tests."""

import pytest
import pytest_asyncio

from domain.connection import Confirming
from tests.server.http.browser import Browser
from tests.server.http.delivering import subscribe
from tests.server.served import World, a_world


@pytest.fixture
def world() -> World:
    """Where sign-ins may end on our own page, too."""
    return a_world(Confirming.WITH_RETURN_URL)


@pytest_asyncio.fixture
async def subscribed(browser: Browser) -> Browser:
    """With an account whose primary calendar is subscribed to; no job waits."""
    await subscribe(browser)
    return browser
