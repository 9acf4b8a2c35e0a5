"""A fake of the census."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from math import ceil

from adapters.postgres.migrate import needed_version
from application.ports.census import DueWork, StoredReadings, WorkToDo
from domain.session import WriteStatus
from tests.fakes.tables import AT_ONCE, Tables

QUANTILES = (0.5, 0.9, 0.99, 1.0)


class FakeCensus:
    """`schema` is what its database has. With `hold`, the database answers once that is set."""

    def __init__(self, *, committed: Callable[[], Tables]) -> None:
        self._committed = committed
        self._under_way = 0
        self.schema = needed_version()
        self.hold: asyncio.Event | None = None
        self.asked = asyncio.Event()
        self.times_asked = 0
        self.most_at_once = 0

    async def schema_version(self) -> str:
        await self._tables()
        return self.schema

    async def work(self, now: datetime, *, alive_within: timedelta) -> WorkToDo:
        tables = await self._tables()
        incidents = [one for one in tables.incidents.values() if one.closed_at is None]
        readable = [key for key in tables.readings if tables.conflict_calendar(key) is not None]
        times: dict[str, Iterable[datetime | None]] = {
            "write_session": (one.due_at for one in tables.sessions.values()),
            "notify_expert": (one.mail_due_at for one in incidents),
            "read_calendar": (tables.readings[key].due_at for key in readable),
            "keep_subscription": (tables.subscriptions[key].due_at for key in readable),
            "end_subscription": (due_at for due_at, _ in tables.ended_subscriptions.values()),
            "refresh_calendars": (
                tables.lists_due.get(key, AT_ONCE) for key, one in tables.accounts.items() if one.active
            ),
        }
        unwritten = {WriteStatus.PENDING, WriteStatus.WAITING}
        return WorkToDo(
            due=tuple(_due(kind, dates, now) for kind, dates in times.items()),
            workers=sum(seen_at > now - alive_within for seen_at in tables.workers.values()),
            sessions=Counter(
                (one.status.value, "" if one.hindrance is None else one.hindrance.value)
                for one in tables.sessions.values()
                if one.status in unwritten
            ),
            incidents=Counter(one.cause.value for one in incidents),
            holds=sum(one.expires_at > now for one in tables.holds.values()),
        )

    async def readings(self, now: datetime, *, bound: timedelta) -> StoredReadings:
        tables = await self._tables()
        rows = [row for key, row in tables.readings.items() if tables.conflict_calendar(key) is not None]
        ages = sorted((now - row.reading.read_at).total_seconds() for row in rows if row.reading is not None)
        live = [one.subscription for one in tables.subscriptions.values() if one.subscription is not None]
        return StoredReadings(
            calendars=len(rows),
            unread=len(rows) - len(ages),
            too_old=sum(age > bound.total_seconds() for age in ages),
            ages={one: ages[max(ceil(len(ages) * one) - 1, 0)] for one in QUANTILES} if ages else {},
            subscriptions=sum(one.expires_at > now for one in live),
        )

    async def _tables(self) -> Tables:
        self._under_way += 1
        self.times_asked += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        self.asked.set()
        try:
            if self.hold is not None:
                await self.hold.wait()
        finally:
            self._under_way -= 1
        return self._committed()


def _due(kind: str, dates: Iterable[datetime | None], now: datetime) -> DueWork:
    due = [one for one in dates if one is not None and one <= now]
    known = [one for one in due if one > AT_ONCE]
    return DueWork(kind=kind, rows=len(due), oldest_due_at=min(known, default=None))
