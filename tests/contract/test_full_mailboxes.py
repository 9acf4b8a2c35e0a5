"""What a writer of events says where a mailbox has a quota, which Google's calendars have not."""

from collections.abc import Awaitable, Callable

import pytest

from domain.access import MailboxFull
from tests.support.bookings import Booked, book
from tests.support.providers import ProviderHarness, Trouble

pytest_plugins = ["tests.support.provider_fixtures"]
WITHOUT = ("google",)


@pytest.mark.parametrize("step", [Booked.create, Booked.update], ids=["create", "update"])
async def test_a_full_mailbox_takes_nothing_more_and_lets_go(
    provider: ProviderHarness, step: Callable[[Booked], Awaitable[object]]
) -> None:
    booked = await book(provider)
    before = booked.written
    provider.trouble(Trouble.FULL)
    with pytest.raises(MailboxFull):
        await step(booked)
    assert booked.written == before
    assert await booked.find() == booked.copy.place
    await booked.delete()
    assert provider.written() == ()
