"""What every provider that ends grants keeps to."""

import pytest

from application.ports.give_back import GiveBack
from domain.access import ProviderUnavailable
from tests.support.providers import Human, ProviderHarness, Trouble

pytest_plugins = ["tests.support.provider_fixtures"]


WITHOUT = ("fake_that_remembers", "microsoft", "apple")
"""One fake is enough, and Microsoft and Apple have no call for it."""


@pytest.fixture
def give_back(provider: ProviderHarness) -> GiveBack:
    assert provider.give_back is not None
    return provider.give_back


async def test_what_was_given_back_opens_nothing(provider: ProviderHarness, give_back: GiveBack) -> None:
    account = await provider.connect()
    assert await provider.directory.list_calendars(account)

    await give_back.give_back(await provider.grant_of(account))

    with pytest.raises(provider.refused):
        await provider.directory.list_calendars(account)


async def test_it_may_be_given_back_again(provider: ProviderHarness, give_back: GiveBack) -> None:
    account = await provider.connect()
    for _ in range(2):
        await give_back.give_back(await provider.grant_of(account))


async def test_what_was_withdrawn_already_counts_as_given_back(
    provider: ProviderHarness, give_back: GiveBack
) -> None:
    account = await provider.connect()
    provider.revoke()

    await give_back.give_back(await provider.grant_of(account))


async def test_a_sign_in_afterwards_is_as_good_as_any(provider: ProviderHarness, give_back: GiveBack) -> None:
    await give_back.give_back(await provider.grant_of(await provider.connect()))

    account = await provider.connect(account_id="again")

    assert await provider.directory.list_calendars(account)


async def test_nobody_elses_is_touched(provider: ProviderHarness, give_back: GiveBack) -> None:
    provider.add_person(Human(name="jonas"))
    marias, jonas = await provider.connect(), await provider.connect("jonas")

    await give_back.give_back(await provider.grant_of(marias))

    assert await provider.directory.list_calendars(jonas)


async def test_an_outage_is_told(provider: ProviderHarness, give_back: GiveBack) -> None:
    account = await provider.connect()
    provider.trouble(Trouble.OUTAGE)

    with pytest.raises(ProviderUnavailable):
        await give_back.give_back(await provider.grant_of(account))
