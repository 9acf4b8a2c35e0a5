"""The application over fakes, with one expert and one person who has a mailbox."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.fakes.provider import Person
from tests.support.application import Application
from tests.support.wiring import an_application


@pytest.fixture
async def app() -> AsyncIterator[Application]:
    """Empty but for the default expert, on the plan PRO. What it began to read ends with the test."""
    application = an_application()
    await application.add_expert()
    yield application
    await application.reads.close(grace=timedelta())


@pytest.fixture
def maria(app: Application) -> Person:
    """Somebody with a work account and a primary calendar."""
    return app.provider.add_person("maria")
