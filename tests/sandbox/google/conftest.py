"""People who are signed in at Google."""

import pytest

from sandbox import Sandbox
from tests.sandbox.client import Http
from tests.sandbox.google.calendar import Calendars, calendars_of


@pytest.fixture
async def gina(sandbox: Sandbox, http: Http) -> Calendars:
    """A personal account."""
    return await calendars_of(sandbox, http, "gina")


@pytest.fixture
async def walter(sandbox: Sandbox, http: Http) -> Calendars:
    """A Workspace account that sees calendars of every role."""
    return await calendars_of(sandbox, http, "walter")
