"""One reading of a calendar at a time, however many wait for it, and whoever leaves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial

import pytest

from application.ports.store import StoreUnavailable
from application.readings.single_flight import AT_ONCE, SingleFlight
from domain.access import ProviderUnavailable
from domain.availability import Availability, ReadFailure, ReadingSource, UnreadReason
from domain.ids import CalendarId
from domain.interval import Interval
from tests.builders import CALENDAR, EXPERT, NOW, after, an_interval
from tests.fakes.alarms import RecordingAlarms
from tests.fakes.clock import MovableClock
from tests.fakes.provider import Person
from tests.support.application import BUDGET, Application

WINDOW = Interval(NOW, after(days=7))
PRIMARY = "object-maria/Calendar"
SHORT = timedelta(milliseconds=20)
MOMENT = timedelta(seconds=1)
NO_GRACE = timedelta()


async def look_now(app: Application, *, budget: timedelta = BUDGET) -> Availability:
    return await app.look_up_availability(EXPERT, WINDOW, max_age=timedelta(), budget=budget)


def reads_of_provider(app: Application) -> int:
    return app.provider.calls["read_entries"]


async def test_however_many_ask_at_once_one_reading_answers(app: Application, maria: Person) -> None:
    await app.connect(maria)
    maria.block(an_interval())

    answers = await asyncio.gather(*(look_now(app) for _ in range(20)))

    assert reads_of_provider(app) == 1
    assert all(list(known.busy) == [an_interval()] for known in answers)


async def test_a_question_joins_the_reading_of_a_job(app: Application, maria: Person) -> None:
    await app.connect(maria)
    app.push.refuses = "off"
    read = app.provider.hold("read_entries")
    async with app.running(app.run_jobs()) as working:
        await read.reached.wait()
        async with app.running(app.look_up_availability(EXPERT, WINDOW, budget=BUDGET)) as looking:
            await asyncio.sleep(0)
            read.release()
            known = await looking
        await working

    assert known.complete
    assert reads_of_provider(app) == 1


async def test_who_needs_a_younger_reading_waits_for_the_one_under_way_and_then_for_their_own(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    read = app.provider.hold("read_entries", after_doing=True)
    async with app.running(look_now(app)) as early:
        await read.reached.wait()
        app.clock.advance(MOMENT)
        maria.block(an_interval())
        async with app.running(look_now(app)) as late:
            await asyncio.sleep(0)
            assert reads_of_provider(app) == 1
            read.release()
            await early
            now = await late

    assert list(now.busy) == [an_interval()]
    assert [one.source for one in now.readings] == [ReadingSource.LIVE]
    assert reads_of_provider(app) == 2


async def test_what_came_too_late_is_stored_for_the_next(app: Application, maria: Person) -> None:
    await app.connect(maria)
    maria.block(an_interval())
    read = app.provider.hold("read_entries")
    known = await look_now(app, budget=SHORT)
    assert [one.reason for one in known.unread] == [UnreadReason.TIMED_OUT]

    read.release()
    await app.reads.close(grace=BUDGET)
    app.clock.advance(MOMENT)

    known = await app.look_up_availability(EXPERT, WINDOW, budget=timedelta())
    assert list(known.busy) == [an_interval()]
    assert reads_of_provider(app) == 1


async def test_who_gives_up_disturbs_nobody_who_waits_for_the_same_reading(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    maria.block(an_interval())
    read = app.provider.hold("read_entries")
    async with app.running(look_now(app)) as leaving, app.running(look_now(app)) as staying:
        await read.reached.wait()
        leaving.cancel()
        await asyncio.wait([leaving])
        read.release()
        known = await staying

    assert leaving.cancelled()
    assert list(known.busy) == [an_interval()]
    assert reads_of_provider(app) == 1


async def test_a_failure_is_told_to_all_who_waited_and_to_nobody_after(
    app: Application, maria: Person
) -> None:
    await app.connect(maria)
    app.provider.fail("read_entries", ProviderUnavailable(throttled=True))

    answers = await asyncio.gather(look_now(app), look_now(app))

    assert [[one.reason for one in known.unread] for known in answers] == [[UnreadReason.THROTTLED]] * 2
    assert (await look_now(app)).complete


async def test_two_calendars_are_read_at_the_same_time(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.connect(app.provider.add_person("second"))
    reads_ = [app.provider.hold("read_entries") for _ in range(2)]
    async with app.running(look_now(app)) as looking:
        for one in reads_:
            await one.reached.wait()
        for one in reads_:
            one.release()
        assert (await looking).complete


SERVICE_FAILED = ReadFailure(reason=UnreadReason.SERVICE_FAILED)
CalendarReads = SingleFlight[CalendarId, ReadFailure | None]


class Reads:
    """Readings that begin and end when the test says so."""

    def __init__(self) -> None:
        self.begun: list[CalendarId] = []
        self.tasks: list[asyncio.Task[object]] = []
        self.may_end = asyncio.Event()
        self.fault: Exception | None = None

    async def __call__(self, calendar_id: CalendarId) -> ReadFailure | None:
        self.begun.append(calendar_id)
        task = asyncio.current_task()
        assert task is not None
        self.tasks.append(task)
        await self.may_end.wait()
        if self.fault is not None:
            raise self.fault
        return None


@pytest.fixture
def read() -> Reads:
    return Reads()


@pytest.fixture
async def reads(read: Reads) -> AsyncIterator[CalendarReads]:
    made = reads_of(read, MovableClock())
    yield made
    await made.close(grace=NO_GRACE)


def reads_of(read: Reads, clock: MovableClock, alarms: RecordingAlarms | None = None) -> CalendarReads:
    return SingleFlight(
        read,
        clock=clock,
        alarms=alarms or RecordingAlarms(),
        failed=lambda _: SERVICE_FAILED,
    )


async def begin(reads: CalendarReads, *names: str, not_before: datetime = NOW) -> list[asyncio.Task[None]]:
    """Somebody who waits for a reading of each of these calendars."""

    async def wait_for(name: str) -> None:
        await reads.join(CalendarId(name), not_before=not_before)

    waiting = [asyncio.create_task(wait_for(name)) for name in names]
    for _ in range(3):
        await asyncio.sleep(0)
    return waiting


async def test_not_more_than_so_many_calendars_are_read_at_once(reads: CalendarReads, read: Reads) -> None:
    waiting = await begin(reads, *(f"calendar-{number}" for number in range(AT_ONCE + 5)))
    assert len(read.begun) == AT_ONCE

    read.may_end.set()
    await asyncio.gather(*waiting)

    assert len(read.begun) == AT_ONCE + 5


async def test_those_that_one_request_answers_take_one_place_and_go_on_together(
    reads: CalendarReads, read: Reads
) -> None:
    waiting = await begin(reads, *(f"calendar-{number}" for number in range(AT_ONCE)))
    names = [CalendarId(f"together-{number}") for number in range(3)]
    together = asyncio.create_task(reads.take_up({name: partial(read, name) for name in names}, begun_at=NOW))
    waiting += await begin(reads, "another")
    assert len(read.begun) == AT_ONCE

    read.may_end.set()
    await asyncio.gather(*waiting, together)

    assert read.begun[AT_ONCE:] == [*names, "another"] or read.begun[AT_ONCE:] == ["another", *names]


async def test_a_place_that_was_shared_is_free_again(reads: CalendarReads, read: Reads) -> None:
    read.may_end.set()
    for _ in range(AT_ONCE + 1):
        names = [CalendarId("a"), CalendarId("b")]
        await reads.take_up({name: partial(read, name) for name in names}, begun_at=NOW)
    assert len(read.begun) == 2 * (AT_ONCE + 1)


async def test_an_outage_ends_no_other_reading_that_was_taken_up_with_it(reads: CalendarReads) -> None:
    ended = list[str]()

    async def fail() -> None:
        raise StoreUnavailable

    async def end() -> None:
        await asyncio.sleep(0)
        ended.append("read")

    with pytest.raises(StoreUnavailable):
        await reads.take_up({CalendarId("a"): fail, CalendarId("b"): end}, begun_at=NOW)
    assert ended == ["read"]


async def test_who_comes_just_as_a_reading_ends_has_a_new_one_begun(read: Reads) -> None:
    clock = MovableClock()
    reads = reads_of(read, clock)
    await begin(reads, CALENDAR)
    clock.advance(MOMENT)
    read.may_end.set()
    for _ in range(10):
        if read.tasks[0].done():
            break
        await asyncio.sleep(0)
    assert read.tasks[0].done()

    await reads.join(CALENDAR, not_before=clock.now())

    assert read.begun == [CALENDAR, CALENDAR]


async def test_an_outage_of_the_store_reaches_those_who_wait(reads: CalendarReads, read: Reads) -> None:
    read.fault = StoreUnavailable()
    waiting = await begin(reads, CALENDAR)
    read.may_end.set()

    with pytest.raises(StoreUnavailable):
        await waiting[0]


async def test_a_failure_nobody_foresaw_is_told_and_leaves_one_calendar_unread(read: Reads) -> None:
    alarms = RecordingAlarms()
    reads = reads_of(read, MovableClock(), alarms)
    read.fault = ZeroDivisionError()
    read.may_end.set()

    assert await reads.join(CalendarId(CALENDAR), not_before=NOW) is SERVICE_FAILED
    assert alarms.faults == [read.fault]


async def test_a_clock_that_goes_back_begins_no_reading_more(read: Reads) -> None:
    clock = MovableClock()
    reads = reads_of(read, clock)
    (first,) = await begin(reads, CALENDAR)
    (second,) = await begin(reads, CALENDAR, not_before=after(minutes=5))
    read.may_end.set()
    await asyncio.gather(first, second)

    assert read.begun == [CALENDAR, CALENDAR]


async def test_who_needs_a_younger_reading_joins_none_that_was_begun_before_and_taken_up_since(
    reads: CalendarReads, read: Reads
) -> None:
    (first,) = await begin(reads, CALENDAR)
    waiting = asyncio.create_task(
        reads.take_up({CalendarId(CALENDAR): lambda: read(CalendarId("taken up"))}, begun_at=after(minutes=1))
    )
    await asyncio.sleep(0)
    (late,) = await begin(reads, CALENDAR, not_before=after(minutes=2))
    read.may_end.set()
    await asyncio.gather(first, waiting, late)

    assert read.begun == [CALENDAR, "taken up", CALENDAR]


async def test_a_failure_of_one_that_began_too_early_is_not_theirs_who_want_a_younger(read: Reads) -> None:
    clock = MovableClock()
    reads = reads_of(read, clock)
    read.fault = StoreUnavailable()
    (early,) = await begin(reads, CALENDAR)
    clock.advance(MOMENT)
    (late,) = await begin(reads, CALENDAR, not_before=clock.now())
    early.add_done_callback(lambda _: setattr(read, "fault", None))
    read.may_end.set()

    with pytest.raises(StoreUnavailable):
        await early
    await late
    assert len(read.begun) == 2


async def test_closing_lets_what_is_under_way_end(reads: CalendarReads, read: Reads) -> None:
    (waiting,) = await begin(reads, CALENDAR)
    closing = asyncio.create_task(reads.close(grace=BUDGET))
    await asyncio.sleep(0)
    read.may_end.set()
    await closing

    await waiting


async def test_closing_cuts_off_what_takes_longer(reads: CalendarReads, read: Reads) -> None:
    (waiting,) = await begin(reads, CALENDAR)

    await reads.close(grace=NO_GRACE)
    await asyncio.wait([waiting])

    assert waiting.cancelled()
