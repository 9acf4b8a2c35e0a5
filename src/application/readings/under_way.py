"""A look at a calendar that is under way, and whether what it finds is what is stored already."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from application.ports.calendar_reader import ReadableCalendar
from application.ports.sessions import OwnSnapshot
from application.ports.unchanged_looks import UnchangedLook
from application.readings.own_entries import calendar_to_read, seen_among
from domain.blocking import CalendarEntry
from domain.ids import ExpertId
from domain.interval import Interval
from domain.look import Look
from domain.own_events import OwnEvents, Seen
from domain.reading import BegunLook, ReadingTask, StoredReading
from domain.zone import zone_named


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """`own` is what there was to know of the expert's sessions when it began; `due_at` when to look again after it."""

    begun: BegunLook
    window: Interval
    own: OwnSnapshot
    due_at: datetime

    @classmethod
    def of(
        cls, begun: BegunLook, window: Interval, own: Mapping[ExpertId, OwnSnapshot], *, due_at: datetime
    ) -> "UnderWay":
        return cls(begun=begun, window=window, own=own[begun.task.expert_id], due_at=due_at)

    @property
    def task(self) -> ReadingTask:
        return self.begun.task

    @property
    def calendar(self) -> ReadableCalendar:
        task = self.task
        return calendar_to_read(
            task.calendar_id, task.remote_calendar_id, self.own.events, writable=task.writable
        )

    @property
    def look(self) -> Look:
        return Look(
            account_id=self.task.account_id,
            calendar_id=self.task.calendar_id,
            remote_calendar_id=self.task.remote_calendar_id,
            window=self.window,
            zone=zone_named(self.task.rule.zone),
            tentative_blocks=self.task.rule.tentative_blocks,
            read_at=self.begun.begun_at,
        )

    def reading(self, seen: Seen) -> StoredReading:
        return StoredReading(
            calendar_id=self.task.calendar_id,
            window=self.window,
            read_at=self.begun.begun_at,
            busy=seen.busy,
            rule=self.task.rule,
            deviations=seen.deviations,
        )

    async def unchanged(self, entries: tuple[CalendarEntry, ...]) -> UnchangedLook | None:
        """None when something differs from what is stored, taking the expert's sessions as they were when it began."""
        stored = self.task.previous
        if stored is None or (stored.window, stored.rule) != (self.window, self.task.rule):
            return None
        ours = {one.copy.mark: one.session_id for one in self.own.events if one.copy is not None}
        own = OwnEvents.of(self.own.events, self.own.events, ours)
        seen = await seen_among(own, entries, self.look)
        if (seen.busy, seen.deviations) != (stored.busy, stored.deviations):
            return None
        marks = {entry.mark for entry in entries if entry.mark is not None}
        return UnchangedLook(
            look=self.begun,
            window=self.window,
            own_version=self.own.version,
            foreign=frozenset(marks - ours.keys()),
            due_at=self.due_at,
        )
