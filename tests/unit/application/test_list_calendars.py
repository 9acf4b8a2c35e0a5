"""Listing calendars, and looking at the provider's list again."""

import asyncio
from datetime import timedelta

import pytest

from application.calendars.list_calendars import Listing
from domain.access import AccessDenied, InvalidAnswer, ProviderMisconfigured, ProviderUnavailable
from domain.account import AccountStatus, Provider
from domain.availability import UnreadReason
from domain.calendar import Uncheckable
from domain.calendar_settings import WriteCalendarState
from domain.connection import MailboxNotServed
from domain.errors import DomainError
from domain.expert import ExpertNotFound
from domain.ids import AccountId, ExpertId
from domain.session import Hindrance, WriteStatus
from tests.builders import EXPERT
from tests.fakes.provider import Person
from tests.support.application import Application


async def names_of(app: Application, which: Listing = Listing.CHECKABLE) -> list[str]:
    listed = await app.list_calendars(EXPERT, which=which)
    return sorted(one.remote.name for one in listed.calendars)


async def test_lists_the_oldest_accounts_calendars_first(app: Application, maria: Person) -> None:
    one = await app.connect(maria)
    two = await app.connect(app.provider.add_person("second"))

    listed = await app.list_calendars(EXPERT)

    assert [calendar.account_id for calendar in listed.calendars] == [one.account_id, two.account_id]
    assert listed.failures == ()


async def test_lists_the_primary_calendar_first_then_by_the_alphabet(app: Application, maria: Person) -> None:
    second = app.provider.add_person("second")
    for name in ("Zoo", "Äpfel", "apples", "Berlin", "Berlin"):
        maria.add_calendar(name, remote_id=f"{name}-{len(maria.calendars)}")
    second.add_calendar("Aardvarks")
    await app.connect(maria)
    await app.connect(second)

    listed = (await app.list_calendars(EXPERT)).calendars

    assert [one.remote.name for one in listed] == [
        "Calendar",
        "Äpfel",
        "apples",
        "Berlin",
        "Berlin",
        "Zoo",
        "Calendar",
        "Aardvarks",
    ]
    assert listed[3].calendar_id < listed[4].calendar_id


async def test_lists_more_calendars_than_one_page_of_the_provider_holds(
    app: Application, maria: Person
) -> None:
    for number in range(12):
        maria.add_calendar(f"Project {number}")
    await app.connect(maria)

    assert len((await app.list_calendars(EXPERT)).calendars) == 13


async def test_offers_only_calendars_that_can_be_written_where_that_is_asked(
    app: Application, maria: Person
) -> None:
    maria.add_calendar("Holidays", writable=False)
    maria.add_calendar("Team", shared=True)
    vanishing = maria.add_calendar("Vanishing")
    await app.connect(maria)
    del maria.calendars[vanishing]
    await app.list_calendars(EXPERT, refresh=True)

    assert await names_of(app) == ["Calendar", "Holidays", "Team", "Vanishing"]
    assert await names_of(app, Listing.WRITABLE) == ["Calendar", "Team"]


async def test_what_can_not_be_checked_is_listed_where_that_is_asked_for(
    app: Application, maria: Person
) -> None:
    maria.add_calendar("Fixtures", uncheckable=Uncheckable.SUBSCRIBED)
    await app.connect(maria)

    assert await names_of(app) == ["Calendar"]
    assert await names_of(app, Listing.WRITABLE) == ["Calendar"]
    assert await names_of(app, Listing.ALL) == ["Calendar", "Fixtures"]


async def test_asks_the_provider_only_when_a_refresh_is_wanted(app: Application, maria: Person) -> None:
    await app.connect(maria)
    maria.add_calendar("New one")

    assert await names_of(app) == ["Calendar"]
    assert app.provider.calls["list_calendars"] == 0

    await app.list_calendars(EXPERT, refresh=True)
    assert await names_of(app) == ["Calendar", "New one"]


@pytest.mark.parametrize("refresh", [False, True])
async def test_an_unknown_expert_has_no_list(app: Application, refresh: bool) -> None:
    with pytest.raises(ExpertNotFound):
        await app.list_calendars(ExpertId("nobody"), refresh=refresh)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (ProviderUnavailable(), UnreadReason.PROVIDER_UNAVAILABLE),
        (ProviderUnavailable(throttled=True), UnreadReason.THROTTLED),
        (InvalidAnswer(what="no list"), UnreadReason.INVALID_ANSWER),
        (AccessDenied(), UnreadReason.ACCESS_DENIED),
        (MailboxNotServed(), UnreadReason.MAILBOX_NOT_SERVED),
        (ProviderMisconfigured(code="invalid_client"), UnreadReason.SERVICE_MISCONFIGURED),
    ],
)
async def test_names_the_account_whose_list_could_not_be_refreshed(
    app: Application, maria: Person, fault: DomainError, reason: UnreadReason
) -> None:
    await app.connect(app.provider.add_person("second"))
    failing = await app.connect(maria)
    for person in app.provider.people.values():
        person.add_calendar("New one")
    app.provider.fail("list_calendars", fault)

    listed = await app.list_calendars(EXPERT, refresh=True)

    ((account_id, why),) = listed.failures
    assert why is reason
    assert len(listed.calendars) == 3
    assert (await app.account(failing.account_id)).status is AccountStatus.ACTIVE
    assert len([one for one in listed.calendars if one.account_id == account_id]) == 1


async def test_a_refresh_that_finds_the_access_gone_says_so(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    maria.revoke()

    await app.list_calendars(EXPERT, refresh=True)
    listed = await app.list_calendars(EXPERT, refresh=True)

    assert listed.failures == ((account.account_id, UnreadReason.RECONNECT_REQUIRED),)
    assert (await app.account(account.account_id)).status is AccountStatus.RECONNECT_REQUIRED
    assert app.provider.calls["list_calendars"] == 1
    assert len(listed.calendars) == 1


async def test_an_empty_list_is_not_believed(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    before = (await app.list_calendars(EXPERT)).calendars
    maria.calendars.clear()

    listed = await app.list_calendars(EXPERT, refresh=True)

    assert listed.failures == ((account.account_id, UnreadReason.INVALID_ANSWER),)
    assert listed.calendars == before


async def test_a_calendar_that_vanishes_is_marked_missing_and_its_choice_kept(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    wanted = (await app.calendar(side)).calendar_id
    await app.update_calendar_settings(EXPERT, conflict=[wanted], write=wanted)
    kept = maria.calendars.pop(side)

    await app.list_calendars(EXPERT, refresh=True)
    chosen = await app.get_calendar_settings(EXPERT)
    assert (await app.calendar(side)).missing
    assert chosen.settings.conflict == {wanted}
    assert chosen.settings.chosen == wanted
    assert chosen.write.state is WriteCalendarState.CALENDAR_MISSING

    maria.calendars[side] = kept
    await app.list_calendars(EXPERT, refresh=True)
    assert (await app.get_calendar_settings(EXPERT)).write.state is WriteCalendarState.READY


async def test_a_calendar_that_comes_back_under_a_new_id_keeps_its_choices(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    before = await app.calendar(side)
    await app.update_calendar_settings(EXPERT, write=before.calendar_id)
    del maria.calendars[side]
    maria.add_calendar("Side", remote_id="another-id")

    await app.list_calendars(EXPERT, refresh=True)

    assert (await app.calendar("another-id")).calendar_id == before.calendar_id
    assert len((await app.list_calendars(EXPERT)).calendars) == 2
    assert (await app.get_calendar_settings(EXPERT)).write.state is WriteCalendarState.READY


async def test_a_primary_calendar_whose_id_follows_an_address_keeps_its_choices(
    app: Application, maria: Person
) -> None:
    """As at Google, where id and name are the address."""
    maria.calendars.clear()
    old = maria.add_calendar("maria@old.example", remote_id="maria@old.example", primary=True)
    await app.connect(maria)
    before = await app.calendar(old)
    await app.update_calendar_settings(EXPERT, conflict=[before.calendar_id], write=before.calendar_id)
    del maria.calendars[old]
    maria.email = "maria@new.example"
    maria.add_calendar("maria@new.example", remote_id="maria@new.example", primary=True)

    await app.list_calendars(EXPERT, refresh=True)

    assert (await app.calendar("maria@new.example")).calendar_id == before.calendar_id
    chosen = await app.get_calendar_settings(EXPERT)
    assert chosen.settings.conflict == {before.calendar_id}
    assert chosen.write.state is WriteCalendarState.READY


async def test_a_refresh_lets_sessions_be_written_that_waited_for_the_calendar(
    app: Application, maria: Person
) -> None:
    maria.add_calendar("Calendar", primary=True, writable=False)
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    assert (await app.session()).hindrance is Hindrance.NO_WRITABLE_CALENDAR

    maria.add_calendar("Calendar", primary=True)
    await app.list_calendars(EXPERT, refresh=True)
    await app.run_jobs()

    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_a_refresh_that_finds_nothing_new_wakes_nobody(app: Application, maria: Person) -> None:
    maria.add_calendar("Calendar", primary=True, writable=False)
    await app.connect(maria)
    await app.book()
    await app.run_jobs()

    await app.list_calendars(EXPERT, refresh=True)

    assert app.store.wishes == ()


async def test_a_refresh_of_an_account_disconnected_meanwhile_brings_nothing_back(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    listing = app.provider.hold("list_calendars", after_doing=True)
    refreshing = asyncio.create_task(app.refresh_calendars(account.account_id))
    await listing.reached.wait()
    await app.disconnect_account(EXPERT, account.account_id)
    listing.release()

    assert await refreshing is UnreadReason.CALENDAR_MISSING
    assert app.store.tables.calendars == {}


async def test_an_unknown_account_has_no_list(app: Application) -> None:
    assert await app.refresh_calendars(AccountId("unknown")) is UnreadReason.CALENDAR_MISSING
    assert app.provider.calls["list_calendars"] == 0


async def test_a_fault_of_our_registration_is_the_operators_and_mails_nobody(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    app.provider.misconfigured = "AADSTS7000222"
    await app.list_calendars(EXPERT, refresh=True)
    assert app.alarms.raised == {Provider.MICROSOFT: "AADSTS7000222"}

    app.provider.misconfigured = ""
    await app.list_calendars(EXPERT, refresh=True)
    assert app.alarms.raised == {}
    await app.pass_time(timedelta(days=1))
    assert app.mailer.sent == []
