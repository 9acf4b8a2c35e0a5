"""What every job queue keeps to."""

import pytest

from domain.expert import ExpertNotFound
from domain.ids import AccountId, CalendarId
from tests.builders import (
    ACCOUNT,
    CALENDAR,
    EXPERT,
    INCIDENT,
    SESSION,
    a_grant,
    a_session,
    after,
    an_account,
    an_expert,
)
from tests.fakes.tables import (
    EndSubscription,
    KeepSubscription,
    ReadCalendar,
    RefreshCalendars,
)
from tests.support.stores import Kept, put_conflict_calendars, put_expert


async def test_jobs_exist_once_the_transaction_has_committed(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.jobs.refresh_calendars(ACCOUNT)
        await tx.jobs.read_calendar(CALENDAR)
        await tx.jobs.keep_subscription(CALENDAR)
        await tx.jobs.end_subscription(ACCOUNT, "subscription-1")
        assert await kept.jobs() == ()
    assert await kept.jobs() == (
        RefreshCalendars(ACCOUNT),
        ReadCalendar(CALENDAR),
        KeepSubscription(CALENDAR),
        EndSubscription(ACCOUNT, "subscription-1"),
    )


async def test_workers_are_woken_once_the_transaction_has_committed(kept: Kept) -> None:
    async with kept.hearing() as heard:
        async with kept.transaction() as tx:
            for _ in range(2):
                await tx.jobs.write_session(EXPERT, SESSION)
            await tx.jobs.notify_expert(INCIDENT)
            assert await heard() == []
        assert await heard() == ["notify_expert", "write_session"]


async def test_nobody_is_woken_for_what_is_due_later_or_failed(kept: Kept) -> None:
    async with kept.hearing() as heard:
        async with kept.transaction() as tx:
            await tx.jobs.write_session(EXPERT, SESSION, at=after(minutes=5))
            await tx.jobs.notify_expert(INCIDENT, at=after(days=3))
        with pytest.raises(ZeroDivisionError):
            async with kept.transaction() as tx:
                await tx.jobs.write_session(EXPERT, SESSION)
                raise ZeroDivisionError
        assert await heard() == []


async def test_jobs_of_a_transaction_that_failed_never_exist(kept: Kept) -> None:
    with pytest.raises(ZeroDivisionError):
        async with kept.transaction() as tx:
            await tx.jobs.refresh_calendars(ACCOUNT)
            raise ZeroDivisionError
    with pytest.raises(ExpertNotFound):
        async with kept.transaction() as tx:
            await tx.jobs.refresh_calendars(ACCOUNT)
            await tx.sessions.add(a_session())
    assert await kept.jobs() == ()


async def test_the_jobs_of_an_erased_expert_are_gone(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        for expert_id, suffix in ((EXPERT, "1"), ("other", "2")):
            account = an_account(f"account-{suffix}", expert_id=expert_id)
            await tx.accounts.add(account, a_grant())
            await tx.jobs.refresh_calendars(account.account_id)
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
    assert await kept.jobs() == (RefreshCalendars(AccountId("account-2")),)


async def test_one_refresh_that_waits_is_enough_for_an_account(kept: Kept) -> None:
    other = AccountId("another")
    async with kept.transaction() as tx:
        await tx.jobs.refresh_calendars(ACCOUNT)
    async with kept.transaction() as tx:
        await tx.jobs.refresh_calendars(ACCOUNT)
        await tx.jobs.refresh_calendars(other)
    assert await kept.jobs() == (RefreshCalendars(ACCOUNT), RefreshCalendars(other))


async def test_one_reading_and_one_upkeep_that_wait_are_enough_for_a_calendar(kept: Kept) -> None:
    other = CalendarId("another")
    for calendar_id in (CALENDAR, CALENDAR, other):
        async with kept.transaction() as tx:
            await tx.jobs.read_calendar(calendar_id)
            await tx.jobs.keep_subscription(calendar_id)
    assert await kept.jobs() == (
        ReadCalendar(CALENDAR),
        KeepSubscription(CALENDAR),
        ReadCalendar(other),
        KeepSubscription(other),
    )


@pytest.mark.parametrize("whole", [True, False], ids=["the expert", "the account"])
async def test_the_jobs_of_calendars_that_are_gone_are_gone(kept: Kept, whole: bool) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        for calendar_id in (CALENDAR, CalendarId("another")):
            await tx.jobs.read_calendar(calendar_id)
            await tx.jobs.keep_subscription(calendar_id)
    async with kept.transaction() as tx:
        await (tx.experts.remove(EXPERT) if whole else tx.accounts.remove(ACCOUNT))
    another = CalendarId("another")
    assert await kept.jobs() == (ReadCalendar(another), KeepSubscription(another))
