"""What the tests of reading share: a reader of Apple calendars on any server, and somebody at the sandbox's iCloud."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from adapters.caldav.calendar_reader import AppleCalendarReader
from adapters.caldav.grants import AppleGrants, first_grant
from adapters.caldav.home_looks import HomeLooks
from adapters.caldav.kept_reads import KeptReads
from adapters.caldav.login import Login
from application.ports.clock import Clock
from domain.blocking import CalendarEntry, busy_time
from domain.ids import AccountId
from domain.interval import Interval
from sandbox import Sandbox
from sandbox.icloud import paths
from sandbox.icloud.storing import store_text
from sandbox.world.model import Event
from sandbox.world.world import World
from tests.builders import a_readable_calendar
from tests.support.caldav import OpenDav, dav_on

WEEK: Final = Interval(datetime(2031, 5, 5, tzinfo=UTC), datetime(2031, 5, 12, tzinfo=UTC))
LOOKS: Final = ("PROPFIND", "/{number}/{home}/")
ASKS: Final = ("REPORT", "/{number}/{home}/{calendar}/")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2031, 5, day, hour, minute, tzinfo=UTC)


def hour(day: int, hour: int) -> Interval:
    return Interval(at(day, hour), at(day, hour + 1))


def reader_on(
    dav: OpenDav,
    *,
    gathered_for: timedelta = timedelta(milliseconds=1),
    clock: Clock | None = None,
    settles_after: timedelta = timedelta(),
) -> AppleCalendarReader:
    """With time that stands still tags would never settle, so here they have from the beginning on."""
    grants = AppleGrants(vault=dav.store.vault)
    homes = HomeLooks(dav.client, dav.discovery, grants, clock or dav.clock, gathered_for=gathered_for)
    kept = KeptReads(settles_after=settles_after)
    return AppleCalendarReader(client=dav.client, homes=homes, meter=dav.meter, _kept=kept)


@dataclass(frozen=True, slots=True)
class Chair:
    """Where somebody reads the calendars of an iCloud account."""

    dav: OpenDav
    sandbox: Sandbox
    reader: AppleCalendarReader
    account: AccountId
    person: str

    @property
    def world(self) -> World:
        return self.sandbox.world

    def calendar_id(self, key: str) -> str:
        return paths.name_of(self.world.people.get(self.person), self.world.calendars.get(self.person, key))

    async def read(self, key: str = "home", *, window: Interval = WEEK) -> tuple[CalendarEntry, ...]:
        return await self.read_id(self.calendar_id(key), window=window)

    async def read_id(self, remote_id: str, *, window: Interval = WEEK) -> tuple[CalendarEntry, ...]:
        return await self.reader.read_entries(self.account, a_readable_calendar(remote_id), window)

    def add(self, start: Any, end: Any = None, *, calendar: str = "home", **details: Any) -> Event:
        details.setdefault("zone", "UTC")
        return self.world.events.add(self.person, start, end, calendar=calendar, **details)

    def put(self, text: str, *, calendar: str = "home", name: str = "") -> Event:
        """Any text at all, as the file of an event."""
        return store_text(self.world, self.person, calendar, text, name=name)

    def asked(self) -> list[tuple[str, str]]:
        """The requests so far, by method and path."""
        return [(one.method, one.path) for one in self.world.traffic.requests if one.surface == "icloud"]


@asynccontextmanager
async def chair_at(sandbox: Sandbox, person: str = "ida", **how: Any) -> AsyncIterator[Chair]:
    """Signed in, and nothing asked since; `how` is that of the reader."""
    hosts = "localhost:({}|{})".format(*(url.rpartition(":")[2] for url in sandbox.icloud_partition_urls))
    async with dav_on(sandbox.icloud_url, sandbox.ca_file, allowed_hosts=hosts) as dav:
        login = Login(
            username=sandbox.world.people.get(person).email,
            password=sandbox.world.icloud.passwords.of(person),
        )
        account = dav.connect(first_grant(login, await dav.discovery.walk(login)))
        sandbox.world.traffic.requests.clear()
        yield Chair(dav, sandbox, reader_on(dav, **how), account, person)


def busy(entries: Sequence[CalendarEntry], zone: str = "UTC") -> tuple[Interval, ...]:
    """When they block, for an expert who lives in this zone."""
    return tuple(busy_time(entries, window=WEEK, zone=ZoneInfo(zone), tentative_blocks=False))
