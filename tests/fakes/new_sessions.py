"""Fakes of how new sessions are accepted: by a unit of work for each, or never."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from domain.change import Change
from domain.session import Session
from tests.fakes.changes import FakeChanges
from tests.fakes.jobs import FakeJobs
from tests.fakes.sessions import FakeSessions
from tests.fakes.tables import Tables


@dataclass(frozen=True, slots=True)
class FakeNewSessions:
    unit_of_work: Callable[[], AbstractAsyncContextManager[Tables]]

    async def accept(self, session: Session, told: Change) -> bool:
        async with self.unit_of_work() as tables:
            if session.expert_id not in tables.experts or not await FakeSessions(tables).add(session):
                return False
            await FakeChanges(tables).add(told)
            await FakeJobs(tables).write_session(session.expert_id, session.session_id)
            return True


@dataclass(frozen=True, slots=True)
class SomebodyInTheWay:
    """Accepts nothing, so that every session takes the way of a unit of work."""

    async def accept(self, session: Session, told: Change) -> bool:
        return False
