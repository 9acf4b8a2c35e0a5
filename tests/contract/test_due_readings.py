"""Which calendars are due to be read: what every repository of readings keeps to."""

import pytest

from domain.account import AccountStatus
from domain.ids import CalendarId
from domain.reading import BegunLook
from tests.builders import (
    ACCOUNT,
    CALENDAR,
    NOW,
    a_calendar,
    a_grant,
    a_reading,
    a_reading_task,
    after,
    an_account,
)
from tests.support.kept_readings import LONG_AGO, begin_reading, due_calendars, store_reading
from tests.support.stores import Kept, choose_calendars, put_conflict_calendars


async def test_a_calendar_is_due_at_once_when_it_is_chosen(kept: Kept) -> None:
    await put_conflict_calendars(kept, "b", "a")
    async with kept.transaction() as tx:
        assert await tx.readings.due(LONG_AGO, 10) == ("a", "b")


@pytest.mark.parametrize(
    ("status", "missing"), [(AccountStatus.RECONNECT_REQUIRED, False), (AccountStatus.ACTIVE, True)]
)
async def test_what_cannot_be_read_is_not_due_and_keeps_its_reading(
    kept: Kept, status: AccountStatus, missing: bool
) -> None:
    await put_conflict_calendars(kept)
    task = await begin_reading(kept)
    await store_reading(kept, task, a_reading(), due=-1)
    async with kept.transaction() as tx:
        await tx.accounts.save(an_account(status=status))
        await tx.calendars.save([a_calendar(missing=missing)])
    async with kept.transaction() as tx:
        assert await tx.readings.task(CALENDAR) is None
        assert await tx.readings.begin(CALENDAR, now=NOW, until=NOW) is None
        assert await tx.readings.due(after(days=1), 10) == ()
        assert await tx.readings.mark(CALENDAR, NOW)
        await tx.accounts.save(an_account())
        await tx.calendars.save([a_calendar()])
    assert (await begin_reading(kept)).previous == a_reading()
    assert await due_calendars(kept) == (CALENDAR,)


async def test_a_stored_reading_is_not_due_before_its_time(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await store_reading(kept, await begin_reading(kept), a_reading(), due=10)
    assert await due_calendars(kept, minutes=9.99) == ()
    assert await due_calendars(kept, minutes=10) == (CALENDAR,)


async def test_those_due_longest_come_first_and_no_more_than_asked_for(kept: Kept) -> None:
    await put_conflict_calendars(kept, "a", "b", "c", "d")
    for calendar_id, due in (("a", 3), ("b", 1), ("c", 2), ("d", 2)):
        task = await begin_reading(kept, CalendarId(calendar_id))
        await store_reading(kept, task, a_reading(calendar_id), due=due)
    async with kept.transaction() as tx:
        assert await tx.readings.due(after(minutes=5), 3) == ("b", "c", "d")
        assert await tx.readings.due(after(minutes=2), 9) == ("b", "c", "d")


async def test_a_mark_makes_a_calendar_due(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await store_reading(kept, await begin_reading(kept), a_reading(), due=60)
    async with kept.transaction() as tx:
        assert await tx.readings.mark(CALENDAR, after(minutes=5))
    assert await due_calendars(kept, minutes=4.9) == ()
    assert await due_calendars(kept, minutes=5) == (CALENDAR,)


async def test_a_mark_never_puts_a_calendar_off(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await store_reading(kept, await begin_reading(kept), a_reading(), due=1)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, after(minutes=5))
    assert await due_calendars(kept, minutes=1) == (CALENDAR,)


async def test_a_mark_that_lands_while_reading_asks_for_another_look(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    task = await begin_reading(kept)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, after(minutes=1))
    assert await store_reading(kept, task, a_reading(), due=60)
    assert await due_calendars(kept) == (CALENDAR,)
    again = await begin_reading(kept)
    assert again.previous == a_reading()
    assert await store_reading(kept, again, a_reading(read_at=after(minutes=2)), due=60)
    assert await due_calendars(kept, minutes=59) == ()


async def test_a_mark_outlives_the_failure_of_the_reading_it_landed_in(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    first, second = await begin_reading(kept), await begin_reading(kept)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, NOW)
        await tx.readings.failed(first, due_at=after(minutes=30))
    await store_reading(kept, second, a_reading(), due=60)
    assert await due_calendars(kept) == (CALENDAR,)


async def test_a_mark_before_reading_began_is_answered_by_it(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, NOW)
        await tx.readings.mark(CALENDAR, NOW)
    await store_reading(kept, await begin_reading(kept), a_reading(), due=60)
    assert await due_calendars(kept, minutes=59) == ()


async def test_a_mark_of_a_calendar_chosen_anew_is_not_taken_for_an_old_one(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        for _ in range(3):
            await tx.readings.mark(CALENDAR, NOW)
    task = await begin_reading(kept)
    await choose_calendars(kept, version=1)
    await choose_calendars(kept, CALENDAR, version=2)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, NOW)
    await store_reading(kept, task, a_reading(), due=60)
    assert await due_calendars(kept) == (CALENDAR,)


async def test_a_calendar_that_is_being_read_is_nobody_elses_business_for_a_while(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        look = await tx.readings.begin(CALENDAR, now=NOW, until=after(minutes=2))
    assert look is not None
    assert look == BegunLook(
        task=a_reading_task(marks=look.task.marks), begun_at=NOW, due_at=after(minutes=2), noticed=True
    )
    assert await due_calendars(kept, minutes=1) == ()
    assert await due_calendars(kept, minutes=2) == (CALENDAR,)


async def test_a_mark_makes_it_due_although_it_is_being_read(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.readings.begin(CALENDAR, now=NOW, until=after(minutes=2))
        await tx.readings.mark(CALENDAR, NOW)
    assert await due_calendars(kept) == (CALENDAR,)


async def test_looking_at_what_to_read_leaves_it_due(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await begin_reading(kept)
    assert await due_calendars(kept) == (CALENDAR,)


async def test_a_mailbox_that_is_spared_is_due_in_none_of_its_calendars(kept: Kept) -> None:
    await put_conflict_calendars(kept, "marked", "new", "later")
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account("other"), a_grant())
        await tx.calendars.save([a_calendar("others", account_id="other")])
    await choose_calendars(kept, "marked", "new", "later", "others", version=1)
    later = CalendarId("later")
    assert await store_reading(kept, await begin_reading(kept, later), a_reading(later), due=30)
    async with kept.transaction() as tx:
        await tx.readings.mark(CalendarId("marked"), NOW)
        await tx.readings.spare(ACCOUNT, until=after(minutes=10))
    assert await due_calendars(kept) == ("others",)
    assert await due_calendars(kept, minutes=10) == ("others", "marked", "new")
    assert await due_calendars(kept, minutes=30) == ("others", "marked", "new", "later")
