"""What every job queue keeps to."""

import pytest

from domain.expert import ExpertNotFound
from domain.ids import CalendarId
from tests.builders import (
    ACCOUNT,
    CALENDAR,
    EXPERT,
    INCIDENT,
    NOW,
    SESSION,
    a_grant,
    a_session,
    after,
    an_account,
    an_expert,
)
from tests.fakes.tables import Wish
from tests.support.stores import Kept, put_conflict_calendars, put_expert


async def test_wishes_exist_once_the_transaction_has_committed(kept: Kept) -> None:
    async with kept.transaction() as tx:
        await tx.jobs.refresh_calendars(ACCOUNT)
        await tx.jobs.read_calendar(CALENDAR)
        assert await kept.wishes() == ()
    assert await kept.wishes() == (Wish("refresh_calendars", ACCOUNT), Wish("read_calendar", CALENDAR))


async def test_workers_are_woken_once_the_transaction_has_committed(kept: Kept) -> None:
    async with kept.hearing() as heard:
        async with kept.transaction() as tx:
            for _ in range(2):
                await tx.jobs.write_session(EXPERT, SESSION)
            await tx.jobs.notify_expert(INCIDENT)
            await tx.jobs.refresh_calendars(ACCOUNT)
            await tx.jobs.read_calendar(CALENDAR)
            await tx.jobs.keep_subscription(CALENDAR)
            assert await heard() == []
        assert await heard() == [
            "keep_subscription",
            "notify_expert",
            "read_calendar",
            "refresh_calendars",
            "write_session",
        ]


async def test_a_mark_and_the_end_of_a_subscription_wake_workers(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.hearing() as heard:
        async with kept.transaction() as tx:
            await tx.readings.mark(CALENDAR, NOW)
            await tx.jobs.end_subscription(ACCOUNT, "subscription-1")
        assert await heard() == ["end_subscription", "read_calendar"]


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


async def test_wishes_of_a_transaction_that_failed_never_exist(kept: Kept) -> None:
    with pytest.raises(ZeroDivisionError):
        async with kept.transaction() as tx:
            await tx.jobs.refresh_calendars(ACCOUNT)
            raise ZeroDivisionError
    with pytest.raises(ExpertNotFound):
        async with kept.transaction() as tx:
            await tx.jobs.refresh_calendars(ACCOUNT)
            await tx.sessions.add(a_session())
    assert await kept.wishes() == ()


async def test_the_wishes_of_an_erased_expert_are_gone(kept: Kept) -> None:
    await put_expert(kept, an_expert(), an_expert("other"))
    async with kept.transaction() as tx:
        for expert_id, suffix in ((EXPERT, "1"), ("other", "2")):
            account = an_account(f"account-{suffix}", expert_id=expert_id)
            await tx.accounts.add(account, a_grant())
            await tx.jobs.refresh_calendars(account.account_id)
    async with kept.transaction() as tx:
        await tx.experts.remove(EXPERT)
    assert await kept.wishes() == (Wish("refresh_calendars", "account-2"),)


async def test_one_wish_is_enough(kept: Kept) -> None:
    for calendar_id in (CALENDAR, CALENDAR, CalendarId("another")):
        async with kept.transaction() as tx:
            await tx.jobs.read_calendar(calendar_id)
            await tx.jobs.refresh_calendars(ACCOUNT)
    assert sorted(one.id for one in await kept.wishes()) == sorted([CALENDAR, "another", ACCOUNT])


@pytest.mark.parametrize("whole", [True, False], ids=["the expert", "the account"])
async def test_the_wishes_for_calendars_that_are_gone_are_gone(kept: Kept, whole: bool) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        for calendar_id in (CALENDAR, CalendarId("another")):
            await tx.jobs.read_calendar(calendar_id)
    async with kept.transaction() as tx:
        await (tx.experts.remove(EXPERT) if whole else tx.accounts.remove(ACCOUNT))
    assert await kept.wishes() == (Wish("read_calendar", "another"),)
