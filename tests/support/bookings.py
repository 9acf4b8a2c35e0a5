"""A session written by a writer under test, and the next steps to take with it."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from domain.event_digest import EVERY_PART, EventPart
from domain.ids import AccountId, CalendarId, EventMark
from domain.interval import Interval
from domain.session import EventCopy, EventPlace
from domain.session_details import EventColor, SessionDetails
from tests.builders import MARK, some_details
from tests.support.providers import ProviderHarness, WrittenEvent

SLOT = Interval(datetime(2031, 5, 6, 9, tzinfo=UTC), datetime(2031, 5, 6, 10, tzinfo=UTC))
LATER = Interval(datetime(2031, 5, 7, 14, tzinfo=UTC), datetime(2031, 5, 7, 15, 30, tzinfo=UTC))
MOVED = some_details(
    "Coaching, moved",
    text="In the garden.",
    place="Garden",
    reminder_minutes=30,
    category="Sessions",
    color=EventColor.GREEN,
)


def copy_for(provider: ProviderHarness, account: AccountId, *, calendar: str = "") -> EventCopy:
    """In the primary calendar, if none is named."""
    return EventCopy(
        account_id=account,
        calendar_id=CalendarId("calendar-1"),
        remote_calendar_id=calendar or provider.primary(),
        mark=MARK,
        times=(SLOT,),
    )


@dataclass(frozen=True, slots=True)
class Booked:
    """An event of ours, and where it is."""

    provider: ProviderHarness
    copy: EventCopy

    @property
    def event(self) -> str:
        assert self.copy.remote_id is not None
        return self.copy.remote_id

    @property
    def written(self) -> WrittenEvent:
        """The event as its owner sees it, there being no other of ours."""
        (only,) = self.provider.written()
        return only

    async def create(self, details: SessionDetails | None = None) -> EventPlace:
        return await self.provider.writer.create(self.copy, SLOT, details or some_details())

    async def update(
        self,
        interval: Interval = SLOT,
        details: SessionDetails = MOVED,
        *,
        parts: Collection[EventPart] = EVERY_PART,
    ) -> None:
        await self.provider.writer.update(self.copy, interval, details, parts=parts)

    async def delete(self) -> None:
        await self.provider.writer.delete(self.copy)

    async def find(self) -> EventPlace | None:
        return await self.provider.writer.find(self.copy)

    async def find_by_mark(self, mark: EventMark = MARK) -> EventPlace | None:
        """As if its id had never become known."""
        return await self.provider.writer.find(replace(self.copy, mark=mark, remote_id=None))


async def book(
    provider: ProviderHarness, *, calendar: str = "", details: SessionDetails | None = None
) -> Booked:
    copy = copy_for(provider, await provider.connect(), calendar=calendar)
    return Booked(provider, copy.at(await Booked(provider, copy).create(details)))


def says(event: WrittenEvent, details: SessionDetails) -> bool:
    """Whether the event says all that these details say."""
    seen = (event.title, event.place, event.reminder_minutes)
    in_body = details.text in event.body and details.join_url in event.body
    return in_body and seen == (details.title, details.place, details.reminder_minutes)
