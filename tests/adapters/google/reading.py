"""What the tests of reading share: a reader on the sandbox, and somebody whose calendars it reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from adapters.google.calendar_reader import GoogleCalendarReader
from adapters.google.free_busy_reads import FreeBusyReads
from adapters.web.page_sizes import PageSizes
from domain.blocking import CalendarEntry, busy_time
from domain.ids import AccountId
from domain.interval import Interval
from sandbox.google.listed import all_of
from sandbox.world.world import World
from tests.builders import a_readable_calendar
from tests.support.google import OpenGoogle
from tests.support.microsoft import SandboxClock

WEEK = Interval(datetime(2031, 5, 5, tzinfo=UTC), datetime(2031, 5, 12, tzinfo=UTC))
LISTS = ("GET", "/calendars/{calendarId}/events")
ASKS = ("POST", "/freeBusy")
LOOKS = ("GET", "/users/me/calendarList")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2031, 5, day, hour, minute, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Chair:
    """Where somebody reads the calendars of one account."""

    google: OpenGoogle
    reader: GoogleCalendarReader
    account: AccountId
    person: str

    @property
    def world(self) -> World:
        return self.google.sandbox.world

    def calendar_id(self, key: str) -> str:
        listed = {one.calendar.key: one for one in all_of(self.world, self.world.people.get(self.person))}
        return listed[key].id

    async def read(
        self, key: str = "primary", *, ours: bool = True, window: Interval = WEEK
    ) -> tuple[CalendarEntry, ...]:
        """`ours` says that events of ours may be in it."""
        return await self.read_id(self.calendar_id(key), ours=ours, window=window)

    async def read_id(
        self, remote_id: str, *, ours: bool = True, window: Interval = WEEK
    ) -> tuple[CalendarEntry, ...]:
        asked = a_readable_calendar(remote_id, may_hold_ours=ours)
        return await self.reader.read_entries(self.account, asked, window)

    def add(self, start: Any, end: Any = None, *, calendar: str = "primary", **details: Any) -> None:
        details.setdefault("zone", "UTC")
        self.world.events.add(self.person, start, end, calendar=calendar, **details)

    def share(self, key: str, role: str = "freeBusyReader") -> str:
        """A calendar of somebody else's, seen with this role; its id."""
        self.world.calendars.add("wilma", f"wilmas-{key}", key)
        self.world.calendars.share("wilma", f"wilmas-{key}", self.person, key=key)
        self.world.calendars.change_google(self.person, key, role=role)
        return self.calendar_id(key)

    def asked(self) -> list[tuple[str, str]]:
        """The requests so far, by method and path."""
        return [(one.method, one.path) for one in self.world.traffic.requests if one.surface == "google"]


def chair_for(
    google: OpenGoogle,
    person: str = "gina",
    *,
    gathered_for: timedelta = timedelta(milliseconds=1),
    **how: Any,
) -> Chair:
    """`how` is that of signing in."""
    return Chair(
        google=google,
        reader=GoogleCalendarReader(
            client=google.client,
            tokens=google.tokens,
            page_sizes=PageSizes(clock=SandboxClock(google.sandbox), most=google.settings.page_size),
            free_busy=FreeBusyReads(google.client, google.tokens, gathered_for=gathered_for),
        ),
        account=google.connect(person, **how),
        person=person,
    )


def busy(entries: Sequence[CalendarEntry], zone: str = "UTC") -> tuple[Interval, ...]:
    """When they block, for an expert who lives in this zone."""
    return tuple(busy_time(entries, window=WEEK, zone=ZoneInfo(zone), tentative_blocks=False))
