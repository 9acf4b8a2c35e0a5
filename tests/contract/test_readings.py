"""What every repository of readings keeps to."""

from dataclasses import replace
from datetime import datetime

import pytest

from application.ports.lanes import Room
from domain.account import Provider
from domain.blocking import BlockingRule
from domain.deviation import DeviationKind
from domain.ids import AccountId, CalendarId, ExpertId, SessionId
from domain.interval import Interval
from domain.reading import Pace
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
    an_identity,
    an_interval,
    some_settings,
)
from tests.support.kept_readings import LONG_AGO, begin_reading, due_calendars, store_reading
from tests.support.looks import begin_look
from tests.support.stores import Kept, choose_calendars, put_conflict_calendars, put_expert


async def test_what_to_read_is_told_with_whose_it_is(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    task = await begin_reading(kept)
    assert task == a_reading_task(marks=task.marks)


@pytest.mark.parametrize("provider", Provider)
async def test_what_to_read_is_told_with_its_accounts_provider(kept: Kept, provider: Provider) -> None:
    await put_expert(kept)
    async with kept.transaction() as tx:
        await tx.accounts.add(an_account(identity=an_identity(provider=provider)), a_grant())
        await tx.calendars.save([a_calendar()])
    await choose_calendars(kept, CALENDAR)
    async with kept.transaction() as tx:
        task, room = await tx.readings.task(CALENDAR), Room(places=1, again=1)
        (due,) = await tx.readings.begin_due(room, now=NOW, until=after(minutes=2), pace=Pace(), jitter=[0])
        begun = await begin_look(tx, CALENDAR, now=NOW, until=after(minutes=2))
    assert task is not None
    assert begun is not None
    assert task.provider is due.task.provider is begun.task.provider is provider


@pytest.mark.parametrize("writable", [True, False])
async def test_what_to_read_is_told_with_whether_it_can_be_written(kept: Kept, writable: bool) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar(CALENDAR, writable=writable)])
        task, room = await tx.readings.task(CALENDAR), Room(places=1, again=1)
        (due,) = await tx.readings.begin_due(room, now=NOW, until=after(minutes=2), pace=Pace(), jitter=[0])
        begun = await begin_look(tx, CALENDAR, now=NOW, until=after(minutes=2))
    assert task is not None
    assert begun is not None
    assert task.writable is due.task.writable is begun.task.writable is writable


async def test_a_reading_comes_back_by_value_with_the_next_task(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    busy = [an_interval(starts=-30), an_interval(starts=5, hours=0.25), an_interval(starts=600, hours=24)]
    reading = a_reading(busy=busy, zone="America/New_York")
    task = await begin_reading(kept)
    assert await store_reading(kept, task, reading)
    assert await begin_reading(kept) == a_reading_task(marks=task.marks, previous=reading)


async def test_what_was_found_otherwise_than_we_left_it_comes_back(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    found = [
        a_deviation(blocks=Interval(after(seconds=0.000001), after(seconds=0.000003))),
        a_deviation(DeviationKind.MISSING, session_id="session-2", revision=7, at=None, tell=False),
        a_deviation(DeviationKind.SURPLUS, session_id="' --", at=None),
    ]
    reading = a_reading(deviations=found)
    assert await store_reading(kept, await begin_reading(kept), reading)
    assert (await begin_reading(kept)).previous == reading
    async with kept.transaction() as tx:
        assert await tx.readings.lock(CALENDAR) == reading
        assert await tx.readings.deviating(EXPERT, SESSION) == (CALENDAR,)
        assert await tx.readings.deviating(EXPERT, SessionId("session-9")) == ()
        assert await tx.readings.deviating(ExpertId("other"), SESSION) == ()
    assert await store_reading(kept, await begin_reading(kept), a_reading(read_at=after(minutes=1)))
    assert (await begin_reading(kept)).previous == a_reading(read_at=after(minutes=1))


async def test_a_moved_event_is_in_the_way_of_all_but_its_own_session(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    moved = a_deviation(blocks=an_interval(starts=26))
    await store_reading(
        kept, await begin_reading(kept), a_reading(busy=[an_interval(starts=30)], deviations=[moved])
    )
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
    assert await store_reading(kept, await begin_reading(kept), reading)
    assert (await begin_reading(kept)).previous == reading


async def test_a_reading_of_a_whole_year_without_gaps_to_spare_comes_back(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    reading = a_reading(busy=[an_interval(starts=hour, hours=0.5) for hour in range(366 * 24)])
    assert await store_reading(kept, await begin_reading(kept), reading)
    assert (await begin_reading(kept)).previous == reading


async def test_only_conflict_calendars_are_read(kept: Kept) -> None:
    await put_conflict_calendars(kept, "chosen")
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar("not-chosen")])
        for calendar_id in (CalendarId("not-chosen"), CalendarId("unknown")):
            assert await tx.readings.task(calendar_id) is None
            assert not await tx.readings.mark(calendar_id, NOW)
            task = a_reading_task(calendar_id)
            assert not await tx.readings.store(task, a_reading(calendar_id), due_at=NOW, now=NOW)
            await tx.readings.failed(task, due_at=NOW)
    assert await due_calendars(kept) == ("chosen",)


async def test_choosing_others_leaves_the_reading_of_those_that_stay(kept: Kept) -> None:
    await put_conflict_calendars(kept, "stays", "goes")
    stays, goes = CalendarId("stays"), CalendarId("goes")
    async with kept.transaction() as tx:
        await tx.calendars.save([a_calendar("comes")])
    task = await begin_reading(kept, stays)
    old = await begin_reading(kept, goes)
    await store_reading(kept, task, a_reading("stays"))
    await choose_calendars(kept, "stays", "comes", version=1)
    assert (await begin_reading(kept, stays)).previous == a_reading("stays")
    assert (await begin_reading(kept, CalendarId("comes"))).previous is None
    assert await due_calendars(kept) == ("comes",)
    assert not await store_reading(kept, old, a_reading("goes"))


async def test_choosing_touches_nobody_elses_calendars(kept: Kept) -> None:
    await put_conflict_calendars(kept, "mine")
    async with kept.transaction() as tx:
        await tx.experts.put(an_expert("other"))
        await tx.accounts.add(an_account("theirs", expert_id="other"), a_grant())
        await tx.calendars.save([a_calendar("their-calendar", account_id="theirs")])
    await choose_calendars(kept, "their-calendar", "mine", expert_id="other")
    assert await due_calendars(kept) == ("mine", "their-calendar")
    await choose_calendars(kept, expert_id="other", version=1)
    assert await due_calendars(kept) == ("mine",)


async def test_a_reading_is_of_no_use_to_a_calendar_chosen_anew(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await store_reading(kept, await begin_reading(kept), a_reading())
    await choose_calendars(kept, version=1)
    await choose_calendars(kept, CALENDAR, version=2)
    assert (await begin_reading(kept)).previous is None
    assert await due_calendars(kept) == (CALENDAR,)


@pytest.mark.parametrize(
    ("marked", "begun_later", "woken"),
    [(True, False, ["read_calendar"]), (False, False, []), (True, True, [])],
    ids=["marked meanwhile", "not marked", "somebody looks again already"],
)
async def test_workers_hear_of_a_calendar_that_a_look_leaves_due(
    kept: Kept, marked: bool, begun_later: bool, woken: list[str]
) -> None:
    """They may have passed it over while it was stored."""
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        look = await begin_look(tx, CALENDAR, now=NOW, until=after(minutes=2))
    assert look is not None
    async with kept.transaction() as tx:
        assert not marked or await tx.readings.mark(CALENDAR, NOW)
        if begun_later:
            await begin_look(tx, CALENDAR, now=after(seconds=1), until=after(minutes=2))
    async with kept.hearing() as heard:
        assert await store_reading(kept, look.task, a_reading(read_at=NOW))
        assert await heard() == woken


@pytest.mark.parametrize("marked", [True, False], ids=["marked meanwhile", "not marked"])
async def test_a_look_that_counts_as_older_than_what_is_there_is_over(kept: Kept, marked: bool) -> None:
    """It began later, in a process whose clock is behind."""
    await put_conflict_calendars(kept)
    task = await begin_reading(kept)
    newer = a_reading(read_at=after(seconds=1), busy=[an_interval()])
    assert await store_reading(kept, task, newer)
    async with kept.transaction() as tx:
        assert not marked or await tx.readings.mark(CALENDAR, NOW)
        look = await begin_look(tx, CALENDAR, now=NOW, until=after(minutes=2))
    assert look is not None
    async with kept.transaction() as tx:
        assert not marked or await tx.readings.mark(CALENDAR, NOW)
    async with kept.hearing() as heard:
        assert not await store_reading(kept, look.task, a_reading(read_at=NOW), due=60)
        assert await heard() == (["read_calendar"] if marked else [])
    assert (await begin_reading(kept)).previous == newer
    assert await due_calendars(kept) == ((CALENDAR,) if marked else ())
    assert await due_calendars(kept, minutes=60) == (CALENDAR,)
    async with kept.transaction() as tx:
        await tx.readings.free_begun(after(minutes=59), before=after(minutes=59))
    assert (await begin_reading(kept)).failures == 0, "nothing was left under way"


async def test_an_older_look_leaves_one_that_began_since_under_way(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        older = await begin_look(tx, CALENDAR, now=NOW, until=after(minutes=2))
        assert older is not None
        assert await tx.readings.store(
            older.task, a_reading(read_at=after(seconds=2)), due_at=after(minutes=60), now=after(days=1)
        )
        await begin_look(tx, CALENDAR, now=after(seconds=3), until=after(minutes=5))
    assert not await store_reading(kept, older.task, a_reading(read_at=NOW), due=10)
    assert await due_calendars(kept, minutes=4) == ()
    assert await due_calendars(kept, minutes=5) == (CALENDAR,)


async def test_a_reading_from_the_future_is_replaced(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    task = await begin_reading(kept)
    assert await store_reading(kept, task, a_reading(read_at=after(days=1)))
    now = a_reading(busy=[an_interval()])
    async with kept.transaction() as tx:
        assert not await tx.readings.store(task, now, due_at=NOW, now=after(days=1))
        assert await tx.readings.store(task, now, due_at=NOW, now=after(hours=23))
    assert (await begin_reading(kept)).previous == now


async def test_tells_which_calendars_something_overlaps_a_time_in(kept: Kept) -> None:
    await put_conflict_calendars(kept, "b", "a", "free", "unread")
    for calendar_id, starts in (("b", 24), ("a", 24.5), ("free", 26)):
        task = await begin_reading(kept, CalendarId(calendar_id))
        busy = [an_interval(starts=starts)]
        assert await store_reading(kept, task, a_reading(calendar_id, busy=busy, read_at=LONG_AGO))
    async with kept.transaction() as tx:
        assert await tx.readings.overlapping(EXPERT, an_interval()) == ((ACCOUNT, "a"), (ACCOUNT, "b"))
        assert await tx.readings.overlapping(EXPERT, an_interval(starts=25.5, hours=0.5)) == ()
        assert await tx.readings.overlapping(ExpertId("nobody"), an_interval()) == ()


async def test_an_older_reading_never_replaces_a_newer_one(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    slow, quick = await begin_reading(kept), await begin_reading(kept)
    newer = a_reading(read_at=after(minutes=1), busy=[an_interval()])
    assert await store_reading(kept, quick, newer, due=60)
    assert not await store_reading(kept, slow, a_reading(), due=10)
    assert (await begin_reading(kept)).previous == newer
    assert await due_calendars(kept, minutes=59) == ()


async def test_failures_are_counted_and_the_reading_stays(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    await store_reading(kept, await begin_reading(kept), a_reading())
    for _ in range(2):
        task = await begin_reading(kept)
        async with kept.transaction() as tx:
            await tx.readings.failed(task, due_at=after(minutes=7))
    task = await begin_reading(kept)
    assert (task.failures, task.previous) == (2, a_reading())
    assert await due_calendars(kept, minutes=6) == ()
    assert await due_calendars(kept, minutes=7) == (CALENDAR,)


async def test_a_success_ends_the_row_of_failures(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.readings.failed(a_reading_task(), due_at=NOW)
    await store_reading(kept, await begin_reading(kept), a_reading())
    assert (await begin_reading(kept)).failures == 0


async def test_a_failure_is_no_news_when_another_has_read_meanwhile(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    fails, succeeds = await begin_reading(kept), await begin_reading(kept)
    await store_reading(kept, succeeds, a_reading(), due=60)
    async with kept.transaction() as tx:
        await tx.readings.failed(fails, due_at=after(minutes=1))
    assert (await begin_reading(kept)).failures == 0
    assert await due_calendars(kept, minutes=59) == ()


async def test_readings_go_with_their_account(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    task = await begin_reading(kept)
    async with kept.transaction() as tx:
        await tx.accounts.remove(AccountId(ACCOUNT))
    assert not await store_reading(kept, task, a_reading())
    assert await due_calendars(kept) == ()
    assert await kept.known_times.of([EXPERT], an_interval(), now=NOW) != {}


async def test_the_zone_is_that_of_the_expert_now(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    async with kept.transaction() as tx:
        await tx.experts.put(an_expert(time_zone="Asia/Tokyo"))
    task = await begin_reading(kept)
    assert task.rule == BlockingRule("Asia/Tokyo")


@pytest.mark.parametrize("begun", ["asked for", "due"])
async def test_the_rule_is_that_of_the_experts_settings_now(kept: Kept, begun: str) -> None:
    await put_conflict_calendars(kept)
    for version, wanted in enumerate((True, False), start=1):
        changed = some_settings(conflict=[CALENDAR], tentative_blocks=wanted, version=version)
        async with kept.transaction() as tx:
            await tx.calendars.save_settings(changed)
            await tx.readings.mark(CALENDAR, NOW)
        async with kept.transaction() as tx:
            if begun == "due":
                room = Room(places=1, again=1)
                (look,) = await tx.readings.begin_due(room, now=NOW, until=NOW, pace=Pace(), jitter=[0.0])
            else:
                asked_for = await begin_look(tx, CALENDAR, now=NOW, until=NOW)
                assert asked_for is not None
                look = asked_for
        assert look.task.rule == BlockingRule("Europe/Berlin", tentative_blocks=wanted)
        assert (await begin_reading(kept)).rule == look.task.rule


async def test_a_reading_keeps_the_rule_it_was_made_under(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    reading = a_reading(busy=[an_interval()], tentative_blocks=True)
    assert await store_reading(kept, await begin_reading(kept), reading)
    assert (await begin_reading(kept)).previous == reading
    async with kept.transaction() as tx:
        assert await tx.readings.lock(CALENDAR) == reading
    known = await kept.known_times.of([EXPERT], an_interval(), now=NOW)
    assert known[EXPERT].calendars[0].reading == reading
    same_times = replace(reading, read_at=after(minutes=1), rule=BlockingRule("Europe/Berlin"))
    assert await store_reading(kept, await begin_reading(kept), same_times)
    assert (await begin_reading(kept)).previous == same_times


async def test_the_reading_that_is_there_can_be_looked_at_before_it_is_replaced(kept: Kept) -> None:
    await put_conflict_calendars(kept)
    reading = a_reading(busy=[an_interval()])
    async with kept.transaction() as tx:
        assert await tx.readings.lock(CALENDAR) is None
        assert await tx.readings.lock(CalendarId("unknown")) is None
    await store_reading(kept, await begin_reading(kept), reading)
    async with kept.transaction() as tx:
        assert await tx.readings.lock(CALENDAR) == reading


async def test_the_newest_look_at_an_account_is_known(kept: Kept) -> None:
    await put_conflict_calendars(kept, CALENDAR, "second", "unread")

    async def last_looked(account_id: str = ACCOUNT) -> datetime | None:
        async with kept.transaction() as tx:
            return await tx.readings.last_looked(ExpertId(EXPERT), AccountId(account_id))

    assert await last_looked() is None
    for calendar, minutes in ((CALENDAR, 5), ("second", 3)):
        task = await begin_reading(kept, CalendarId(calendar))
        assert await store_reading(kept, task, a_reading(calendar, read_at=after(minutes=minutes)))
    assert await last_looked() == after(minutes=5)
    assert await last_looked("another") is None
