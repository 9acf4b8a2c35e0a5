"""What every provider of change notifications keeps to."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from application.ports.push import RemoteSubscription, SubscriptionExists, SubscriptionGone
from domain.access import CalendarGone
from domain.account import AccountNotFound
from domain.ids import AccountId
from tests.support.providers import MAILBOX_ERRORS, ProviderHarness, Trouble

pytest_plugins = ["tests.support.provider_fixtures"]
WITHOUT = ("apple",)

SECRET = "s" * 128
DAY = timedelta(days=1)
METHODS: list[Callable[[ProviderHarness, AccountId, str], Awaitable[object]]] = [
    lambda provider, account, _: _subscribe(provider, account, calendar=provider.add_calendar("Team")),
    lambda provider, account, remote_id: provider.push.renew(
        account, provider.primary(), remote_id, secret="another", expires_at=provider.now() + DAY
    ),
    lambda provider, account, remote_id: provider.push.unsubscribe(account, remote_id),
]
every_method = pytest.mark.parametrize("method", METHODS, ids=["subscribe", "renew", "unsubscribe"])


async def _subscribe(
    provider: ProviderHarness, account: AccountId, *, calendar: str = "", life: timedelta = DAY
) -> RemoteSubscription:
    return await provider.push.subscribe(
        account, calendar or provider.primary(), secret=SECRET, expires_at=provider.now() + life
    )


async def _renew(
    provider: ProviderHarness, account: AccountId, remote_id: str, *, life: timedelta = DAY
) -> RemoteSubscription:
    return await provider.push.renew(
        account, provider.primary(), remote_id, secret="another", expires_at=provider.now() + life
    )


async def test_no_more_is_granted_than_was_asked_for(provider: ProviderHarness) -> None:
    granted = await _subscribe(provider, await provider.connect())
    assert granted.remote_id
    assert provider.now() < granted.expires_at <= provider.now() + DAY + timedelta(seconds=1)


async def test_calendars_and_people_have_subscriptions_of_their_own(provider: ProviderHarness) -> None:
    account = await provider.connect()
    team = provider.add_calendar("Team")
    one, other = await _subscribe(provider, account), await _subscribe(provider, account, calendar=team)
    assert one.remote_id != other.remote_id


async def test_a_second_to_the_same_calendar_is_another_or_refused_with_the_name_of_the_first(
    provider: ProviderHarness,
) -> None:
    account = await provider.connect()
    again = await provider.connect(account_id="of-another-expert")
    first = await _subscribe(provider, account)
    if provider.replaces_subscriptions:
        assert (await _subscribe(provider, again)).remote_id != first.remote_id
        return
    with pytest.raises(SubscriptionExists) as refused:
        await _subscribe(provider, again)
    assert refused.value.remote_id == first.remote_id
    assert first.remote_id not in repr(refused.value)


async def test_renewing_moves_the_end(provider: ProviderHarness) -> None:
    account = await provider.connect()
    made = await _subscribe(provider, account)
    renewed = await _renew(provider, account, made.remote_id, life=2 * DAY)
    assert (renewed.remote_id != made.remote_id) is provider.replaces_subscriptions
    assert renewed.expires_at > made.expires_at + DAY / 2


async def test_what_was_renewed_or_replaced_can_be_so_again(provider: ProviderHarness) -> None:
    account = await provider.connect()
    made = await _subscribe(provider, account)
    renewed = await _renew(provider, account, made.remote_id)
    if provider.replaces_subscriptions:
        await provider.push.unsubscribe(account, made.remote_id)
    again = await _renew(provider, account, renewed.remote_id)
    ids = {made.remote_id, renewed.remote_id, again.remote_id}
    assert len(ids) == (3 if provider.replaces_subscriptions else 1)


async def test_one_taken_back_is_gone_and_another_may_be_made(provider: ProviderHarness) -> None:
    account = await provider.connect()
    made = await _subscribe(provider, account)
    for _ in range(2):
        await provider.push.unsubscribe(account, made.remote_id)
    if not provider.replaces_subscriptions:
        with pytest.raises(SubscriptionGone):
            await _renew(provider, account, made.remote_id)
    assert (await _subscribe(provider, account)).remote_id != made.remote_id


async def test_a_calendar_that_is_gone_is_told(provider: ProviderHarness) -> None:
    account = await provider.connect()
    calendar = provider.add_calendar("Gone")
    provider.remove_calendar(calendar)
    with pytest.raises(CalendarGone):
        await _subscribe(provider, account, calendar=calendar)


@every_method
async def test_withdrawn_access_is_told(
    provider: ProviderHarness, method: Callable[[ProviderHarness, AccountId, str], Awaitable[object]]
) -> None:
    account = await provider.connect()
    made = await _subscribe(provider, account)
    provider.revoke()
    with pytest.raises(provider.refused) as lost:
        await method(provider, account, made.remote_id)
    assert lost.value.account_id == account


@every_method
async def test_an_account_that_was_disconnected_is_told(
    provider: ProviderHarness, method: Callable[[ProviderHarness, AccountId, str], Awaitable[object]]
) -> None:
    account = await provider.connect()
    made = await _subscribe(provider, account)
    provider.disconnect(account)
    with pytest.raises(AccountNotFound):
        await method(provider, account, made.remote_id)


@every_method
@pytest.mark.parametrize("trouble", [Trouble.OUTAGE, Trouble.THROTTLING, Trouble.MISCONFIGURATION])
async def test_trouble_at_the_provider_is_told(
    provider: ProviderHarness,
    method: Callable[[ProviderHarness, AccountId, str], Awaitable[object]],
    trouble: Trouble,
) -> None:
    account = await provider.connect()
    made = await _subscribe(provider, account)
    provider.trouble(trouble)
    with pytest.raises(MAILBOX_ERRORS[trouble]):
        await method(provider, account, made.remote_id)
