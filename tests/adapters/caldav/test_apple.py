"""The bundle of Apple's ports, as use-cases get it."""

from adapters.caldav.apple import open_apple
from adapters.caldav.settings import AppleSettings
from application.ports.provider import answering_for_all, answering_together
from domain.account import Provider
from tests.fakes.clock import MovableClock
from tests.fakes.provider import FakeProvider
from tests.fakes.sign_in import FakeSignIn
from tests.fakes.store import FakeStore


async def test_one_request_answers_for_all_calendars_of_an_account() -> None:
    """So they are claimed together, and an account in which nothing changes takes one."""
    store = FakeStore()
    page = FakeSignIn(FakeProvider(store, Provider.APPLE))
    async with open_apple(AppleSettings(), store.vault, MovableClock(), page) as apple:
        configured = {Provider.APPLE: apple}
        assert answering_together(configured) == answering_for_all(configured) == {Provider.APPLE}
