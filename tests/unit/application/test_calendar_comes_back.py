"""A calendar that is gone from its account's list for a while: the events in it are still its sessions' events."""

from datetime import timedelta

import pytest

from domain.access import ProviderUnavailable
from domain.session import Hindrance, WriteStatus
from tests.builders import EXPERT, SESSION, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application

LATER = an_interval(starts=30)


@pytest.fixture
async def side(app: Application, maria: Person) -> str:
    """A calendar, shared with Maria, say, that sessions are written to."""
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await app.update_calendar_settings(EXPERT, write=(await app.calendar(side)).calendar_id)
    return side


@pytest.mark.parametrize("away", [timedelta(seconds=1), timedelta(hours=6)])
async def test_a_change_that_met_it_gone_lands_on_the_event_there_is(
    app: Application, maria: Person, side: str, away: timedelta
) -> None:
    await app.book()
    await app.run_jobs()
    kept = maria.calendars.pop(side)
    await app.book(interval=LATER)
    await app.pass_time(away)
    waiting = await app.session()
    assert (waiting.status, waiting.hindrance) == (WriteStatus.WAITING, Hindrance.CALENDAR_MISSING)

    maria.calendars[side] = kept
    await app.list_calendars(EXPERT, refresh=True)
    await app.pass_time(timedelta(minutes=1))

    session = await app.session()
    assert (session.status, session.replacement) == (WriteStatus.WRITTEN, None)
    assert maria.the_event.interval == LATER


async def test_an_event_begun_before_is_found(app: Application, maria: Person, side: str) -> None:
    app.provider.fail("create", ProviderUnavailable(outcome_unknown=True), after_doing=True)
    await app.book()
    await app.run_jobs()
    kept = maria.calendars.pop(side)
    app.provider.forgets_marks = True
    await app.pass_time(timedelta(hours=6))

    maria.calendars[side] = kept
    await app.list_calendars(EXPERT, refresh=True)
    await app.pass_time(timedelta(minutes=1))

    assert (await app.session()).status is WriteStatus.WRITTEN
    assert maria.the_event.interval == an_interval()


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_session_cancelled_meanwhile_leaves_nothing(
    app: Application, maria: Person, side: str, when: str
) -> None:
    """The removal met a list that left the calendar out once, before or after a change did."""
    await app.book()
    await app.run_jobs()
    kept = maria.calendars.pop(side)
    if when == "after":
        await app.book(interval=LATER)
        await app.pass_time(timedelta(minutes=1))
        maria.calendars[side] = kept
    await app.cancel_session(EXPERT, SESSION)
    await app.write()
    maria.calendars[side] = kept
    await app.run_jobs()
    await app.pass_time(timedelta(minutes=1))
    session = await app.session()
    assert maria.events == {}
    assert (session.status, session.copy) == (WriteStatus.WRITTEN, None)


@pytest.mark.parametrize("begun_only", [True, False])
async def test_a_cancelled_session_does_not_wait_for_a_calendar_that_stays_away(
    app: Application, maria: Person, side: str, begun_only: bool
) -> None:
    if begun_only:
        app.provider.fail("create", ProviderUnavailable(outcome_unknown=True))
    await app.book()
    await app.run_jobs()
    del maria.calendars[side]
    maria.events.clear()
    await app.cancel_session(EXPERT, SESSION)
    await app.pass_time(timedelta(minutes=1))
    session = await app.session()
    assert (session.status, session.hindrance, session.copy) == (WriteStatus.WRITTEN, None, None)


async def test_an_event_left_behind_does_not_keep_its_session_for_a_calendar_that_stays_away(
    app: Application, maria: Person, side: str
) -> None:
    second = app.provider.add_person("second")
    await app.connect(second)
    await app.book()
    await app.run_jobs()
    account = (await app.account((await app.calendar(side)).account_id)).account_id
    await app.disconnect_account(EXPERT, account)
    await app.update_calendar_settings(EXPERT, write=None)
    await app.book(interval=LATER)
    await app.run_jobs()
    del maria.calendars[side]
    maria.events.clear()
    await app.connect(maria)
    await app.pass_time(timedelta(minutes=1))
    session = await app.session()
    assert second.the_event.interval == LATER
    assert (session.status, session.left) == (WriteStatus.WRITTEN, ())
