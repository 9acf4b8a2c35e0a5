"""What every repository of readings keeps to."""

import pytest

from domain.account import AccountStatus
from domain.deviation import DeviationKind
from domain.ids import AccountId, CalendarId, ExpertId, SessionId
from domain.interval import Interval
from domain.reading import ReadingTask, StoredReading
from tests.builders import (
    ACCOUNT,
    CALENDAR,
    EXPERT,
    NOW,
    SESSION,
    a_calendar,
    a_deviation,
    a_grant,
    a_reading,
    a_reading_task,
    after,
    an_account,
    an_expert,
    an_interval,
)
from tests.support.stores import Kept, choose_calendars, put_conflict_calendars

LONG_AGO = after(days=-10_000)
FAR_FUTURE = after(days=10_000)


async def _begin(kept: Kept, calendar_id: CalendarId = CALENDAR) -> ReadingTask:
    async with kept.transaction() as tx:
        task = await tx.readings.begin(calendar_id)
    assert task is not None
    return task


async def _store(kept: Kept, task: ReadingTask, reading: StoredReading, *, due: float = 60) -> bool:
    """`due` is in minutes after NOW."""
    async with kept.transaction() as tx:
        return await tx.readings.store(task, reading, due_at=after(minutes=due), now=FAR_FUTURE)


async def _due(kept: Kept, *, minutes: float = 0) -> tuple[CalendarId, ...]:
    async with kept.transaction() as tx:
        return await tx.readings.due(after(minutes=minutes), 10)


async def test_what_to_read_is_told_with_whose_it_is(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    task = await _begin(kept)
    assert task == a_reading_task(marks=task.marks)


async def test_a_reading_comes_back_by_value_with_the_next_task(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    busy = [an_interval(starts=-30), an_interval(starts=5, hours=0.25), an_interval(starts=600, hours=24)]
    reading = a_reading(busy=busy, zone="America/New_York")
    task = await _begin(kept)
    assert await _store(kept, task, reading)
    assert await _begin(kept) == a_reading_task(marks=task.marks, previous=reading)


async def test_what_was_found_otherwise_than_we_left_it_comes_back(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    found = [
        a_deviation(blocks=Interval(after(seconds=0.000001), after(seconds=0.000003))),
        a_deviation(DeviationKind.MISSING, session_id="session-2", revision=7, at=None, tell=False),
        a_deviation(DeviationKind.SURPLUS, session_id="' --", at=None),
    ]
    reading = a_reading(deviations=found)
    assert await _store(kept, await _begin(kept), reading)
    assert (await _begin(kept)).previous == reading
    async with kept.transaction() as tx:
        assert await tx.readings.lock(CALENDAR) == reading
        assert await tx.readings.deviating(EXPERT, SESSION) == (CALENDAR,)
        assert await tx.readings.deviating(EXPERT, SessionId("session-9")) == ()
        assert await tx.readings.deviating(ExpertId("other"), SESSION) == ()
    assert await _store(kept, await _begin(kept), a_reading(read_at=after(minutes=1)))
    assert (await _begin(kept)).previous == a_reading(read_at=after(minutes=1))


async def test_a_moved_event_is_in_the_way_of_all_but_its_own_session(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    moved = a_deviation(blocks=an_interval(starts=26))
    await _store(kept, await _begin(kept), a_reading(busy=[an_interval(starts=30)], deviations=[moved]))
    async with kept.transaction() as tx:
        for starts, but, expected in (
            (26, None, [CALENDAR]),
            (26, SessionId("session-2"), [CALENDAR]),
            (26, SESSION, []),
            (24, None, []),
            (30, SESSION, [CALENDAR]),
        ):
            found = await tx.readings.overlapping(EXPERT, an_interval(starts=starts), but=but)
            assert [calendar_id for _, calendar_id in found] == expected


async def test_times_are_kept_to_the_microsecond(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    odd = Interval(after(seconds=0.000001), after(seconds=0.000003))
    reading = a_reading(busy=[odd], read_at=after(seconds=0.000007), window=odd)
    assert await _store(kept, await _begin(kept), reading)
    assert (await _begin(kept)).previous == reading


async def test_a_reading_of_a_whole_year_without_gaps_to_spare_comes_back(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    reading = a_reading(busy=[an_interval(starts=hour, hours=0.5) for hour in range(366 * 24)])
    assert await _store(kept, await _begin(kept), reading)
    assert (await _begin(kept)).previous == reading


async def test_only_conflict_calendars_are_read(kept: Kept) -> None:
    await put_conflict_calendars(kept, "chosen")
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar("not-chosen")])
        for calendar_id in (CalendarId("not-chosen"), CalendarId("unknown")):
            assert await tx.readings.begin(calendar_id) is None
            assert not await tx.readings.mark(calendar_id, NOW)
            task = a_reading_task(calendar_id)
            assert not await tx.readings.store(task, a_reading(calendar_id), due_at=NOW, now=NOW)
            await tx.readings.failed(task, due_at=NOW)
        assert await tx.readings.due(NOW, 10) == ("chosen",)


async def test_a_calendar_is_due_at_once_when_it_is_chosen(kept: Kept) -> None:
    await put_conflict_calendars(kept, "b", "a")
    async with kept.transaction() as tx:
        assert await tx.readings.due(LONG_AGO, 10) == ("a", "b")


async def test_choosing_others_leaves_the_reading_of_those_that_stay(kept: Kept) -> None:
    await put_conflict_calendars(kept, "stays", "goes")
    stays, goes = CalendarId("stays"), CalendarId("goes")
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar("comes")])
    task = await _begin(kept, stays)
    old = await _begin(kept, goes)
    await _store(kept, task, a_reading("stays"))
    await choose_calendars(kept, "stays", "comes", version=1)
    assert (await _begin(kept, stays)).previous == a_reading("stays")
    assert (await _begin(kept, CalendarId("comes"))).previous is None
    assert await _due(kept) == ("comes",)
    assert not await _store(kept, old, a_reading("goes"))


async def test_choosing_touches_nobody_elses_calendars(kept: Kept) -> None:
    await put_conflict_calendars(kept, "mine")
    async with kept.transaction() as tx:
        await tx.experts.put(an_expert("other"))
        await tx.accounts.add(an_account("theirs", expert_id="other"), a_grant())
        await tx.calendars.save([a_calendar("their-calendar", account_id="theirs")])
    await choose_calendars(kept, "their-calendar", "mine", expert_id="other")
    assert await _due(kept) == ("mine", "their-calendar")
    await choose_calendars(kept, expert_id="other", version=1)
    assert await _due(kept) == ("mine",)


async def test_a_reading_is_of_no_use_to_a_calendar_chosen_anew(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await _store(kept, await _begin(kept), a_reading())
    await choose_calendars(kept, version=1)
    await choose_calendars(kept, CALENDAR, version=2)
    assert (await _begin(kept)).previous is None
    assert await _due(kept) == (CALENDAR,)


@pytest.mark.parametrize(
    ("status", "missing"), [(AccountStatus.RECONNECT_REQUIRED, False), (AccountStatus.ACTIVE, True)]
)
async def test_what_cannot_be_read_is_not_due_and_keeps_its_reading(
    kept: Kept, status: AccountStatus, missing: bool
) -> None:
    await put_conflict_calendars(kept)
    task = await _begin(kept)
    await _store(kept, task, a_reading(), due=-1)
    async with kept.transaction() as tx:
        await tx.accounts.save(an_account(status=status))
        await tx.calendars.save([a_calendar(missing=missing)])
    async with kept.transaction() as tx:
        assert await tx.readings.begin(CALENDAR) is None
        assert await tx.readings.due(after(days=1), 10) == ()
        assert await tx.readings.mark(CALENDAR, NOW)
        await tx.accounts.save(an_account())
        await tx.calendars.save([a_calendar()])
    assert (await _begin(kept)).previous == a_reading()
    assert await _due(kept) == (CALENDAR,)


async def test_a_stored_reading_is_not_due_before_its_time(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await _store(kept, await _begin(kept), a_reading(), due=10)
    assert await _due(kept, minutes=9.99) == ()
    assert await _due(kept, minutes=10) == (CALENDAR,)


async def test_those_due_longest_come_first_and_no_more_than_asked_for(kept: Kept) -> None:
    await put_conflict_calendars(kept, "a", "b", "c", "d")
    for calendar_id, due in (("a", 3), ("b", 1), ("c", 2), ("d", 2)):
        task = await _begin(kept, CalendarId(calendar_id))
        await _store(kept, task, a_reading(calendar_id), due=due)
    async with kept.transaction() as tx:
        assert await tx.readings.due(after(minutes=5), 3) == ("b", "c", "d")
        assert await tx.readings.due(after(minutes=2), 9) == ("b", "c", "d")


async def test_a_mark_makes_a_calendar_due(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await _store(kept, await _begin(kept), a_reading(), due=60)
    async with kept.transaction() as tx:
        assert await tx.readings.mark(CALENDAR, after(minutes=5))
    assert await _due(kept, minutes=4.9) == ()
    assert await _due(kept, minutes=5) == (CALENDAR,)


async def test_a_mark_never_puts_a_calendar_off(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await _store(kept, await _begin(kept), a_reading(), due=1)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, after(minutes=5))
    assert await _due(kept, minutes=1) == (CALENDAR,)


async def test_a_mark_that_lands_while_reading_asks_for_another_look(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    task = await _begin(kept)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, after(minutes=1))
    assert await _store(kept, task, a_reading(), due=60)
    assert await _due(kept) == (CALENDAR,)
    again = await _begin(kept)
    assert again.previous == a_reading()
    assert await _store(kept, again, a_reading(read_at=after(minutes=2)), due=60)
    assert await _due(kept, minutes=59) == ()


async def test_a_mark_outlives_the_failure_of_the_reading_it_landed_in(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    first, second = await _begin(kept), await _begin(kept)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, NOW)
        await tx.readings.failed(first, due_at=after(minutes=30))
    await _store(kept, second, a_reading(), due=60)
    assert await _due(kept) == (CALENDAR,)


async def test_a_mark_before_reading_began_is_answered_by_it(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, NOW)
        await tx.readings.mark(CALENDAR, NOW)
    await _store(kept, await _begin(kept), a_reading(), due=60)
    assert await _due(kept, minutes=59) == ()


async def test_a_mark_of_a_calendar_chosen_anew_is_not_taken_for_an_old_one(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        for _ in range(3):
            await tx.readings.mark(CALENDAR, NOW)
    task = await _begin(kept)
    await choose_calendars(kept, version=1)
    await choose_calendars(kept, CALENDAR, version=2)
    async with kept.transaction() as tx:
        await tx.readings.mark(CALENDAR, NOW)
    await _store(kept, task, a_reading(), due=60)
    assert await _due(kept) == (CALENDAR,)


async def test_a_calendar_that_is_being_read_is_nobody_elses_business_for_a_while(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        task = await tx.readings.begin(CALENDAR, until=after(minutes=2))
    assert task is not None
    assert task.previous is None
    assert await _due(kept, minutes=1) == ()
    assert await _due(kept, minutes=2) == (CALENDAR,)


async def test_a_mark_makes_it_due_although_it_is_being_read(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.readings.begin(CALENDAR, until=after(minutes=2))
        await tx.readings.mark(CALENDAR, NOW)
    assert await _due(kept) == (CALENDAR,)


async def test_looking_at_what_to_read_leaves_it_due(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await _begin(kept)
    assert await _due(kept) == (CALENDAR,)


async def test_a_reading_from_the_future_is_replaced(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    task = await _begin(kept)
    assert await _store(kept, task, a_reading(read_at=after(days=1)))
    now = a_reading(busy=[an_interval()])
    async with kept.transaction() as tx:
        assert not await tx.readings.store(task, now, due_at=NOW, now=after(days=1))
        assert await tx.readings.store(task, now, due_at=NOW, now=after(hours=23))
    assert (await _begin(kept)).previous == now


async def test_a_mailbox_that_is_spared_is_due_in_none_of_its_calendars(kept: Kept) -> None:
    await put_conflict_calendars(kept, "marked", "new", "later")
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account("other"), a_grant())
        await tx.calendars.save([a_calendar("others", account_id="other")])
    await choose_calendars(kept, "marked", "new", "later", "others", version=1)
    later = CalendarId("later")
    assert await _store(kept, await _begin(kept, later), a_reading(later), due=30)
    async with kept.transaction() as tx:
        await tx.readings.mark(CalendarId("marked"), NOW)
        await tx.readings.spare(ACCOUNT, until=after(minutes=10))
    assert await _due(kept) == ("others",)
    assert await _due(kept, minutes=10) == ("others", "marked", "new")
    assert await _due(kept, minutes=30) == ("others", "marked", "new", "later")


async def test_tells_which_calendars_something_overlaps_a_time_in(kept: Kept) -> None:
    await put_conflict_calendars(kept, "b", "a", "free", "unread")
    for calendar_id, starts in (("b", 24), ("a", 24.5), ("free", 26)):
        task = await _begin(kept, CalendarId(calendar_id))
        busy = [an_interval(starts=starts)]
        assert await _store(kept, task, a_reading(calendar_id, busy=busy, read_at=LONG_AGO))
    async with kept.transaction() as tx:
        assert await tx.readings.overlapping(EXPERT, an_interval()) == ((ACCOUNT, "a"), (ACCOUNT, "b"))
        assert await tx.readings.overlapping(EXPERT, an_interval(starts=25.5, hours=0.5)) == ()
        assert await tx.readings.overlapping(ExpertId("nobody"), an_interval()) == ()


async def test_an_older_reading_never_replaces_a_newer_one(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    slow, quick = await _begin(kept), await _begin(kept)
    newer = a_reading(read_at=after(minutes=1), busy=[an_interval()])
    assert await _store(kept, quick, newer, due=60)
    assert not await _store(kept, slow, a_reading(), due=10)
    assert (await _begin(kept)).previous == newer
    assert await _due(kept, minutes=59) == ()


async def test_failures_are_counted_and_the_reading_stays(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await _store(kept, await _begin(kept), a_reading())
    for _ in range(2):
        task = await _begin(kept)
        async with kept.transaction() as tx:
            await tx.readings.failed(task, due_at=after(minutes=7))
    task = await _begin(kept)
    assert (task.failures, task.previous) == (2, a_reading())
    assert await _due(kept, minutes=6) == ()
    assert await _due(kept, minutes=7) == (CALENDAR,)


async def test_a_success_ends_the_row_of_failures(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.readings.failed(a_reading_task(), due_at=NOW)
    await _store(kept, await _begin(kept), a_reading())
    assert (await _begin(kept)).failures == 0


async def test_a_failure_is_no_news_when_another_has_read_meanwhile(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    fails, succeeds = await _begin(kept), await _begin(kept)
    await _store(kept, succeeds, a_reading(), due=60)
    async with kept.transaction() as tx:
        await tx.readings.failed(fails, due_at=after(minutes=1))
    assert (await _begin(kept)).failures == 0
    assert await _due(kept, minutes=59) == ()


async def test_readings_go_with_their_account(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    task = await _begin(kept)
    async with kept.transaction() as tx:
        await tx.accounts.remove(AccountId(ACCOUNT))
    assert not await _store(kept, task, a_reading())
    assert await _due(kept) == ()
    assert await kept.known_times.of([EXPERT], an_interval(), now=NOW) != {}


async def test_the_zone_is_that_of_the_expert_now(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.experts.put(an_expert(time_zone="Asia/Tokyo"))
    task = await _begin(kept)
    assert task.zone == "Asia/Tokyo"


async def test_the_reading_that_is_there_can_be_looked_at_before_it_is_replaced(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    reading = a_reading(busy=[an_interval()])
    async with kept.transaction() as tx:
        assert await tx.readings.lock(CALENDAR) is None
        assert await tx.readings.lock(CalendarId("unknown")) is None
    await _store(kept, await _begin(kept), reading)
    async with kept.transaction() as tx:
        assert await tx.readings.lock(CALENDAR) == reading
