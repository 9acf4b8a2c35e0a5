"""A provider whose refusals prove nothing one by one: what is counted, what ends it, what it looks like meanwhile."""

import asyncio
from datetime import timedelta

import pytest
import pytest_asyncio

from domain.access import AccessDoubted, AccessLost, LossCause, ProviderMisconfigured, ProviderUnavailable
from domain.account import Account, AccountStatus, Provider
from domain.availability import Unread, UnreadReason
from domain.change import ChangeType
from domain.doubt import APART, OVER
from domain.errors import DomainError
from domain.ids import AccountId
from domain.interval import Interval
from domain.session import Hindrance, WriteStatus
from tests.builders import EXPERT, NOW, after
from tests.fakes.provider import Person
from tests.support.application import BUDGET, Application

MINUTE = timedelta(minutes=1)
WINDOW = Interval(NOW, after(days=7))
BEYOND = Interval(after(days=200), after(days=201))
"""What no readings are kept for."""


@pytest_asyncio.fixture
async def account(app: Application, maria: Person) -> Account:
    """Maria's, connected and read, at a provider that proves nothing."""
    app.provider.proves_loss = False
    connected = await app.connect(maria)
    await app.run_jobs()
    app.forget_changes()
    return connected


async def status(app: Application, account: Account) -> AccountStatus:
    return (await app.account(account.account_id)).status


async def refusals(app: Application, account: Account) -> int:
    doubt = (await app.account(account.account_id)).doubt
    return 0 if doubt is None else doubt.refusals


async def minutes_pass(app: Application, minutes: int) -> None:
    for _ in range(minutes):
        await app.pass_time(MINUTE)


async def lose(app: Application, maria: Person, account: Account) -> None:
    """Maria removes her password, somebody notices, and the rest goes by itself."""
    maria.revoke()
    await app.refresh_calendars(account.account_id)
    await minutes_pass(app, 16)
    assert await status(app, account) is AccountStatus.RECONNECT_REQUIRED


async def unread_now(app: Application, window: Interval = WINDOW) -> tuple[Unread, ...]:
    found = await app.look_up_availability(EXPERT, window, budget=BUDGET, max_age=timedelta())
    return found.unread


async def test_a_removed_password_is_lost_access_within_twenty_minutes_and_not_before_fifteen(
    app: Application, maria: Person, account: Account
) -> None:
    maria.revoke()
    refused_at = None
    for _ in range(60):
        await app.pass_time(MINUTE / 2)
        if refused_at is None and await refusals(app, account):
            refused_at = app.clock.now()
        if await status(app, account) is AccountStatus.RECONNECT_REQUIRED:
            break
        assert app.mailer.sent == []

    assert refused_at is not None
    assert OVER <= app.clock.now() - refused_at <= 20 * MINUTE
    (mail,) = app.mailer.sent
    assert (mail.account_email, mail.cause) == (maria.email, LossCause.SIGN_IN_REQUIRED)
    assert [one.type for one in app.changes(ChangeType.ACCOUNT_RECONNECT_REQUIRED)] == [
        ChangeType.ACCOUNT_RECONNECT_REQUIRED
    ]


async def test_a_reconnect_starts_anew(app: Application, maria: Person, account: Account) -> None:
    await lose(app, maria, account)
    await app.connect(maria, reconnects=account.account_id)
    await app.run_jobs()

    assert await status(app, account) is AccountStatus.ACTIVE
    assert await refusals(app, account) == 0
    assert await unread_now(app) == ()


async def test_a_refusal_from_before_a_reconnect_says_nothing(app: Application, maria: Person) -> None:
    app.provider.proves_loss = False
    account = await app.connect(maria)
    await app.connect(maria, reconnects=account.account_id)
    maria.revoke()

    fault = await app.report_lost_access(AccessDoubted(account_id=account.account_id, grant_version=1))

    assert isinstance(fault, AccessDoubted)
    assert await refusals(app, account) == 0
    assert app.provider.calls["check_access"] == 0


async def test_meanwhile_the_calendar_is_unread_and_says_why(
    app: Application, maria: Person, account: Account
) -> None:
    maria.revoke()
    app.clock.advance(MINUTE)

    (first,) = await unread_now(app)
    app.clock.advance(3 * MINUTE)
    (second,) = await unread_now(app)

    assert (first.reason, first.pause) == (UnreadReason.ACCESS_DOUBTED, APART)
    assert (second.reason, second.pause) == (UnreadReason.ACCESS_DOUBTED, APART - 3 * MINUTE)
    assert await refusals(app, account) == 1
    assert app.alarms.history == []
    assert app.mailer.sent == []


async def test_a_doubted_account_is_left_alone_until_it_matters(
    app: Application, maria: Person, account: Account
) -> None:
    """Each try with a password that is wrong may have the provider close the account."""
    await minutes_pass(app, 12)  # in the next one its calendar is due
    maria.revoke()
    await app.refresh_calendars(account.account_id)
    calls = app.provider.calls.total()

    await minutes_pass(app, 7)

    assert app.provider.calls.total() == calls
    await minutes_pass(app, 1)
    assert app.provider.calls.total() > calls


async def test_many_who_are_refused_at_once_are_one_refusal(
    app: Application, maria: Person, account: Account
) -> None:
    maria.revoke()

    await asyncio.gather(*(app.refresh_calendars(account.account_id) for _ in range(20)), unread_now(app))

    assert await refusals(app, account) == 1


async def test_a_refusal_that_a_probe_does_not_confirm_counts_for_nothing(
    app: Application, account: Account
) -> None:
    odd = AccessDoubted(account_id=account.account_id, grant_version=1)
    for _ in range(5):
        app.provider.fail("list_calendars", odd)
        assert await app.refresh_calendars(account.account_id) is UnreadReason.PROVIDER_UNAVAILABLE
        await app.pass_time(10 * MINUTE)

    assert await refusals(app, account) == 0
    assert await status(app, account) is AccountStatus.ACTIVE


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (ProviderUnavailable(), UnreadReason.PROVIDER_UNAVAILABLE),
        (ProviderUnavailable(throttled=True), UnreadReason.THROTTLED),
        (ProviderMisconfigured(code="x"), UnreadReason.SERVICE_MISCONFIGURED),
    ],
)
async def test_a_probe_that_says_nothing_neither_counts_nor_ends_it(
    app: Application, maria: Person, account: Account, fault: DomainError, reason: UnreadReason
) -> None:
    maria.revoke()
    await app.refresh_calendars(account.account_id)
    app.clock.advance(APART)

    app.provider.fail("check_access", fault)
    assert await app.refresh_calendars(account.account_id) is reason
    assert await refusals(app, account) == 1

    assert await app.refresh_calendars(account.account_id) is UnreadReason.ACCESS_DOUBTED
    assert await refusals(app, account) == 2


async def test_an_outage_between_refusals_neither_counts_nor_ends_it(
    app: Application, maria: Person, account: Account
) -> None:
    """Nor does it put off for long what is to be found out, also where nothing else is asked of the account."""
    await app.update_calendar_settings(EXPERT, conflict=())
    maria.revoke()
    await app.refresh_calendars(account.account_id)
    app.provider.outage = True
    await minutes_pass(app, 60)
    assert await refusals(app, account) == 1

    app.provider.outage = False
    await minutes_pass(app, 16)
    assert await status(app, account) is AccountStatus.RECONNECT_REQUIRED


async def refused_once(app: Application, maria: Person, account: Account) -> None:
    """And let in again, without anybody having tried."""
    maria.revoke()
    await app.refresh_calendars(account.account_id)
    maria.restore()
    assert await refusals(app, account) == 1


async def refused_again(app: Application, maria: Person, account: Account) -> int:
    """How many refusals count once it is refused one more time."""
    app.clock.advance(APART)
    maria.revoke()
    await app.refresh_calendars(account.account_id)
    return await refusals(app, account)


async def test_a_look_that_worked_ends_it(app: Application, maria: Person, account: Account) -> None:
    await refused_once(app, maria, account)
    app.clock.advance(MINUTE)
    assert await unread_now(app) == ()

    assert await refused_again(app, maria, account) == 1


async def test_a_look_that_is_kept_nowhere_ends_it(app: Application, maria: Person, account: Account) -> None:
    await refused_once(app, maria, account)
    app.clock.advance(MINUTE)
    assert await unread_now(app, BEYOND) == ()

    assert await refusals(app, account) == 0


async def test_a_session_that_was_written_ends_it(app: Application, maria: Person, account: Account) -> None:
    await refused_once(app, maria, account)
    await app.book()
    await app.write()
    assert (await app.session()).status is WriteStatus.WRITTEN

    assert await refusals(app, account) == 0


async def test_a_probe_that_works_ends_it(app: Application, maria: Person, account: Account) -> None:
    await refused_once(app, maria, account)
    app.clock.advance(APART)
    app.provider.fail("list_calendars", AccessDoubted(account_id=account.account_id, grant_version=1))
    await app.refresh_calendars(account.account_id)

    assert await refusals(app, account) == 0


async def test_a_list_that_works_ends_it_and_wakes_what_waited(
    app: Application, maria: Person, account: Account
) -> None:
    maria.revoke()
    await app.book()
    await app.write()
    waiting = await app.session()
    assert (waiting.status, waiting.hindrance) == (WriteStatus.WAITING, Hindrance.PROVIDER_UNAVAILABLE)
    assert waiting.due_at == app.clock.now() + APART
    maria.restore()
    app.clock.advance(MINUTE)

    assert await app.refresh_calendars(account.account_id) is None
    await app.run_jobs()

    assert await refusals(app, account) == 0
    assert (await app.session()).status is WriteStatus.WRITTEN
    assert app.changes(ChangeType.CALENDARS_CHANGED) == []


async def test_a_session_waits_and_is_written_after_the_reconnect(
    app: Application, maria: Person, account: Account
) -> None:
    maria.revoke()
    await app.book()
    await minutes_pass(app, 18)
    assert (await app.session()).hindrance is Hindrance.RECONNECT_REQUIRED

    await app.connect(maria, reconnects=account.account_id)
    await app.run_jobs()

    assert (await app.session()).status is WriteStatus.WRITTEN
    assert len(maria.events) == 1


async def test_an_account_that_nothing_is_asked_of_is_lost_as_soon(app: Application, maria: Person) -> None:
    """Its calendars are neither read nor written to."""
    app.provider.proves_loss = False
    account = await app.connect(maria)
    await app.update_calendar_settings(EXPERT, conflict=())
    await app.run_jobs()

    await lose(app, maria, account)


async def test_the_mail_is_kept_back_where_access_is_back(
    app: Application, maria: Person, account: Account
) -> None:
    maria.revoke()
    for _ in range(3):
        await app.refresh_calendars(account.account_id)
        app.clock.advance(APART)
    assert await status(app, account) is AccountStatus.RECONNECT_REQUIRED
    maria.restore()

    await app.run_jobs()

    assert await status(app, account) is AccountStatus.ACTIVE
    assert app.mailer.sent == []


async def test_reminders_go_on_as_long_as_it_is_refused(
    app: Application, maria: Person, account: Account
) -> None:
    await lose(app, maria, account)
    await app.pass_time(timedelta(days=3, minutes=1))

    assert [mail.reminder for mail in app.mailer.sent] == [False, True]


async def crowd(app: Application, *names: str) -> list[tuple[Person, Account]]:
    app.provider.proves_loss = False
    found = []
    for name in names:
        person = app.provider.add_person(name)
        expert = await app.add_expert(f"expert-{name}")
        found.append((person, await app.connect(person, expert_id=expert)))
    await app.run_jobs()
    return found


async def test_a_provider_that_refuses_everybody_loses_nobody(app: Application) -> None:
    known = await crowd(app, "anna", "ben", "carla", "dora", "emil")
    for person, _ in known:
        person.revoke()

    await minutes_pass(app, 60)

    assert app.alarms.refusing_all == {Provider.MICROSOFT}
    assert [await status(app, account) for _, account in known] == [AccountStatus.ACTIVE] * 5
    assert app.mailer.sent == []

    for person, _ in known:
        person.restore()
    await minutes_pass(app, 10)

    assert app.alarms.refusing_all == set()
    assert [await refusals(app, account) for _, account in known] == [0] * 5


@pytest.mark.parametrize("by", ["look", "list"])
async def test_whatever_is_read_there_ends_that_alarm(app: Application, account: Account, by: str) -> None:
    app.clock.advance(MINUTE)
    app.alarms.all_refused(Provider.MICROSOFT)
    if by == "look":
        assert await unread_now(app) == ()
    else:
        assert await app.refresh_calendars(account.account_id) is None

    assert app.alarms.refusing_all == set()


async def test_nobody_else_is_asked_while_that_alarm_stands(app: Application) -> None:
    """Ten thousand whose third refusal comes in the same minute ask for nothing but their own."""
    (anna, account), *_ = await crowd(app, "anna", "ben", "carla")
    anna.revoke()
    app.alarms.all_refused(Provider.MICROSOFT)
    for _ in range(3):
        await app.refresh_calendars(account.account_id)
        app.clock.advance(APART)

    assert app.provider.calls["check_access"] == 3
    assert await status(app, account) is AccountStatus.ACTIVE


async def test_one_who_is_refused_among_many_is_lost(app: Application) -> None:
    (anna, lost), *others = await crowd(app, "anna", "ben", "carla")
    await lose(app, anna, lost)

    assert [await status(app, account) for _, account in others] == [AccountStatus.ACTIVE] * 2
    assert app.alarms.refusing_all == set()
    assert [mail.account_email for mail in app.mailer.sent] == [anna.email]


async def test_nothing_is_decided_while_nobody_else_answers(app: Application) -> None:
    (anna, account), (_, other) = await crowd(app, "anna", "ben")
    anna.revoke()
    for _ in range(2):
        await app.refresh_calendars(account.account_id)
        app.clock.advance(APART)

    app.provider.fail("check_access", AccessDoubted(account_id=account.account_id, grant_version=1))
    app.provider.fail("check_access", ProviderUnavailable())
    assert await app.refresh_calendars(account.account_id) is UnreadReason.PROVIDER_UNAVAILABLE
    assert await status(app, account) is AccountStatus.ACTIVE

    app.clock.advance(APART)
    assert await app.refresh_calendars(account.account_id) is UnreadReason.RECONNECT_REQUIRED
    assert (await app.account(other.account_id)).active


async def test_a_refusal_of_an_account_that_is_gone_says_nothing(app: Application) -> None:
    fault = await app.report_lost_access(AccessDoubted(account_id=AccountId("unknown"), grant_version=1))

    assert not isinstance(fault, AccessLost)
