"""Events of sessions that their owners changed: they block where they are, stand in the way of no session of their own,
and the callers are told once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.access import AccessDenied, WriteRefused
from domain.availability import Availability, Verdict
from domain.blocking import Days
from domain.change import Change, ChangeType
from domain.hold import TimeTaken
from domain.ids import CalendarId, SessionId
from domain.interval import Interval
from domain.session import WriteStatus
from tests.builders import ACCOUNT, EXPERT, NOW, SESSION, after, an_interval, some_details
from tests.fakes.provider import Person, entry_of
from tests.support.application import BUDGET, Application

PRIMARY = "object-maria/Calendar"
MOMENT = timedelta(seconds=1)
SLOT = an_interval()
DRAGGED = an_interval(starts=29)
A_WEEK_LATER = an_interval(starts=24 + 7 * 24)
WINDOW = Interval(NOW, after(days=14))
FAR = an_interval(starts=150 * 24)
"""Beyond what readings are kept for."""


@pytest.fixture
async def calendar_id(app: Application, maria: Person) -> CalendarId:
    """Maria's primary calendar, with a session's event at SLOT; nothing was told of it yet."""
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    app.clock.advance(MOMENT)
    app.forget_changes()
    return (await app.calendar(PRIMARY)).calendar_id


def drag(maria: Person, to: Interval) -> None:
    maria.the_event.interval = to


def copy(maria: Person, *to: Interval, calendar: str = PRIMARY) -> None:
    """With its mark, as Outlook may."""
    event = maria.the_event
    for number, interval in enumerate(to):
        remote_id = f"copy-{number}"
        maria.events[remote_id] = replace(event, remote_id=remote_id, interval=interval, calendar=calendar)


async def look_up(app: Application, *excluded: str, max_age: timedelta | None = timedelta()) -> Availability:
    """A moment later."""
    app.clock.advance(MOMENT)
    sessions = [SessionId(one) for one in excluded]
    return await app.look_up_availability(EXPERT, WINDOW, excluded=sessions, max_age=max_age, budget=BUDGET)


async def read(app: Application, calendar_id: CalendarId) -> list[Change]:
    """A moment later; what was told of owners' changes since the last time."""
    app.clock.advance(MOMENT)
    app.forget_changes()
    await app.read_calendar(calendar_id)
    return app.changes(ChangeType.SESSION_EVENT_CHANGED)


def told(app: Application, calendar_id: CalendarId) -> list[Change]:
    return [
        Change(
            type=ChangeType.SESSION_EVENT_CHANGED,
            expert_id=EXPERT,
            at=app.clock.now(),
            account_id=ACCOUNT,
            calendar_id=calendar_id,
            session_id=SESSION,
        )
    ]


async def test_a_dragged_event_blocks_where_it_is_and_its_session_where_that_is(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    drag(maria, DRAGGED)

    known = await look_up(app)

    assert tuple(known.busy) == (SLOT, DRAGGED)
    assert known.check(DRAGGED).takers.calendars == (calendar_id,)
    assert (await look_up(app, max_age=None)).busy == known.busy


async def test_a_time_that_an_event_was_dragged_to_is_booked_by_nobody_else(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    drag(maria, DRAGGED)
    app.clock.advance(MOMENT)

    with pytest.raises(TimeTaken):
        await app.book("session-2", interval=DRAGGED, only_if_free=True)
    with pytest.raises(TimeTaken):
        await app.hold(interval=DRAGGED)


@pytest.mark.parametrize("starts", [28.5, 29, 29.5])
async def test_a_session_may_follow_its_dragged_event(
    app: Application, maria: Person, calendar_id: CalendarId, starts: float
) -> None:
    drag(maria, DRAGGED)
    await app.read_calendar(calendar_id)
    to = an_interval(starts=starts)

    await app.book(interval=to, only_if_free=True)
    await app.run_jobs()

    assert maria.the_event.interval == to
    assert tuple((await look_up(app, max_age=None)).busy) == (to,), "the time it was dragged to is free again"


@pytest.mark.parametrize("loses_its_mark", [False, True])
@pytest.mark.parametrize("starts", [23.5, 24.5])
async def test_a_session_moved_by_half_an_hour_is_not_refused_by_its_own_event(
    app: Application, maria: Person, calendar_id: CalendarId, starts: float, loses_its_mark: bool
) -> None:
    if loses_its_mark:
        event = maria.events.pop(maria.the_event.remote_id)
        maria.add_entry(PRIMARY, replace(entry_of(event), mark=None))

    await app.book(interval=an_interval(starts=starts), only_if_free=True)


async def test_a_session_whose_change_waits_is_not_refused_by_its_event_where_that_was_left(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    app.provider.fail("update", AccessDenied(), times=9)
    await app.book(interval=DRAGGED)
    await app.run_jobs()
    assert (await app.session()).status is WriteStatus.WAITING

    assert tuple((await look_up(app)).busy) == (DRAGGED,), "the old time was given back"
    await app.book(interval=an_interval(starts=24.5), only_if_free=True)


@pytest.mark.parametrize("at", [SLOT, A_WEEK_LATER])
async def test_a_copy_blocks_whoever_asks(
    app: Application, maria: Person, calendar_id: CalendarId, at: Interval
) -> None:
    copy(maria, at)

    known = await look_up(app, SESSION)

    assert tuple(known.busy) == (at,)


async def test_a_copy_in_another_calendar_blocks_too(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    side = maria.add_calendar("Side")
    await app.list_calendars(EXPERT, refresh=True)
    side_id = (await app.calendar(side)).calendar_id
    await app.update_calendar_settings(EXPERT, conflict=[calendar_id, side_id])
    copy(maria, SLOT, calendar=side)

    known = await look_up(app, SESSION)

    assert known.check(SLOT).takers.calendars == (side_id,)


async def test_an_event_made_longer_blocks_all_of_it_and_collides_with_others_only(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.book("session-2", interval=an_interval(starts=25.5))
    await app.run_jobs()
    event = next(one for one in maria.events.values() if one.interval == SLOT)
    event.interval = an_interval(hours=2)

    await read(app, calendar_id)

    assert [one.session_id for one in app.changes(ChangeType.SESSION_COLLIDES)] == ["session-2"]
    assert list((await look_up(app, SESSION, "session-2")).busy) == []
    assert list((await look_up(app, "session-2")).busy) == [an_interval(hours=2)]


async def test_an_event_turned_into_a_day_blocks_the_day(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    event = maria.events.pop(maria.the_event.remote_id)
    day = event.interval.start.date()
    maria.add_entry(PRIMARY, replace(entry_of(event), when=Days(day, day + timedelta(days=1))))

    assert await read(app, calendar_id) == told(app, calendar_id)
    assert (await look_up(app)).check(an_interval(starts=30)).verdict is Verdict.BUSY


async def test_far_ahead_the_same_holds(app: Application, maria: Person, calendar_id: CalendarId) -> None:
    await app.book(interval=FAR)
    await app.run_jobs()
    later = Interval(FAR.start + timedelta(minutes=30), FAR.end + timedelta(minutes=30))
    drag(maria, later)
    app.clock.advance(MOMENT)

    with pytest.raises(TimeTaken):
        await app.book("session-2", interval=Interval(FAR.end, later.end), only_if_free=True)
    await app.book(interval=Interval(FAR.end, later.end), only_if_free=True)


async def test_an_event_that_is_there_after_its_removal_blocks(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    event = replace(maria.the_event)
    await app.cancel_session(EXPERT, SESSION)
    await app.run_jobs()
    assert (await app.session()).status is WriteStatus.WRITTEN
    maria.events[event.remote_id] = event

    assert tuple((await look_up(app)).busy) == (SLOT,)


@pytest.mark.parametrize("fault", [AccessDenied(), WriteRefused(code="ErrorCalendarIsReadOnly")])
async def test_an_event_that_cannot_be_removed_blocks_from_then_on(
    app: Application, maria: Person, calendar_id: CalendarId, fault: Exception
) -> None:
    await app.cancel_session(EXPERT, SESSION)
    assert tuple((await look_up(app)).busy) == ()
    app.provider.fail("delete", fault, times=9)

    await app.run_jobs()

    known = await look_up(app, max_age=None)
    assert tuple(known.busy) == (SLOT,), "without anybody's asking for a new look"
    app.provider.mend()
    await app.pass_time(timedelta(minutes=6))
    if (await app.session()).status is WriteStatus.WRITTEN:
        assert tuple((await look_up(app, max_age=None)).busy) == ()


# What is told


async def test_a_move_is_told_once_and_each_further_one_again(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    drag(maria, DRAGGED)
    assert await read(app, calendar_id) == told(app, calendar_id)
    assert await read(app, calendar_id) == []

    drag(maria, A_WEEK_LATER)
    assert await read(app, calendar_id) == told(app, calendar_id)
    drag(maria, SLOT)
    assert await read(app, calendar_id) == []
    drag(maria, A_WEEK_LATER)
    assert await read(app, calendar_id) == told(app, calendar_id)


@pytest.mark.parametrize("interval", [an_interval(hours=2), an_interval(hours=0.5), DRAGGED, FAR])
async def test_every_change_of_its_time_is_told(
    app: Application, maria: Person, calendar_id: CalendarId, interval: Interval
) -> None:
    drag(maria, interval)
    assert await read(app, calendar_id) == told(app, calendar_id)


async def test_a_move_is_told_once_more_after_a_change_that_left_the_event_there(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    drag(maria, DRAGGED)
    assert await read(app, calendar_id) == told(app, calendar_id)
    app.forget_changes()
    await app.book(details=some_details("Other"))
    await app.run_jobs()
    app.clock.advance(MOMENT)
    await app.read_calendar(calendar_id)

    assert (maria.the_event.details.title, maria.the_event.interval) == ("Other", DRAGGED)
    assert len(app.changes(ChangeType.SESSION_EVENT_CHANGED)) == 1
    assert await read(app, calendar_id) == []


async def test_a_deletion_is_told_once(app: Application, maria: Person, calendar_id: CalendarId) -> None:
    event = maria.events.pop(maria.the_event.remote_id)
    assert await read(app, calendar_id) == told(app, calendar_id)
    assert await read(app, calendar_id) == []

    maria.events[event.remote_id] = event
    assert await read(app, calendar_id) == []
    assert app.changes() == [], "as if nothing had been"


async def test_a_copy_and_a_series_are_told_once(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    weekly = [an_interval(starts=24 + week * 7 * 24) for week in range(1, 12)]
    copy(maria, *weekly)
    assert await read(app, calendar_id) == told(app, calendar_id)
    assert await read(app, calendar_id) == []
    await app.pass_time(timedelta(days=7))
    assert app.changes(ChangeType.SESSION_EVENT_CHANGED) == [], "another occurrence came into view"


async def test_an_old_event_that_is_brought_back_blocks_and_is_told(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    old = maria.events.pop(maria.the_event.remote_id)
    await app.book(details=some_details("Changed"))
    await app.run_jobs()
    assert await read(app, calendar_id) == []
    maria.events[old.remote_id] = replace(old, interval=DRAGGED)

    assert await read(app, calendar_id) == told(app, calendar_id)
    assert tuple((await look_up(app, SESSION)).busy) == (DRAGGED,)


async def test_nothing_is_told_of_what_we_do_ourselves(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    assert await read(app, calendar_id) == []
    await app.book(interval=DRAGGED)
    assert await read(app, calendar_id) == []
    await app.run_jobs()
    assert await read(app, calendar_id) == []
    await app.cancel_session(EXPERT, SESSION)
    assert await read(app, calendar_id) == []
    await app.run_jobs()
    assert await read(app, calendar_id) == []


async def test_an_event_moved_by_us_while_its_calendar_is_read_is_nobodys_change(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    await app.book(interval=DRAGGED)
    slow = app.provider.hold("read_entries", after_doing=True)
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await slow.reached.wait()
        app.clock.advance(MOMENT)
        await app.write()
        slow.release()
        await reading

    assert app.changes(ChangeType.SESSION_EVENT_CHANGED) == []
    reading_now = app.store.tables.readings[calendar_id].reading
    assert reading_now is not None
    assert not reading_now.taken()


async def test_a_dragged_event_moved_back_by_us_while_its_calendar_is_read_has_it_read_again(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    drag(maria, DRAGGED)
    await app.book(interval=A_WEEK_LATER)
    slow = app.provider.hold("read_entries", after_doing=True)
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await slow.reached.wait()
        app.clock.advance(MOMENT)
        await app.write()
        slow.release()
        await reading
    assert tuple((await look_up(app, max_age=None)).busy) == (DRAGGED, A_WEEK_LATER)

    await app.run_jobs()

    assert tuple((await look_up(app, max_age=None)).busy) == (A_WEEK_LATER,)
    assert app.changes(ChangeType.SESSION_EVENT_CHANGED) == []


async def test_a_change_under_way_is_told_when_the_event_is_not_found_as_it_was_written(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    drag(maria, DRAGGED)
    await app.book(interval=A_WEEK_LATER)
    assert await read(app, calendar_id) == []
    await app.run_jobs()

    drag(maria, DRAGGED)
    assert await read(app, calendar_id) == told(app, calendar_id)


async def test_the_event_seen_through_a_second_account_is_one_event(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    second = app.provider.add_person("second")
    await app.connect(second)
    await app.run_jobs()
    theirs = (await app.calendar("object-second/Calendar")).calendar_id
    seen = replace(entry_of(maria.the_event), remote_id="as-others-know-it")
    second.add_entry("object-second/Calendar", seen)

    assert tuple((await look_up(app, SESSION)).busy) == ()
    drag(maria, DRAGGED)
    second.entries["object-second/Calendar"] = [
        replace(entry_of(maria.the_event), remote_id="as-others-know-it")
    ]
    assert tuple((await look_up(app, SESSION)).busy) == ()
    assert len(app.changes(ChangeType.SESSION_EVENT_CHANGED)) == 1
    assert await read(app, theirs) == []


async def test_many_who_ask_at_once_tell_it_once(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    drag(maria, DRAGGED)
    app.clock.advance(MOMENT)

    await asyncio.gather(*(look_up(app) for _ in range(5)))

    assert len(app.changes(ChangeType.SESSION_EVENT_CHANGED)) == 1
