"""What the tests of writing share: a session, and where it goes."""

from datetime import UTC, datetime

from domain.ids import CalendarId, EventMark
from domain.interval import Interval
from domain.session import EventCopy, EventPlace
from domain.session_details import SessionDetails
from sandbox.world.model import Event
from tests.support.microsoft import Connected

MARK = EventMark("0d9b57b0-6a2c-5d8f-9c5e-8a7b6c5d4e3f")
SLOT = Interval(datetime(2031, 5, 6, 9, tzinfo=UTC), datetime(2031, 5, 6, 10, tzinfo=UTC))
DETAILS = SessionDetails(
    title="Coaching <b>with</b> Jonas & Co",
    text='First line\nSecond "line"',
    place="Room 4",
    join_url="https://meet.example/abc?a=1&b=2",
    reminder_minutes=20,
)


async def copy_for(connected: Connected, person: str = "anna", calendar: str | None = None) -> EventCopy:
    return EventCopy(
        account_id=await connected.connect(person),
        calendar_id=CalendarId("calendar-1"),
        remote_calendar_id=connected.calendar_id(person, calendar),
        mark=MARK,
        times=(SLOT,),
    )


async def create(connected: Connected, copy: EventCopy, details: SessionDetails = DETAILS) -> EventPlace:
    return await connected.microsoft.writer.create(copy, SLOT, details)


async def find(connected: Connected, copy: EventCopy) -> EventPlace | None:
    return await connected.microsoft.writer.find(copy)


def written(connected: Connected, person: str = "anna", calendar: str | None = None) -> list[Event]:
    """The events this calendar holds besides those it started with."""
    return [
        event
        for event in connected.sandbox.world.events.all(person, calendar)
        if event.transaction_id is not None
    ]
