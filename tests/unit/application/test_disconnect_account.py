"""Forgetting an account, and what becomes of sessions."""

import asyncio
from datetime import timedelta

import pytest

from domain.access import ProviderUnavailable
from domain.account import AccountNotFound
from domain.calendar_settings import WriteCalendarState
from domain.expert import ExpertNotFound
from domain.ids import AccountId, ExpertId
from domain.interval import Interval
from domain.session import Hindrance, Replacement, WriteStatus
from tests.builders import EXPERT, NOW, SESSION, after, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application


async def test_nothing_of_the_account_is_kept(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    maria.revoke()
    await app.refresh_calendars(account.account_id)

    gone = await app.disconnect_account(EXPERT, account.account_id)

    tables = app.store.tables
    assert gone == account.lost()
    assert (tables.accounts, tables.grants, tables.calendars, tables.incidents) == ({}, {}, {}, {})
    assert (await app.get_calendar_settings(EXPERT)).settings.conflict == frozenset()
    assert app.store.wishes == ()
    with pytest.raises(AccountNotFound):
        await app.get_account(EXPERT, account.account_id)


async def test_other_accounts_are_not_touched(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    other = await app.connect(app.provider.add_person("second"))

    await app.disconnect_account(EXPERT, account.account_id)

    chosen = await app.get_calendar_settings(EXPERT)
    kept = await app.calendar("object-second/Calendar")
    assert (await app.list_accounts(EXPERT)).accounts == (other,)
    assert chosen.settings.conflict == {kept.calendar_id}
    assert chosen.write.calendar == kept


async def test_an_outage_of_the_provider_does_not_block_it(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    app.provider.outage = True
    calls = app.provider.calls.copy()

    await app.disconnect_account(EXPERT, account.account_id)

    assert app.store.tables.accounts == {}
    assert app.provider.calls == calls


async def test_accounts_of_another_expert_are_not_found(app: Application, maria: Person) -> None:
    other = await app.add_expert("expert-2")
    account = await app.connect(maria)

    for expert_id, account_id in ((other, account.account_id), (EXPERT, AccountId("unknown"))):
        with pytest.raises(AccountNotFound):
            await app.disconnect_account(expert_id, account_id)
        with pytest.raises(AccountNotFound):
            await app.get_account(expert_id, account_id)
    assert await app.get_account(EXPERT, account.account_id) == account


async def test_of_two_who_disconnect_it_at_once_one_does(app: Application, maria: Person) -> None:
    account = await app.connect(maria)

    outcomes = await asyncio.gather(
        *(app.disconnect_account(EXPERT, account.account_id) for _ in range(2)), return_exceptions=True
    )

    assert account in outcomes
    assert any(isinstance(outcome, AccountNotFound) for outcome in outcomes)


async def test_written_sessions_stay_in_the_calendar(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.book()
    await app.run_jobs()

    await app.disconnect_account(EXPERT, account.account_id)
    await app.pass_time(timedelta(days=1))

    assert len(maria.events) == 1
    assert (await app.session()).status is WriteStatus.WRITTEN


async def test_the_next_change_writes_a_new_event_elsewhere_and_says_so(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    second = app.provider.add_person("second")
    await app.connect(second)
    await app.book()
    await app.run_jobs()
    await app.disconnect_account(EXPERT, account.account_id)

    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()

    session = await app.session()
    assert [event.interval for event in second.events.values()] == [an_interval(starts=30)]
    assert (session.status, session.replacement) == (WriteStatus.WRITTEN, Replacement.ACCOUNT_DISCONNECTED)
    assert {event.mark for event in maria.events.values()}.isdisjoint(
        event.mark for event in second.events.values()
    )
    assert len(maria.events) == 1


async def test_the_next_change_waits_when_there_is_no_other_account(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.book()
    await app.run_jobs()
    await app.disconnect_account(EXPERT, account.account_id)
    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()
    waiting = await app.session()
    assert (waiting.status, waiting.hindrance) == (WriteStatus.WAITING, Hindrance.NO_WRITABLE_CALENDAR)

    await app.connect(maria)
    await app.run_jobs()

    session = await app.session()
    assert (session.status, session.replacement) == (WriteStatus.WRITTEN, None)
    assert maria.the_event.interval == an_interval(starts=30)


async def test_a_cancelled_session_leaves_its_old_event_behind(app: Application, maria: Person) -> None:
    account = await app.connect(maria)
    await app.book()
    await app.run_jobs()
    await app.disconnect_account(EXPERT, account.account_id)

    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()

    session = await app.session()
    assert (session.status, session.hindrance) == (WriteStatus.WRITTEN, Hindrance.ACCOUNT_DISCONNECTED)
    assert session.replacement is Replacement.ACCOUNT_DISCONNECTED
    assert len(maria.events) == 1


async def test_sessions_wait_when_the_chosen_write_calendar_goes_with_the_account(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    second = app.provider.add_person("second")
    await app.connect(second)
    await app.update_calendar_settings(
        EXPERT, write=(await app.calendar("object-maria/Calendar")).calendar_id
    )
    await app.disconnect_account(EXPERT, account.account_id)

    await app.book()
    await app.run_jobs()

    waiting = await app.session()
    assert (waiting.status, waiting.hindrance) == (WriteStatus.WAITING, Hindrance.ACCOUNT_DISCONNECTED)
    chosen = await app.get_calendar_settings(EXPERT)
    assert chosen.write.state is WriteCalendarState.ACCOUNT_DISCONNECTED
    assert second.events == {}

    await app.update_calendar_settings(EXPERT, write=None)
    await app.run_jobs()
    assert len(second.events) == 1


async def test_sessions_that_waited_for_the_account_are_written_elsewhere(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.revoke()
    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()
    assert (await app.session()).hindrance is Hindrance.RECONNECT_REQUIRED
    second = app.provider.add_person("second")
    await app.connect(second)

    await app.disconnect_account(EXPERT, account.account_id)
    await app.run_jobs()

    assert (await app.session()).status is WriteStatus.WRITTEN
    assert [event.interval for event in second.events.values()] == [an_interval(starts=30)]


@pytest.mark.parametrize("after_doing", [False, True])
async def test_a_write_under_way_goes_on_elsewhere(
    app: Application, maria: Person, after_doing: bool
) -> None:
    account = await app.connect(maria)
    second = app.provider.add_person("second")
    await app.connect(second)
    await app.book()
    await app.run_jobs()
    updating = app.provider.hold("update", after_doing=after_doing)
    await app.book(interval=an_interval(starts=30))
    writing = asyncio.create_task(app.write())
    await updating.reached.wait()
    await app.disconnect_account(EXPERT, account.account_id)
    updating.release()
    await writing

    written_before_it_went = after_doing
    assert (await app.session()).status is WriteStatus.WRITTEN
    assert bool(second.events) is not written_before_it_went
    assert app.store.tables.accounts.keys().isdisjoint({account.account_id})


async def test_an_unknown_outcome_in_a_disconnected_account_is_written_elsewhere(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    second = app.provider.add_person("second")
    await app.connect(second)
    await app.book()
    app.provider.fail("create", ProviderUnavailable(outcome_unknown=True), after_doing=True)
    await app.run_jobs()

    await app.disconnect_account(EXPERT, account.account_id)
    await app.run_jobs()

    assert (await app.session()).replacement is Replacement.ACCOUNT_DISCONNECTED
    assert len(second.events) == 1


async def test_the_old_event_does_not_block_once_the_account_is_connected_anew(
    app: Application, maria: Person
) -> None:
    account = await app.connect(maria)
    await app.book()
    await app.run_jobs()
    await app.disconnect_account(EXPERT, account.account_id)
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    await app.connect(maria)

    known = await app.look_up_availability(EXPERT, Interval(NOW, after(days=7)), budget=timedelta(seconds=5))

    assert len(maria.events) == 1
    assert known.complete
    assert tuple(known.busy) == ()


async def test_erasing_an_expert_disconnects_everything_and_keeps_nothing(
    app: Application, maria: Person
) -> None:
    await app.add_expert("expert-2")
    kept = await app.connect(maria, expert_id="expert-2")
    one = await app.connect(maria)
    other = await app.connect(app.provider.add_person("second"))
    await app.book()
    await app.run_jobs()
    await app.book(interval=an_interval(starts=30))
    await app.start(reconnects=one.account_id)
    app.provider.outage = True
    calls = app.provider.calls.copy()

    assert (await app.delete_expert(EXPERT)).accounts == (one, other)

    tables = app.store.tables
    assert list(tables.experts) == ["expert-2"]
    assert list(tables.accounts) == list(tables.grants) == [kept.account_id]
    assert {calendar.account_id for calendar in tables.calendars.values()} == {kept.account_id}
    assert list(tables.settings) == ["expert-2"]
    assert (tables.attempts, tables.sessions, tables.marks, tables.wishes) == ({}, {}, {}, [])
    # That on Maria's calendar is the other expert's, who has connected her account, too.
    assert app.provider.calls - calls == {"unsubscribe": 1}
    assert len(maria.events) == 1


async def test_an_expert_erased_already_is_not_found(app: Application) -> None:
    await app.delete_expert(EXPERT)

    with pytest.raises(ExpertNotFound):
        await app.delete_expert(EXPERT)
    with pytest.raises(ExpertNotFound):
        await app.list_accounts(ExpertId(EXPERT))
