"""A fake of the end of looks that found what is stored."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from application.ports.unchanged_looks import UnchangedLook
from tests.fakes.sessions import FakeSessions
from tests.fakes.tables import Tables


@dataclass(frozen=True, slots=True)
class FakeUnchangedLooks:
    unit_of_work: Callable[[], AbstractAsyncContextManager[Tables]]

    async def end(self, unchanged: UnchangedLook) -> bool:
        look, task = unchanged.look, unchanged.look.task
        async with self.unit_of_work() as tables:
            row = tables.readings.get(task.calendar_id)
            own = await FakeSessions(tables).own_snapshots([task.expert_id], unchanged.window)
            if (
                row is None
                or row.reading is None
                or (row.marks, row.reading, row.begun_at, row.due_at)
                != (task.marks, task.previous, look.begun_at, look.due_at)
                or own[task.expert_id].version != unchanged.own_version
                or any((task.expert_id, mark) in tables.marks for mark in unchanged.foreign)
            ):
                return False
            tables.readings[task.calendar_id] = replace(
                row,
                reading=replace(row.reading, read_at=look.begun_at),
                due_at=unchanged.due_at,
                begun_at=None,
                seen_marks=task.marks,
                failures=0,
            )
            return True
