"""Questions that reach beyond the window readings are kept for."""

import asyncio
from datetime import date, timedelta

import pytest

from domain.access import ProviderUnavailable
from domain.account import Provider
from domain.availability import Availability, ReadingSource, UnreadReason, Verdict
from domain.blocking import CalendarEntry, Days, ShowAs
from domain.interval import Interval
from tests.builders import EXPERT, SESSION, after, an_expert, an_interval
from tests.fakes.provider import Person
from tests.support.application import BUDGET, Application

PRIMARY = "object-maria/Calendar"
MOMENT = timedelta(seconds=1)
SHORT = timedelta(milliseconds=20)
BEFORE = an_interval(starts=-24 * 10)
INSIDE = an_interval()
AFTER = an_interval(starts=24 * 150)
ACROSS_THE_START = Interval(BEFORE.start, INSIDE.end)
ACROSS_THE_END = Interval(INSIDE.start, AFTER.end)
ALL = Interval(BEFORE.start, AFTER.end)


@pytest.fixture
async def reader(app: Application, maria: Person) -> Person:
    """Maria, connected, busy before, inside and after the window; her calendar was read a second ago."""
    for one in (BEFORE, INSIDE, AFTER):
        maria.block(one)
    await app.connect(maria)
    await app.run_jobs()
    app.clock.advance(MOMENT)
    app.provider.calls.clear()
    return maria


async def look_up(
    app: Application, window: Interval, *, max_age: timedelta | None = None, budget: timedelta = BUDGET
) -> Availability:
    return await app.look_up_availability(EXPERT, window, max_age=max_age, budget=budget)


def reads(app: Application) -> int:
    return app.provider.calls["read_entries"]


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    ("window", "busy", "looks"),
    [
        (INSIDE, [INSIDE], 0),
        (BEFORE, [BEFORE], 1),
        (AFTER, [AFTER], 1),
        (ACROSS_THE_START, [BEFORE, INSIDE], 1),
        (ACROSS_THE_END, [INSIDE, AFTER], 1),
        (ALL, [BEFORE, INSIDE, AFTER], 2),
    ],
)
async def test_only_what_lies_beyond_is_looked_at(
    app: Application, window: Interval, busy: list[Interval], looks: int
) -> None:
    known = await look_up(app, window)

    assert known.complete
    assert list(known.busy) == busy
    assert reads(app) == looks


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    ("window", "source"),
    [(INSIDE, ReadingSource.STORED), (AFTER, ReadingSource.LIVE), (ALL, ReadingSource.STORED)],
)
async def test_the_answer_is_as_old_as_its_oldest_part(
    app: Application, window: Interval, source: ReadingSource
) -> None:
    (reading,) = (await look_up(app, window)).readings

    age = MOMENT if source is ReadingSource.STORED else timedelta()
    assert (reading.source, app.clock.now() - reading.read_at) == (source, age)


@pytest.mark.usefixtures("reader")
async def test_a_question_wholly_beyond_needs_no_reading_of_what_is_kept(app: Application) -> None:
    known = await look_up(app, AFTER, max_age=timedelta())

    assert known.check(AFTER).verdict is Verdict.BUSY
    assert reads(app) == 1


@pytest.mark.usefixtures("reader")
async def test_a_live_look_on_both_sides_of_the_edge_is_live(app: Application) -> None:
    (reading,) = (await look_up(app, ALL, max_age=timedelta())).readings

    assert (reading.source, reading.read_at) == (ReadingSource.LIVE, app.clock.now())


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("window", [BEFORE, AFTER, ACROSS_THE_START, ACROSS_THE_END, ALL])
async def test_a_failure_beyond_makes_the_calendar_unread(app: Application, window: Interval) -> None:
    app.provider.fail("read_entries", ProviderUnavailable(throttled=True))

    known = await look_up(app, window)

    assert [one.reason for one in known.unread] == [UnreadReason.THROTTLED]
    assert known.readings == ()
    assert known.check(an_interval(starts=48)).verdict is Verdict.UNKNOWN


@pytest.mark.usefixtures("reader")
async def test_what_takes_too_long_beyond_is_named_and_not_waited_for(app: Application) -> None:
    app.provider.hold("read_entries")

    known = await look_up(app, ALL, budget=SHORT)

    assert [one.reason for one in known.unread] == [UnreadReason.TIMED_OUT]


@pytest.mark.usefixtures("reader")
async def test_however_many_ask_beyond_at_once_one_look_answers(app: Application) -> None:
    answers = await asyncio.gather(*(look_up(app, AFTER) for _ in range(10)))

    assert reads(app) == 1
    assert all(list(known.busy) == [AFTER] for known in answers)


@pytest.mark.usefixtures("reader")
async def test_who_looks_now_beyond_is_not_served_by_a_look_from_before(app: Application) -> None:
    first = app.provider.hold("read_entries")
    async with app.running(look_up(app, AFTER)) as early:
        await first.reached.wait()
        app.clock.advance(MOMENT)
        async with app.running(look_up(app, AFTER, max_age=timedelta())) as late:
            await asyncio.sleep(0)
            first.release()
            await early
            (reading,) = (await late).readings

    assert reading.read_at == app.clock.now()
    assert reads(app) == 2


async def test_a_calendar_found_gone_beyond_has_the_list_looked_at_again(
    app: Application, reader: Person
) -> None:
    del reader.calendars[PRIMARY]
    reader.add_calendar("Other")

    known = await look_up(app, AFTER)
    await app.run_jobs()

    assert [one.reason for one in known.unread] == [UnreadReason.CALENDAR_MISSING]
    assert (await app.calendar(PRIMARY)).missing


@pytest.mark.usefixtures("reader")
async def test_a_good_look_beyond_ends_an_alarm(app: Application) -> None:
    app.alarms.provider_misconfigured(Provider.MICROSOFT, "invalid_client")

    await look_up(app, AFTER)

    assert app.alarms.raised == {}


@pytest.mark.usefixtures("reader")
async def test_what_nobody_foresaw_beyond_is_told_and_leaves_the_calendar_unread(app: Application) -> None:
    app.provider.fail("read_entries", ZeroDivisionError())

    known = await look_up(app, AFTER)

    assert [one.reason for one in known.unread] == [UnreadReason.SERVICE_FAILED]
    assert [type(one) for one in app.alarms.faults] == [ZeroDivisionError]


async def test_lost_access_found_beyond_is_reported(app: Application, reader: Person) -> None:
    reader.revoke()

    known = await look_up(app, AFTER)

    assert [one.reason for one in known.unread] == [UnreadReason.RECONNECT_REQUIRED]
    assert len(app.store.tables.incidents) == 1


async def test_our_own_events_beyond_are_no_busy_time_but_their_sessions_are(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    await app.book(interval=AFTER)
    await app.run_jobs()
    assert len(maria.events) == 1

    known = await look_up(app, AFTER)

    assert not known.readings[0].busy
    assert known.check(AFTER).takers.sessions == (SESSION,)


async def test_an_all_day_event_beyond_blocks_the_days_of_the_experts_zone(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    day = date(2027, 8, 10)
    maria.add_entry(PRIMARY, CalendarEntry(when=Days(day, day + timedelta(days=1)), show_as=ShowAs.BUSY))

    (busy,) = (await look_up(app, Interval(after(days=155), after(days=170)))).busy

    assert (busy.start.date(), busy.start.hour, busy.length) == (date(2027, 8, 9), 22, timedelta(days=1))


async def test_a_calendar_chosen_meanwhile_is_unread_beyond_though_a_reading_of_it_came(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await app.run_jobs()
    maria.block(AFTER, calendar=side)
    both = [(await app.calendar(one)).calendar_id for one in (PRIMARY, side)]
    beyond = app.provider.hold("read_entries")
    async with app.running(look_up(app, ACROSS_THE_END)) as looking:
        await beyond.reached.wait()
        await app.update_calendar_settings(EXPERT, conflict=both)
        await app.run_jobs()
        beyond.release()
        known = await looking

    assert [one.calendar_id for one in known.unread] == [both[1]]
    assert known.check(AFTER).verdict is Verdict.UNKNOWN


async def test_a_zone_that_changes_during_the_look_leaves_what_lies_beyond_unread(
    app: Application, reader: Person
) -> None:
    beyond = app.provider.hold("read_entries")
    async with app.running(look_up(app, AFTER)) as looking:
        await beyond.reached.wait()
        async with app.store.transaction() as tx:
            await tx.experts.put(an_expert(time_zone="Pacific/Auckland"))
        beyond.release()
        known = await looking

    assert not known.complete


async def test_a_calendar_that_cannot_be_read_is_not_asked_about_what_lies_beyond(
    app: Application, reader: Person
) -> None:
    reader.revoke()
    await look_up(app, AFTER)
    app.provider.calls.clear()

    known = await look_up(app, ALL)

    assert [one.reason for one in known.unread] == [UnreadReason.RECONNECT_REQUIRED]
    assert reads(app) == 0
