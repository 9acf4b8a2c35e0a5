"""Calendars that can only be read: a provider may tell only when they are busy, unless events of ours may be there."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.availability import Availability
from domain.blocking import CalendarEntry, Instants, ShowAs
from domain.calendar import Calendar
from domain.change import ChangeType
from domain.ids import SessionId
from domain.interval import Interval
from tests.builders import EXPERT, NOW, SESSION, after, an_interval
from tests.fakes.provider import Person
from tests.support.application import BUDGET, Application

SOON = Interval(NOW, after(days=7))
LATER = an_interval(starts=24 * 200)
FAR = Interval(after(days=190), after(days=210))
"""Beyond what readings are kept for."""


@pytest.fixture(autouse=True)
def _merged(app: Application) -> None:
    app.provider.merges_foreign = True


async def look_up(
    app: Application, window: Interval = SOON, *, excluded: tuple[str, ...] = ()
) -> Availability:
    """Look now."""
    known = await app.look_up_availability(
        EXPERT, window, excluded=[SessionId(one) for one in excluded], max_age=timedelta(), budget=BUDGET
    )
    assert known.unread == ()
    return known


async def check_also(app: Application, *calendars: Calendar) -> None:
    async with app.store.transaction() as tx:
        settings = await tx.calendars.settings(EXPERT)
        ids = {one.calendar_id for one in calendars}
        await tx.calendars.save_settings(replace(settings, conflict=settings.conflict | ids))


async def make_read_only(app: Application, person: Person, calendar: str) -> None:
    """And let us notice, some time after all that was done before."""
    app.clock.advance(timedelta(minutes=1))
    person.calendars[calendar] = replace(person.calendars[calendar], writable=False)
    known = await app.calendar(calendar)
    await app.refresh_calendars(known.account_id)


@pytest.mark.parametrize(("window", "at"), [(SOON, an_interval()), (FAR, LATER)])
async def test_a_calendar_that_can_only_be_read_blocks_by_its_busy_times(
    app: Application, maria: Person, window: Interval, at: Interval
) -> None:
    boss = maria.add_calendar("Boss", writable=False, shared=True)
    await app.connect(maria)
    await check_also(app, await app.calendar(boss))
    maria.block(at, calendar=boss)
    maria.block(Interval(at.start, at.end + timedelta(hours=1)), calendar=boss)

    known = await look_up(app, window)

    assert tuple(known.busy) == (Interval(at.start, at.end + timedelta(hours=1)),)


@pytest.mark.parametrize(("window", "at"), [(SOON, an_interval()), (FAR, LATER)])
async def test_our_events_are_told_from_others_where_we_can_write(
    app: Application, maria: Person, window: Interval, at: Interval
) -> None:
    await app.connect(maria)
    await app.book(interval=at)
    await app.run_jobs()

    assert tuple((await look_up(app, window, excluded=(SESSION,))).busy) == ()


@pytest.mark.parametrize(("window", "at"), [(SOON, an_interval()), (FAR, LATER)])
async def test_our_events_are_told_from_others_where_we_can_write_no_more(
    app: Application, maria: Person, window: Interval, at: Interval
) -> None:
    await app.connect(maria)
    await app.book(interval=at)
    await app.run_jobs()
    await make_read_only(app, maria, maria.the_event.calendar)
    app.forget_changes()

    known = await look_up(app, window, excluded=(SESSION,))

    assert tuple(known.busy) == ()
    assert app.changes(ChangeType.SESSION_EVENT_CHANGED, ChangeType.SESSION_COLLIDES) == []


@pytest.mark.parametrize(("window", "at"), [(SOON, an_interval()), (FAR, LATER)])
async def test_our_events_are_told_from_others_in_a_calendar_seen_through_two_accounts(
    app: Application, maria: Person, window: Interval, at: Interval
) -> None:
    """One account writes to it and another can only read it, and the provider has one id for it."""
    await app.connect(maria)
    await app.book(interval=at)
    await app.run_jobs()
    event = maria.the_event
    other = app.provider.add_person("marias-other-self")
    other.add_calendar("Maria", remote_id=event.calendar, writable=False, shared=True)
    other.add_entry(
        event.calendar,
        CalendarEntry(when=Instants(at.start, at.end), show_as=ShowAs.BUSY, mark=event.mark),
    )
    account = await app.connect(other)
    async with app.store.transaction() as tx:
        seen_there = [one for one in await tx.calendars.of_account(account.account_id) if one.remote.shared]
    await check_also(app, *seen_there)

    known = await look_up(app, window, excluded=(SESSION,))

    assert len(known.readings) == 3
    assert tuple(known.busy) == ()
