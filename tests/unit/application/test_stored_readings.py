"""How old a stored reading may be to answer, and what happens when it is older."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.access import ProviderUnavailable
from domain.availability import Availability, ReadingSource, UnreadReason, Verdict
from domain.blocking import CalendarEntry, Days, ShowAs
from domain.interval import Interval
from tests.builders import EXPERT, NOW, after, an_expert, an_interval
from tests.fakes.provider import Person
from tests.support.application import BUDGET, DEFAULT_MAX_AGE, Application

WINDOW = Interval(NOW, after(days=7))
PRIMARY = "object-maria/Calendar"
MOMENT = timedelta(seconds=1)


@pytest.fixture
async def reader(app: Application, maria: Person) -> Person:
    """Maria, connected; her calendar was read a second ago."""
    await app.connect(maria)
    await app.run_jobs()
    app.clock.advance(MOMENT)
    return maria


async def look_up(app: Application, *, max_age: timedelta | None = None) -> Availability:
    return await app.look_up_availability(EXPERT, WINDOW, max_age=max_age, budget=BUDGET)


def reads(app: Application) -> int:
    return app.provider.calls["read_entries"]


async def test_a_chosen_calendar_is_read_before_anybody_asks(app: Application, maria: Person) -> None:
    maria.block(an_interval())
    await app.connect(maria)
    await app.run_jobs()
    app.clock.advance(MOMENT)
    before = reads(app)

    known = await look_up(app)

    assert list(known.busy) == [an_interval()]
    assert [one.source for one in known.readings] == [ReadingSource.STORED]
    assert reads(app) == before


async def test_zero_looks_now(app: Application, reader: Person) -> None:
    reader.block(an_interval())

    known = await look_up(app, max_age=timedelta())

    assert list(known.busy) == [an_interval()]
    assert [(one.source, one.read_at) for one in known.readings] == [(ReadingSource.LIVE, app.clock.now())]


async def test_a_young_reading_answers_without_asking_the_provider(app: Application, reader: Person) -> None:
    reader.block(an_interval())
    read_at, before = app.clock.now() - MOMENT, reads(app)
    app.provider.outage = True

    known = await look_up(app, max_age=MOMENT)

    assert known.check(an_interval()).verdict is Verdict.FREE
    assert [(one.source, one.read_at) for one in known.readings] == [(ReadingSource.STORED, read_at)]
    assert reads(app) == before


@pytest.mark.parametrize("max_age", [timedelta(), None])
async def test_a_reading_from_the_future_never_answers_and_is_replaced(
    app: Application, reader: Person, max_age: timedelta | None
) -> None:
    calendar_id = (await app.calendar(PRIMARY)).calendar_id
    row = app.store.tables.readings[calendar_id]
    assert row.reading is not None
    wrong = replace(row.reading, read_at=after(days=1))
    app.store.tables.readings[calendar_id] = replace(row, reading=wrong, due_at=after(days=1))
    reader.block(an_interval())

    known = await look_up(app, max_age=max_age)

    assert known.check(an_interval()).verdict is Verdict.BUSY
    stored = app.store.tables.readings[calendar_id]
    assert stored.reading is not None
    assert stored.reading.read_at == app.clock.now()
    assert stored.due_at < after(days=1)


async def test_what_nobody_foresaw_at_one_calendar_leaves_the_others_answered(
    app: Application, reader: Person
) -> None:
    side = reader.add_calendar("Side")
    await app.list_calendars(EXPERT, refresh=True)
    both = [(await app.calendar(one)).calendar_id for one in (PRIMARY, side)]
    await app.update_calendar_settings(EXPERT, conflict=both)
    await app.run_jobs()
    app.clock.advance(MOMENT)
    reader.block(an_interval(), calendar=side)
    app.provider.fail("read_entries", ZeroDivisionError(), calendar=PRIMARY)

    known = await look_up(app, max_age=timedelta())

    assert [(one.calendar_id, one.reason) for one in known.unread] == [(both[0], UnreadReason.SERVICE_FAILED)]
    assert known.check(an_interval()).verdict is Verdict.BUSY
    assert [type(one) for one in app.alarms.faults] == [ZeroDivisionError]


async def test_the_default_bound_counts_where_the_caller_sets_none(app: Application, reader: Person) -> None:
    before = reads(app)
    app.clock.advance(DEFAULT_MAX_AGE - MOMENT)
    assert [one.source for one in (await look_up(app)).readings] == [ReadingSource.STORED]
    assert reads(app) == before

    app.clock.advance(MOMENT)
    assert [one.source for one in (await look_up(app)).readings] == [ReadingSource.LIVE]
    assert reads(app) == before + 1


async def test_what_was_looked_at_for_one_answers_the_next(app: Application, reader: Person) -> None:
    reader.block(an_interval())
    await look_up(app, max_age=timedelta())
    before = reads(app)
    app.clock.advance(MOMENT)

    known = await look_up(app, max_age=MOMENT)

    assert list(known.busy) == [an_interval()]
    assert reads(app) == before


async def test_only_the_calendars_that_are_too_old_are_read(app: Application, reader: Person) -> None:
    second = app.provider.add_person("second")
    app.clock.advance(timedelta(minutes=10))
    await app.connect(second)
    await app.run_jobs()
    before = reads(app)
    app.clock.advance(timedelta(minutes=5))

    known = await look_up(app)

    assert reads(app) == before + 1
    assert [one.source for one in known.readings] == [ReadingSource.LIVE, ReadingSource.STORED]


async def test_a_stale_reading_that_cannot_be_renewed_is_no_knowledge(
    app: Application, reader: Person
) -> None:
    app.provider.outage = True

    known = await look_up(app, max_age=timedelta())

    assert [one.reason for one in known.unread] == [UnreadReason.PROVIDER_UNAVAILABLE]
    assert known.check(an_interval()).verdict is Verdict.UNKNOWN


async def test_a_failed_look_leaves_the_old_reading_to_those_whom_it_suffices(
    app: Application, reader: Person
) -> None:
    app.provider.fail("read_entries", ProviderUnavailable())
    await look_up(app, max_age=timedelta())
    before = reads(app)

    known = await look_up(app)

    assert known.complete
    assert reads(app) == before


async def test_a_new_time_zone_makes_every_reading_too_old(app: Application, reader: Person) -> None:
    day = date(2027, 3, 4)
    reader.add_entry(PRIMARY, CalendarEntry(when=Days(day, day + timedelta(days=1)), show_as=ShowAs.BUSY))
    in_berlin = await look_up(app, max_age=timedelta())
    app.clock.advance(MOMENT)
    expert = an_expert(time_zone="Pacific/Auckland")
    async with app.store.transaction() as tx:
        await tx.experts.put(expert)

    in_auckland = await look_up(app)

    (there,), (here,) = in_auckland.busy, in_berlin.busy
    assert here.start - there.start == timedelta(hours=12)
    assert [one.source for one in in_auckland.readings] == [ReadingSource.LIVE]


async def test_a_zone_that_changes_during_the_look_leaves_the_calendar_unread(
    app: Application, reader: Person
) -> None:
    read = app.provider.hold("read_entries")
    async with app.running(look_up(app, max_age=timedelta())) as looking:
        await read.reached.wait()
        async with app.store.transaction() as tx:
            await tx.experts.put(an_expert(time_zone="Pacific/Auckland"))
        read.release()
        known = await looking

    assert not known.complete


async def test_a_reading_of_before_midnight_says_nothing_of_the_day_that_came_into_reach(
    app: Application, reader: Person
) -> None:
    app.clock.advance(timedelta(hours=11, minutes=55))
    await look_up(app, max_age=timedelta())
    app.clock.advance(timedelta(minutes=10))
    last_day = Interval(after(days=121, hours=11), after(days=121, hours=12))
    reader.block(last_day)

    known = await app.look_up_availability(EXPERT, last_day, budget=BUDGET)

    assert known.check(last_day).verdict is Verdict.BUSY


async def test_what_was_known_of_a_lost_account_counts_no_more_and_does_again_after_the_reconnect(
    app: Application, reader: Person
) -> None:
    reader.block(an_interval())
    reader.revoke()
    known = await look_up(app, max_age=timedelta())
    assert [one.reason for one in known.unread] == [UnreadReason.RECONNECT_REQUIRED]
    assert [one.reason for one in (await look_up(app)).unread] == [UnreadReason.RECONNECT_REQUIRED]

    await app.connect(reader)
    await app.run_jobs()
    app.clock.advance(MOMENT)

    known = await look_up(app)
    assert known.complete
    assert list(known.busy) == [an_interval()]
    assert [one.source for one in known.readings] == [ReadingSource.STORED]


async def test_a_calendar_no_longer_chosen_is_forgotten_and_read_afresh_when_chosen_again(
    app: Application, reader: Person
) -> None:
    calendar_id = (await app.calendar(PRIMARY)).calendar_id
    await app.update_calendar_settings(EXPERT, conflict=[])
    assert app.store.tables.readings == {}
    reader.block(an_interval())

    await app.update_calendar_settings(EXPERT, conflict=[calendar_id])
    await app.run_jobs()

    assert list((await look_up(app)).busy) == [an_interval()]


async def test_a_calendar_chosen_during_the_look_is_not_taken_for_free(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    both = [(await app.calendar(one)).calendar_id for one in (PRIMARY, side)]
    maria.block(an_interval(), calendar=side)
    read = app.provider.hold("read_entries")
    async with app.running(look_up(app)) as looking:
        await read.reached.wait()
        await app.update_calendar_settings(EXPERT, conflict=both)
        read.release()
        known = await looking

    assert [one.calendar_id for one in known.unread] == [both[1]]
    assert known.check(an_interval()).verdict is Verdict.UNKNOWN


async def test_a_calendar_unchosen_during_the_look_stands_in_nobodys_way(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    maria.block(an_interval())
    read = app.provider.hold("read_entries")
    async with app.running(look_up(app)) as looking:
        await read.reached.wait()
        await app.update_calendar_settings(EXPERT, conflict=[])
        read.release()
        known = await looking

    assert known.check(an_interval()).verdict is Verdict.FREE
    assert app.store.tables.readings == {}
