"""The application over fakes, with one expert and one person who has a mailbox."""

import pytest

from tests.fakes.provider import Person
from tests.support.application import Application, an_application


@pytest.fixture
async def app() -> Application:
    """Empty but for the default expert, on the plan PRO."""
    application = an_application()
    await application.add_expert()
    return application


@pytest.fixture
def maria(app: Application) -> Person:
    """Somebody with a work account and a primary calendar."""
    return app.provider.add_person("maria")
