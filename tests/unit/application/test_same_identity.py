"""An identity that was disconnected is connected again: the events in its mailbox are ours again."""

import asyncio
from datetime import timedelta

import pytest

from domain.access import AccessDenied, CalendarGone, EventMissing, ProviderUnavailable, WriteRefused
from domain.account import Account
from domain.availability import Verdict
from domain.change import ChangeType
from domain.ids import SessionId
from domain.interval import Interval
from domain.session import Hindrance, Replacement, WriteStatus
from tests.builders import EXPERT, SESSION, an_interval, some_details
from tests.fakes.provider import Person
from tests.support.application import BUDGET, Application

LATER = an_interval(starts=30)


@pytest.fixture
async def account(app: Application, maria: Person) -> Account:
    """Maria's, with the session written."""
    account = await app.connect(maria)
    await app.book()
    await app.run_jobs()
    return account


async def disconnect(app: Application, account: Account) -> None:
    await app.disconnect_account(EXPERT, account.account_id)
    await app.run_jobs()


async def connect(app: Application, person: Person) -> Account:
    account = await app.connect(person)
    await app.run_jobs()
    return account


async def test_a_written_session_names_the_account_its_event_is_in_now(
    app: Application, maria: Person, account: Account
) -> None:
    await disconnect(app, account)
    again = await connect(app, maria)
    copy = (await app.session()).copy
    assert copy is not None
    assert again.account_id != account.account_id
    assert copy.account_id == again.account_id
    assert copy.calendar_id == (await app.calendar("object-maria/Calendar")).calendar_id
    assert app.provider.calls["update"] == app.provider.calls["find"] == 0


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_change_lands_on_the_event_there_is(
    app: Application, maria: Person, account: Account, when: str
) -> None:
    event = maria.the_event
    await disconnect(app, account)
    if when == "before":
        await app.book(interval=LATER)
        await app.run_jobs()
    await connect(app, maria)
    if when == "after":
        await app.book(interval=LATER)
        await app.run_jobs()
    session = await app.session()
    assert maria.the_event is event
    assert event.interval == LATER
    assert (session.status, session.replacement) == (WriteStatus.WRITTEN, None)


async def test_what_the_owner_wrote_meanwhile_stays(
    app: Application, maria: Person, account: Account
) -> None:
    await disconnect(app, account)
    maria.the_event.details = some_details("Mine")
    await connect(app, maria)
    await app.book(interval=LATER)
    await app.run_jobs()
    assert (maria.the_event.details.title, maria.the_event.interval) == ("Mine", LATER)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_cancelled_sessions_event_is_removed(
    app: Application, maria: Person, account: Account, when: str
) -> None:
    await disconnect(app, account)
    if when == "before":
        await app.cancel_session(EXPERT, SESSION)
        await app.run_jobs()
        left = await app.session()
        assert (left.hindrance, left.replacement) == (
            Hindrance.ACCOUNT_DISCONNECTED,
            Replacement.ACCOUNT_DISCONNECTED,
        )
    await connect(app, maria)
    if when == "after":
        await app.cancel_session(EXPERT, SESSION)
        await app.run_jobs()
    session = await app.session()
    assert maria.events == {}
    assert (session.status, session.hindrance, session.replacement, session.copy) == (
        WriteStatus.WRITTEN,
        None,
        None,
        None,
    )


async def test_a_removal_that_waits_for_its_account_is_told(
    app: Application, maria: Person, account: Account
) -> None:
    await disconnect(app, account)
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    told = len(app.changes())
    await connect(app, maria)
    types = [one.type for one in app.changes()[told:] if one.session_id == SESSION]
    assert types[0] is ChangeType.SESSION_PENDING
    assert types[-1] is ChangeType.SESSION_WRITTEN


async def test_a_session_revived_while_its_account_is_away_gets_its_old_event_back(
    app: Application, maria: Person, account: Account
) -> None:
    event = maria.the_event
    await disconnect(app, account)
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    await app.book(interval=LATER)
    await app.run_jobs()
    await connect(app, maria)
    assert maria.the_event is event
    assert event.interval == LATER


async def test_an_event_replaced_elsewhere_meanwhile_is_removed(
    app: Application, maria: Person, account: Account
) -> None:
    second = app.provider.add_person("second")
    await app.connect(second)
    await disconnect(app, account)
    await app.book(interval=LATER)
    await app.run_jobs()
    assert len(maria.events) == len(second.events) == 1
    await connect(app, maria)
    session = await app.session()
    assert maria.events == {}
    assert second.the_event.interval == LATER
    assert (session.status, session.replacement) == (WriteStatus.WRITTEN, Replacement.ACCOUNT_DISCONNECTED)
    assert session.left == ()

    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    assert second.events == {}


async def test_identities_that_come_and_go_leave_one_event(
    app: Application, maria: Person, account: Account
) -> None:
    second = app.provider.add_person("second")
    theirs = await app.connect(second)
    await disconnect(app, account)
    await app.book(interval=LATER)
    await app.run_jobs()
    await disconnect(app, theirs)
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    await connect(app, maria)
    assert maria.events == {}
    assert (await app.session()).hindrance is Hindrance.ACCOUNT_DISCONNECTED
    await connect(app, second)
    session = await app.session()
    assert second.events == {}
    assert (session.hindrance, session.copy, session.left) == (None, None, ())


@pytest.mark.parametrize("arrived", [True, False])
async def test_an_event_whose_creation_went_unanswered_is_looked_for(
    app: Application, maria: Person, arrived: bool
) -> None:
    account = await app.connect(maria)
    app.provider.fail("create", ProviderUnavailable(outcome_unknown=True), after_doing=arrived)
    await app.book()
    await app.run_jobs()
    await disconnect(app, account)
    second = app.provider.add_person("second")
    await connect(app, second)
    assert len(second.events) == 1
    await connect(app, maria)
    assert maria.events == {}
    assert (await app.session()).left == ()


async def test_the_same_identity_of_another_expert_is_nobody_elses(
    app: Application, maria: Person, account: Account
) -> None:
    other = await app.add_expert("expert-2")
    await disconnect(app, account)
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    await app.connect(maria, expert_id=other)
    await app.run_jobs()
    assert len(maria.events) == 1
    assert (await app.session()).hindrance is Hindrance.ACCOUNT_DISCONNECTED
    await connect(app, maria)
    assert maria.events == {}


async def test_another_identity_takes_nothing_back(app: Application, maria: Person, account: Account) -> None:
    await disconnect(app, account)
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    await connect(app, app.provider.add_person("second"))
    assert len(maria.events) == 1
    assert (await app.session()).hindrance is Hindrance.ACCOUNT_DISCONNECTED


@pytest.mark.parametrize("fault", [ProviderUnavailable(), AccessDenied(), CalendarGone()])
async def test_a_removal_that_fails_is_tried_again(
    app: Application, maria: Person, account: Account, fault: Exception
) -> None:
    second = app.provider.add_person("second")
    await app.connect(second)
    await disconnect(app, account)
    await app.book(interval=LATER)
    await app.run_jobs()
    app.provider.fail("delete", fault)
    await connect(app, maria)
    assert len(maria.events) == 1
    assert (await app.session()).status is WriteStatus.WAITING
    await app.pass_time(timedelta(minutes=1))
    assert maria.events == {}
    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_an_event_left_behind_is_not_given_up_on_one_word(
    app: Application, maria: Person, account: Account
) -> None:
    second = app.provider.add_person("second")
    await app.connect(second)
    await disconnect(app, account)
    await app.book(interval=LATER)
    await app.run_jobs()
    app.provider.fail("delete", EventMissing())
    maria.the_event.calendar = maria.add_calendar("Side")
    await connect(app, maria)
    await app.pass_time(timedelta(minutes=1))
    assert maria.events == {}


async def test_an_event_that_can_not_be_removed_stays_behind_and_that_is_told(
    app: Application, maria: Person, account: Account
) -> None:
    second = app.provider.add_person("second")
    await app.connect(second)
    await disconnect(app, account)
    await app.book(interval=LATER)
    await app.run_jobs()
    app.provider.fail("delete", WriteRefused(code="ErrorNo"))
    await connect(app, maria)
    session = await app.session()
    assert len(maria.events) == 1
    assert (session.status, session.replacement) == (WriteStatus.WRITTEN, Replacement.ACCOUNT_DISCONNECTED)


async def test_an_account_that_comes_and_goes_during_a_write_gets_the_change(
    app: Application, maria: Person, account: Account
) -> None:
    await app.book(interval=LATER)
    held = app.provider.hold("update")
    writing = asyncio.create_task(app.write())
    await held.reached.wait()
    await app.disconnect_account(EXPERT, account.account_id)
    await app.connect(maria)
    held.release()
    await writing
    await app.run_jobs()
    assert maria.the_event.interval == LATER
    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_many_sessions_come_back_in_order(app: Application, maria: Person, account: Account) -> None:
    for number in range(2, 6):
        await app.book(f"session-{number}", interval=an_interval(starts=30 + number))
    await app.run_jobs()
    await disconnect(app, account)
    for number in range(3, 6):
        await app.cancel_session(EXPERT, SessionId(f"session-{number}"))
    await app.run_jobs()
    assert len(maria.events) == 5
    await connect(app, maria)
    assert {one.interval for one in maria.events.values()} == {an_interval(), an_interval(starts=32)}


async def test_the_time_of_an_event_left_behind_is_free_once_it_is_removed(
    app: Application, maria: Person, account: Account
) -> None:
    second = app.provider.add_person("second")
    await app.connect(second)
    await disconnect(app, account)
    await app.book(interval=LATER)
    await app.run_jobs()
    app.provider.fail("delete", ProviderUnavailable())
    await connect(app, maria)
    await app.list_calendars(EXPERT, refresh=True)
    assert await taken(app, an_interval())

    await app.pass_time(timedelta(minutes=1))

    assert maria.events == {}
    assert not await taken(app, an_interval())


async def taken(app: Application, interval: Interval) -> bool:
    """By what is kept of the calendars."""
    known = await app.look_up_availability(EXPERT, interval, budget=BUDGET, max_age=timedelta(hours=1))
    return known.check(interval).verdict is Verdict.BUSY
