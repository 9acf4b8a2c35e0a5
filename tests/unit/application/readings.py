"""The reading of one calendar, as the tests of what keeps it fresh see it."""

from datetime import timedelta

from domain.availability import ReadFailure, UnreadReason
from domain.ids import CalendarId
from tests.fakes import tables
from tests.fakes.provider import Person
from tests.support.application import Application

PRIMARY = "object-maria/Calendar"
MOMENT = timedelta(seconds=1)
SWEPT_EVERY = timedelta(seconds=10)


async def a_calendar_just_read(app: Application, maria: Person) -> CalendarId:
    """Maria's primary calendar, a second after it was read for the first time."""
    await app.connect(maria)
    await app.run_jobs()
    app.clock.advance(MOMENT)
    return (await app.calendar(PRIMARY)).calendar_id


def row(app: Application, calendar_id: CalendarId) -> tables.ReadingRow:
    return app.store.tables.readings[calendar_id]


def due_in(app: Application, calendar_id: CalendarId) -> timedelta:
    return row(app, calendar_id).due_at - app.clock.now()


def reason_of(failure: ReadFailure | None) -> UnreadReason | None:
    return None if failure is None else failure.reason


def has_to_be_read(app: Application, calendar_id: CalendarId) -> bool:
    """Whether somebody gave notice of a change that no look has taken account of, and it is due."""
    found = row(app, calendar_id)
    return found.marks > found.seen_marks and found.due_at <= app.clock.now()
