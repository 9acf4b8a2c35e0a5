"""A fake of the stored readings."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from application.ports.lanes import MOST_OF_A_KEY, Room
from domain.account import Provider
from domain.ids import AccountId, CalendarId, ExpertId, SessionId
from domain.interval import Interval
from domain.reading import NEARLY_DUE, BegunLook, Pace, ReadingTask, StoredReading
from tests.fakes.tables import ReadingRow, Tables


@dataclass(frozen=True, slots=True)
class FakeReadings:
    tables: Tables

    async def task(self, calendar_id: CalendarId) -> ReadingTask | None:
        found = self.tables.conflict_calendar(calendar_id)
        if found is None:
            return None
        calendar, account = found
        row = self.tables.readings[calendar_id]
        return ReadingTask(
            calendar_id=calendar_id,
            account_id=account.account_id,
            provider=account.identity.provider,
            expert_id=account.expert_id,
            remote_calendar_id=calendar.remote.remote_id,
            writable=calendar.remote.writable,
            rule=self.tables.rule(account.expert_id),
            marks=row.marks,
            failures=row.failures,
            previous=row.reading,
        )

    async def begin_all(
        self, calendar_ids: Collection[CalendarId], *, now: datetime, until: datetime
    ) -> tuple[BegunLook, ...]:
        tasks = [await self.task(one) for one in sorted(calendar_ids)]
        return tuple(
            self._begin(task, now=now, due_at=until, noticed=True) for task in tasks if task is not None
        )

    async def begin_due(
        self,
        room: Room,
        *,
        now: datetime,
        until: datetime,
        pace: Pace,
        jitter: Sequence[float],
        together: Collection[Provider] = (),
        with_writable: Collection[Provider] = (),
        saving: Collection[Provider] = (),
    ) -> tuple[BegunLook, ...]:
        for wish in [one for one in self.tables.wishes if one.kind == "read_calendar"]:
            await self.mark(CalendarId(wish.id), now)
            self.tables.wishes.remove(wish)
        held, begun, again, units = Counter(room.held), list[BegunLook](), room.again, 0
        for noticed in (True, False):
            for calendar_id in await self._due(now, len(self.tables.readings)):
                row, task = self.tables.readings[calendar_id], await self.task(calendar_id)
                assert task is not None
                if (
                    (row.marks > row.seen_marks) is not noticed
                    or held[task.account_id] >= MOST_OF_A_KEY
                    or units == room.places
                    or (not noticed and again == 0)
                    or calendar_id in {one.task.calendar_id for one in begun}
                ):
                    continue
                held[task.account_id] += 1
                again -= not noticed
                all_alike = task.provider in with_writable
                grouped = task.provider in together and (all_alike or self._only_read(calendar_id))
                names = (
                    self._together_with(task, now, pace, all_alike=all_alike) if grouped else [calendar_id]
                )
                told = [self._told_until(name) for name in names]
                until_all = min((one for one in told if one is not None), default=None)
                planned = pace.next_due(
                    now,
                    told_until=until_all if None not in told else None,
                    jitter=jitter[units],
                    saving=task.provider in saving,
                )
                units += 1
                for name in names:
                    one, other = self.tables.readings[name], await self.task(name)
                    assert other is not None
                    marked = one.marks > one.seen_marks
                    due_at = until if marked else planned
                    look = self._begin(other, now=now, due_at=due_at, noticed=marked)
                    begun.append(replace(look, together=grouped))
        return tuple(begun)

    def _only_read(self, calendar_id: CalendarId) -> bool:
        return not self.tables.calendars[calendar_id].remote.writable

    def _together_with(
        self, first: ReadingTask, now: datetime, pace: Pace, *, all_alike: bool
    ) -> list[CalendarId]:
        """All that are begun with this one, itself included."""
        due_from = now + pace.polled_every * NEARLY_DUE
        mine = [
            (row.due_at, key)
            for key, row in self.tables.readings.items()
            if self.tables.calendars[key].account_id == first.account_id
            and self.tables.conflict_calendar(key)
            and (all_alike or self._only_read(key))
        ]
        rows = self.tables.readings
        with_all = any(
            row.due_at <= now and row.marks == row.seen_marks and row.failures == 0
            for row in (rows[key] for _, key in mine)
        )
        return [
            key
            for due_at, key in sorted(mine)
            if (rows[key].begun_at is None or due_at <= now)
            and (due_at <= due_from or (with_all and rows[key].failures == 0))
        ]

    async def free_begun(self, now: datetime, *, before: datetime) -> None:
        for key, row in self.tables.readings.items():
            if row.begun_at is not None and row.begun_at < before:
                due_at = row.due_at if row.failures else min(row.due_at, now)
                self.tables.readings[key] = replace(
                    row, begun_at=None, due_at=due_at, failures=row.failures + 1
                )

    def _begin(self, task: ReadingTask, *, now: datetime, due_at: datetime, noticed: bool) -> BegunLook:
        row = self.tables.readings[task.calendar_id]
        self.tables.readings[task.calendar_id] = replace(row, begun_at=now, due_at=due_at)
        return BegunLook(
            task=task,
            begun_at=now,
            due_at=due_at,
            told_until=self._told_until(task.calendar_id),
            noticed=noticed,
        )

    def _told_until(self, calendar_id: CalendarId) -> datetime | None:
        subscription = self.tables.subscriptions[calendar_id].subscription
        return None if subscription is None else subscription.expires_at

    async def overlapping(
        self, expert_id: ExpertId, interval: Interval, *, but: SessionId | None = None
    ) -> tuple[tuple[AccountId, CalendarId], ...]:
        return tuple(
            (self.tables.calendars[reading.calendar_id].account_id, reading.calendar_id)
            for reading in self._of(expert_id)
            if reading.overlaps(interval, but=but)
        )

    async def deviating(self, expert_id: ExpertId, session_id: SessionId) -> tuple[CalendarId, ...]:
        return tuple(
            reading.calendar_id
            for reading in self._of(expert_id)
            if any(one.session_id == session_id for one in reading.deviations)
        )

    def _of(self, expert_id: ExpertId) -> Iterator[StoredReading]:
        for calendar_id, row in sorted(self.tables.readings.items(), key=lambda one: one[0]):
            account = self.tables.accounts[self.tables.calendars[calendar_id].account_id]
            if account.expert_id == expert_id and row.reading is not None:
                yield row.reading

    async def lock(self, calendar_id: CalendarId) -> StoredReading | None:
        row = self.tables.readings.get(calendar_id)
        return row.reading if row is not None else None

    async def store(
        self, task: ReadingTask, reading: StoredReading, *, due_at: datetime, now: datetime
    ) -> bool:
        row = self.tables.readings.get(task.calendar_id)
        if row is None or (row.reading is not None and reading.read_at < row.reading.read_at <= now):
            if row is not None and row.begun_at == reading.read_at:
                self._end_refused(task.calendar_id, row, due_at)
            return False
        marked = row.marks > task.marks
        if marked and (row.begun_at is None or row.begun_at <= reading.read_at):
            self.tables.woken.append("read_calendar")
        self.tables.readings[task.calendar_id] = replace(
            row,
            reading=reading,
            due_at=min(row.due_at, reading.read_at) if marked else due_at,
            begun_at=None,
            seen_marks=task.marks,
            failures=0,
        )
        return True

    def _end_refused(self, calendar_id: CalendarId, row: ReadingRow, due_at: datetime) -> None:
        marked = row.marks > row.seen_marks
        assert row.begun_at is not None
        due_at = row.begun_at if marked else due_at
        self.tables.readings[calendar_id] = replace(row, begun_at=None, due_at=due_at)
        if marked:
            self.tables.woken.append("read_calendar")

    async def failed(self, task: ReadingTask, *, due_at: datetime) -> None:
        row = self.tables.readings.get(task.calendar_id)
        if row is not None and (row.failures, row.reading) == (task.failures, task.previous):
            self.tables.readings[task.calendar_id] = replace(
                row, due_at=due_at, begun_at=None, failures=row.failures + 1
            )

    async def spare(self, account_id: AccountId, *, until: datetime) -> None:
        for key, row in self.tables.readings.items():
            if self.tables.calendars[key].account_id == account_id and row.due_at < until:
                self.tables.readings[key] = replace(row, due_at=until)

    async def last_looked(self, expert_id: ExpertId, account_id: AccountId) -> datetime | None:
        looks = (
            row.reading.read_at
            for calendar_id, row in self.tables.readings.items()
            if row.reading is not None and self.tables.calendars[calendar_id].account_id == account_id
        )
        return max(looks, default=None)

    async def mark(self, calendar_id: CalendarId, now: datetime) -> bool:
        row = self.tables.readings.get(calendar_id)
        if row is None:
            return False
        self.tables.readings[calendar_id] = replace(
            row, marks=self.tables.next_mark(), due_at=min(row.due_at, now)
        )
        self.tables.woken.append("read_calendar")
        return True

    async def _due(self, now: datetime, limit: int) -> tuple[CalendarId, ...]:
        found = sorted(
            (row.due_at, key)
            for key, row in self.tables.readings.items()
            if row.due_at <= now and self.tables.conflict_calendar(key)
        )
        return tuple(key for _, key in found[:limit])
