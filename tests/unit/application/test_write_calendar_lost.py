"""Writing to a calendar that is not what we think it is: automatic goes elsewhere, chosen waits."""

from datetime import timedelta

import pytest

from domain.access import (
    AccessDenied,
    CalendarGone,
    ProviderUnavailable,
)
from domain.account import AccountStatus
from domain.calendar_settings import WriteCalendarState
from domain.errors import DomainError
from domain.session import Hindrance, Replacement, Session, WriteStatus
from tests.builders import EXPERT, an_interval
from tests.fakes.provider import Person
from tests.support.application import Application

PRIMARY = "object-maria/Calendar"


def state_of(session: Session) -> tuple[WriteStatus, Hindrance | None]:
    return session.status, session.hindrance


async def choose(app: Application, remote_id: str) -> None:
    await app.update_calendar_settings(EXPERT, write=(await app.calendar(remote_id)).calendar_id)


async def test_automatic_goes_elsewhere_when_its_calendar_is_gone(app: Application, maria: Person) -> None:
    second = app.provider.add_person("second")
    await app.connect(maria)
    await app.connect(second)
    del maria.calendars[PRIMARY]
    maria.add_calendar("Side")
    await app.book()
    await app.run_jobs()

    assert state_of(await app.session()) == (WriteStatus.WRITTEN, None)
    assert second.the_event.calendar == "object-second/Calendar"
    assert (await app.session()).replacement is None
    assert (await app.calendar(PRIMARY)).missing


async def test_chosen_waits_when_its_calendar_is_gone(app: Application, maria: Person) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await choose(app, side)
    kept = maria.calendars.pop(side)
    await app.book()
    await app.run_jobs()

    assert state_of(await app.session()) == (WriteStatus.WAITING, Hindrance.CALENDAR_MISSING)
    assert (await app.get_calendar_settings(EXPERT)).write.state is WriteCalendarState.CALENDAR_MISSING
    await app.pass_time(timedelta(hours=1))
    assert maria.events == {}

    maria.calendars[side] = kept
    await app.list_calendars(EXPERT, refresh=True)
    await app.run_jobs()
    assert maria.the_event.calendar == side


async def test_an_event_lost_with_its_calendar_is_written_again_with_the_next_change(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await choose(app, side)
    await app.book()
    await app.run_jobs()
    del maria.calendars[side]
    maria.events.clear()
    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()
    assert state_of(await app.session()) == (WriteStatus.WAITING, Hindrance.CALENDAR_MISSING)

    await app.update_calendar_settings(EXPERT, write=None)
    await app.run_jobs()

    assert maria.the_event.calendar == PRIMARY
    assert (await app.session()).replacement is Replacement.CALENDAR_GONE


async def test_an_event_begun_in_a_calendar_that_is_gone_is_begun_elsewhere(
    app: Application, maria: Person
) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await choose(app, side)
    await app.book()
    app.provider.fail("create", ProviderUnavailable(outcome_unknown=True), after_doing=True)
    await app.run_jobs()
    del maria.calendars[side]
    await app.update_calendar_settings(EXPERT, write=None)
    await app.pass_time(timedelta(minutes=1))

    assert (await app.session()).status is WriteStatus.WRITTEN
    assert (await app.session()).replacement is Replacement.CALENDAR_GONE
    assert [event.calendar for event in maria.events.values()] == [side, PRIMARY]


async def test_automatic_goes_elsewhere_when_its_calendar_turns_read_only(
    app: Application, maria: Person
) -> None:
    second = app.provider.add_person("second")
    await app.connect(maria)
    await app.connect(second)
    maria.add_calendar("Calendar", primary=True, writable=False)
    await app.book()
    await app.run_jobs()

    assert state_of(await app.session()) == (WriteStatus.WRITTEN, None)
    assert len(second.events) == 1
    assert app.provider.calls["find"] == 0


async def test_chosen_waits_when_its_calendar_turns_read_only(app: Application, maria: Person) -> None:
    side = maria.add_calendar("Side")
    await app.connect(maria)
    await choose(app, side)
    maria.add_calendar("Side", writable=False)
    await app.book()
    await app.run_jobs()

    assert state_of(await app.session()) == (WriteStatus.WAITING, Hindrance.CALENDAR_NOT_WRITABLE)
    await app.pass_time(timedelta(minutes=30))
    assert maria.events == {}

    maria.add_calendar("Side")
    await app.list_calendars(EXPERT, refresh=True)
    await app.run_jobs()
    assert maria.the_event.calendar == side


async def test_changes_of_an_event_in_a_read_only_calendar_wait(app: Application, maria: Person) -> None:
    await app.connect(maria)
    await app.book()
    await app.run_jobs()
    maria.add_calendar("Calendar", primary=True, writable=False)
    await app.book(interval=an_interval(starts=30))
    await app.run_jobs()
    assert state_of(await app.session()) == (WriteStatus.WAITING, Hindrance.CALENDAR_NOT_WRITABLE)

    maria.add_calendar("Calendar", primary=True)
    await app.list_calendars(EXPERT, refresh=True)
    await app.run_jobs()

    assert maria.the_event.interval == an_interval(starts=30)


@pytest.mark.parametrize(
    ("fault", "hindrance"),
    [
        (AccessDenied(), Hindrance.CALENDAR_NOT_WRITABLE),
        (CalendarGone(), Hindrance.CALENDAR_MISSING),
    ],
)
async def test_a_storm_of_refusals_is_waited_out_with_growing_pauses(
    app: Application, maria: Person, fault: DomainError, hindrance: Hindrance
) -> None:
    account = await app.connect(maria)
    app.provider.fail("create", fault, times=1000)
    for number in range(5):
        await app.book(f"session-{number}", interval=an_interval(starts=24 + number))
    await app.run_jobs()
    for _ in range(60):
        await app.pass_time(timedelta(minutes=1))

    assert app.provider.calls["create"] < 5 * 15
    assert state_of(await app.session("session-0")) == (WriteStatus.WAITING, hindrance)
    assert not (await app.calendar(PRIMARY)).missing
    assert (await app.account(account.account_id)).status is AccountStatus.ACTIVE
    assert app.mailer.sent == []

    app.provider.mend()
    await app.pass_time(timedelta(minutes=15))
    assert len(maria.events) == 5
