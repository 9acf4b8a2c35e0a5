"""Whether tentative events make an expert busy: their settings say so, and answers keep to what they say now."""

import asyncio
from datetime import timedelta

import pytest

from domain.availability import UnreadReason, Verdict
from domain.blocking import BlockingRule, CalendarEntry, Instants, ShowAs
from domain.change import ChangeType
from domain.ids import CalendarId
from domain.interval import Interval
from tests.builders import EXPERT, an_interval
from tests.fakes.provider import Person
from tests.support.application import BUDGET, Application
from tests.unit.application.readings import (
    MOMENT,
    PRIMARY,
    SWEPT_EVERY,
    a_calendar_just_read,
    due_in,
    has_to_be_read,
    row,
)

SLOT = an_interval()
BEYOND = an_interval(starts=24 * 150)
"""After all that readings are kept for."""
BLOCKING = BlockingRule("Europe/Berlin", tentative_blocks=True)


@pytest.fixture
async def calendar_id(app: Application, maria: Person) -> CalendarId:
    """Of Maria, who may be somewhere at the two times; it was read a second ago."""
    for at in (SLOT, BEYOND):
        entry = CalendarEntry(when=Instants(at.start, at.end), show_as=ShowAs.TENTATIVE)
        maria.add_entry(PRIMARY, entry)
    return await a_calendar_just_read(app, maria)


async def verdict(app: Application, at: Interval = SLOT, *, max_age: timedelta | None = None) -> Verdict:
    known = await app.look_up_availability(EXPERT, at, max_age=max_age, budget=BUDGET)
    return known.check(at).verdict


async def block(app: Application, wanted: bool) -> None:
    await app.update_calendar_settings(EXPERT, tentative_blocks=wanted)


def reads(app: Application) -> int:
    return app.provider.calls["read_entries"]


@pytest.mark.usefixtures("calendar_id")
@pytest.mark.parametrize("at", [SLOT, BEYOND], ids=["kept", "read each time"])
async def test_the_next_answer_keeps_to_what_the_settings_say(app: Application, at: Interval) -> None:
    answers = [await verdict(app, at)]
    for wanted in (True, False):
        await block(app, wanted)
        answers.append(await verdict(app, at))
    assert answers == [Verdict.FREE, Verdict.BUSY, Verdict.FREE]


async def test_every_conflict_calendar_and_no_other_is_read_again_when_it_changes(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.add_calendar("Side")
    await app.list_calendars(EXPERT, refresh=True)
    for wanted in (True, False):
        await block(app, wanted)
        assert list(app.store.tables.readings) == [calendar_id]
        assert has_to_be_read(app, calendar_id)
        await app.pass_time(SWEPT_EVERY)
        reading = row(app, calendar_id).reading
        assert reading is not None
        assert (reading.rule.tentative_blocks, list(reading.busy)) == (wanted, [SLOT] if wanted else [])
        assert due_in(app, calendar_id) > timedelta()


async def test_what_was_so_already_has_nothing_read(app: Application, calendar_id: CalendarId) -> None:
    await block(app, False)
    assert not has_to_be_read(app, calendar_id)


@pytest.mark.usefixtures("calendar_id")
async def test_a_calendar_that_cannot_be_read_since_says_nothing(app: Application) -> None:
    await block(app, True)
    app.provider.outage = True
    assert await verdict(app) is Verdict.UNKNOWN
    await block(app, False)
    assert await verdict(app) is Verdict.FREE  # as was read under that very rule


@pytest.mark.parametrize("after_doing", [False, True], ids=["before it is read", "after it was read"])
async def test_a_look_that_was_under_way_when_it_changed_does_not_count(
    app: Application, calendar_id: CalendarId, after_doing: bool
) -> None:
    read = app.provider.hold("read_entries", after_doing=after_doing)
    async with app.running(app.read_calendar(calendar_id)) as reading:
        await read.reached.wait()
        app.clock.advance(MOMENT)
        await block(app, True)
        read.release()
        await reading
    assert has_to_be_read(app, calendar_id)
    app.provider.outage = True
    assert await verdict(app) is Verdict.UNKNOWN
    app.provider.outage = False
    assert await verdict(app) is Verdict.BUSY


@pytest.mark.usefixtures("calendar_id")
async def test_who_asks_while_a_look_from_before_is_under_way_is_answered_by_one_from_after(
    app: Application,
) -> None:
    first = app.provider.hold("read_entries", after_doing=True)
    async with app.running(verdict(app, max_age=timedelta())) as early:
        await first.reached.wait()
        app.clock.advance(MOMENT)
        await block(app, True)
        async with app.running(verdict(app)) as late:
            await asyncio.sleep(0)
            first.release()
            assert await late is Verdict.BUSY
            assert await early is not Verdict.FREE


async def test_a_look_that_finds_the_same_under_another_rule_is_another_reading(
    app: Application, maria: Person, calendar_id: CalendarId
) -> None:
    maria.entries.clear()
    await app.read_calendar(calendar_id)
    app.clock.advance(MOMENT)
    await block(app, True)
    await app.pass_time(SWEPT_EVERY)
    reading, looks = row(app, calendar_id).reading, reads(app)
    assert reading is not None
    assert (reading.rule, list(reading.busy)) == (BLOCKING, [])
    assert await verdict(app) is Verdict.FREE
    assert reads(app) == looks


@pytest.mark.usefixtures("calendar_id")
async def test_a_look_beyond_that_was_under_way_when_it_changed_answers_nothing(app: Application) -> None:
    read = app.provider.hold("read_entries", after_doing=True)
    looking = app.look_up_availability(EXPERT, BEYOND, budget=BUDGET)
    async with app.running(looking) as question:
        await read.reached.wait()
        await block(app, True)
        read.release()
        known = await question
    assert known.check(BEYOND).verdict is Verdict.UNKNOWN
    assert [one.reason for one in known.unread] == [UnreadReason.TIMED_OUT]
    assert await verdict(app, BEYOND) is Verdict.BUSY


@pytest.mark.usefixtures("calendar_id")
async def test_watchers_hear_of_the_settings_and_then_of_the_busy_time(app: Application) -> None:
    app.forget_changes()
    await block(app, True)
    await app.pass_time(SWEPT_EVERY)
    told = [one.type for one in app.changes(ChangeType.CALENDARS_CHANGED, ChangeType.BUSY_TIME_CHANGED)]
    assert told == [ChangeType.CALENDARS_CHANGED, ChangeType.BUSY_TIME_CHANGED]


@pytest.mark.usefixtures("calendar_id")
async def test_a_session_that_a_tentative_event_overlaps_now_is_told(app: Application) -> None:
    session = await app.book(interval=SLOT)
    await app.pass_time(SWEPT_EVERY)
    assert app.changes(ChangeType.SESSION_COLLIDES) == []
    await block(app, True)
    await app.pass_time(SWEPT_EVERY)
    (told,) = app.changes(ChangeType.SESSION_COLLIDES)
    assert told.session_id == session.session_id
