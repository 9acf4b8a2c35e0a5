"""What every directory of calendars keeps to."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from domain.access import AccessDenied, ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountKind, AccountNotFound
from domain.calendar import RemoteCalendar
from domain.connection import MailboxNotServed
from domain.errors import DomainError
from domain.ids import AccountId
from tests.support.providers import (
    LATER_PAGE_ERRORS,
    MAILBOX_ERRORS,
    PASSING,
    Human,
    ProviderHarness,
    Trouble,
)

pytest_plugins = ["tests.support.provider_fixtures"]
ALSO = ("apple_otherwise", "radicale")

Look = Callable[[ProviderHarness, str], Awaitable[tuple[RemoteCalendar, ...]]]
Ask = Callable[[ProviderHarness, AccountId], Awaitable[None]]


async def _first_look(provider: ProviderHarness, name: str) -> tuple[RemoteCalendar, ...]:
    return await provider.directory.first_look(await provider.first_grant(name))


async def _list(provider: ProviderHarness, name: str) -> tuple[RemoteCalendar, ...]:
    return await provider.directory.list_calendars(await provider.connect(name))


@pytest.fixture(params=[_first_look, _list], ids=["first_look", "list_calendars"])
def look(request: pytest.FixtureRequest) -> Look:
    """Either way to list a person's calendars."""
    chosen: Look = request.param
    return chosen


async def _check_access(provider: ProviderHarness, account: AccountId) -> None:
    await provider.directory.check_access(account)


async def _list_calendars(provider: ProviderHarness, account: AccountId) -> None:
    await provider.directory.list_calendars(account)


@pytest.fixture(params=[_check_access, _list_calendars], ids=["check_access", "list_calendars"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Either method that works on a connected account."""
    chosen: Ask = request.param
    return chosen


async def test_own_calendars_come_back_by_value(provider: ProviderHarness, look: Look) -> None:
    team = provider.add_calendar("Team", color="#4a90e2")
    holidays = provider.add_calendar("Holidays", writable=False)
    maria = Human()
    assert set(await look(provider, "maria")) == {
        provider.listed(maria, provider.primary(), "Calendar", primary=True),
        replace(provider.listed(maria, team, "Team"), color="#4a90e2"),
        replace(provider.listed(maria, holidays, "Holidays"), writable=False),
    }


async def test_a_personal_account_lists_its_calendar(provider: ProviderHarness, look: Look) -> None:
    carla = Human(name="carla", kind=AccountKind.PERSONAL)
    provider.add_person(carla)
    assert await look(provider, "carla") == (
        provider.listed(carla, provider.primary("carla"), "Calendar", primary=True),
    )


@pytest.mark.parametrize("writable", [True, False])
async def test_a_shared_calendar_names_its_owner(
    provider: ProviderHarness, look: Look, *, writable: bool
) -> None:
    jonas = Human(name="jonas")
    provider.add_person(jonas)
    shared = provider.share(
        provider.primary("jonas"), owner="jonas", reader="maria", title="Jonas", writable=writable
    )
    (listed,) = [one for one in await look(provider, "maria") if one.remote_id == shared]
    assert listed == replace(provider.listed(jonas, shared, "Jonas"), writable=writable, shared=True)


async def test_calendars_are_listed_to_the_last_page(provider: ProviderHarness, look: Look) -> None:
    added = {provider.add_calendar(f"Customer {number}") for number in range(120)}
    listed = await look(provider, "maria")
    assert len(listed) == 121
    assert {one.remote_id for one in listed} == {provider.primary(), *added}


@pytest.mark.parametrize("trouble", LATER_PAGE_ERRORS)
async def test_a_page_that_fails_fails_the_whole_list(
    provider: ProviderHarness, look: Look, trouble: Trouble
) -> None:
    for number in range(60):
        provider.add_calendar(f"Customer {number}")
    provider.trouble(trouble)
    with pytest.raises(LATER_PAGE_ERRORS[trouble]):
        await look(provider, "maria")
    provider.mend()
    assert len(await look(provider, "maria")) == 61


async def test_an_account_without_a_primary_calendar_is_listed(provider: ProviderHarness, look: Look) -> None:
    team = provider.add_calendar("Team")
    provider.remove_calendar(provider.primary())
    primary = provider.always_has_primary
    assert await look(provider, "maria") == (provider.listed(Human(), team, "Team", primary=primary),)


async def test_an_empty_list_is_told_as_it_is(provider: ProviderHarness, look: Look) -> None:
    provider.remove_every_calendar()
    assert await look(provider, "maria") == ()


async def test_a_list_is_of_now(provider: ProviderHarness) -> None:
    account = await provider.connect()
    team = provider.add_calendar("Team")
    assert len(await provider.directory.list_calendars(account)) == 2
    provider.make_read_only(team)
    (listed,) = [one for one in await provider.directory.list_calendars(account) if one.remote_id == team]
    assert not listed.writable
    provider.remove_calendar(team)
    assert len(await provider.directory.list_calendars(account)) == 1


async def test_two_looks_at_once_see_their_own_accounts(provider: ProviderHarness) -> None:
    jonas = Human(name="jonas")
    provider.add_person(jonas)
    accounts = [await provider.connect("maria"), await provider.connect("jonas")]
    listed = await asyncio.gather(*(provider.directory.list_calendars(one) for one in accounts))
    assert [[one.owner_email for one in calendars] for calendars in listed] == [
        [Human().email],
        [jonas.email],
    ]


async def test_two_accounts_of_one_person_list_the_same(provider: ProviderHarness) -> None:
    one = await provider.connect(account_id="account-of-one-expert")
    other = await provider.connect(account_id="account-of-another")
    directory = provider.directory
    assert await directory.list_calendars(one) == await directory.list_calendars(other)


async def test_a_mailbox_that_is_elsewhere_is_not_served(provider: ProviderHarness, look: Look) -> None:
    provider.add_person(Human(name="otto", served=False))
    with pytest.raises(MailboxNotServed):
        await look(provider, "otto")


async def test_a_mailbox_that_was_taken_away_is_not_served(provider: ProviderHarness) -> None:
    account = await provider.connect()
    provider.take_mailbox_away("maria")
    with pytest.raises(MailboxNotServed):
        await provider.directory.list_calendars(account)
    await provider.directory.check_access(account)


@pytest.mark.parametrize("trouble", MAILBOX_ERRORS)
async def test_trouble_with_a_list_has_a_name(provider: ProviderHarness, trouble: Trouble) -> None:
    account = await provider.connect()
    provider.trouble(trouble)
    with pytest.raises(provider.error_of(trouble)):
        await provider.directory.list_calendars(account)


@pytest.mark.parametrize("trouble", PASSING)
async def test_trouble_with_a_list_passes(provider: ProviderHarness, trouble: Trouble) -> None:
    account = await provider.connect()
    provider.trouble(trouble)
    with pytest.raises(provider.error_of(trouble)):
        await provider.directory.list_calendars(account)
    provider.mend()
    assert len(await provider.directory.list_calendars(account)) == 1


@pytest.mark.parametrize("trouble", [one for one in MAILBOX_ERRORS if one is not Trouble.MISCONFIGURATION])
async def test_trouble_with_a_first_look_has_a_name(provider: ProviderHarness, trouble: Trouble) -> None:
    grant = await provider.first_grant()
    provider.trouble(trouble)
    with pytest.raises(provider.error_of(trouble)):
        await provider.directory.first_look(grant)


async def test_a_first_look_with_a_grant_that_is_void_is_denied(provider: ProviderHarness) -> None:
    grant = await provider.first_grant()
    provider.revoke()
    with pytest.raises(AccessDenied):
        await provider.directory.first_look(grant)


async def test_lost_access_names_the_grant_it_was_seen_under(provider: ProviderHarness, ask: Ask) -> None:
    for version in (1, 2):
        account = await provider.connect()
        await ask(provider, account)
        provider.revoke()
        with pytest.raises(provider.refused) as caught:
            await ask(provider, account)
        assert (caught.value.account_id, caught.value.grant_version) == (account, version)


async def test_an_account_that_was_disconnected_is_not_found(provider: ProviderHarness, ask: Ask) -> None:
    account = await provider.connect()
    provider.disconnect(account)
    with pytest.raises(AccountNotFound):
        await ask(provider, account)


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (Trouble.OUTAGE, ProviderUnavailable),
        (Trouble.TOKEN_NONSENSE, ProviderUnavailable),
        (Trouble.MISCONFIGURATION, ProviderMisconfigured),
    ],
)
async def test_trouble_that_is_not_the_persons_is_no_evidence_of_lost_access(
    provider: ProviderHarness, trouble: Trouble, error: type[DomainError]
) -> None:
    account = await provider.connect()
    provider.trouble(trouble)
    with pytest.raises(error):
        await provider.directory.check_access(account)
    provider.mend()
    await provider.directory.check_access(account)


@pytest.mark.parametrize("trouble", [Trouble.DENIAL, Trouble.NONSENSE])
async def test_the_grant_holds_whatever_the_mailbox_says(provider: ProviderHarness, trouble: Trouble) -> None:
    account = await provider.connect()
    provider.trouble(trouble)
    await provider.directory.check_access(account)


async def test_two_checks_at_once_agree(provider: ProviderHarness) -> None:
    account = await provider.connect()
    await asyncio.gather(*(provider.directory.check_access(account) for _ in range(2)))
    provider.revoke()
    lost = await asyncio.gather(
        *(provider.directory.check_access(account) for _ in range(2)), return_exceptions=True
    )
    assert [type(one) for one in lost] == [provider.refused, provider.refused]


async def test_names_of_calendars_and_people_are_not_printed(provider: ProviderHarness, look: Look) -> None:
    provider.add_calendar("Private matters")
    printed = repr(await look(provider, "maria"))
    maria = Human()
    assert not any(secret in printed for secret in ("Private", maria.email, maria.display_name))
