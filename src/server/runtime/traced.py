"""Ports whose work shows in the traces as a part of the call, wrapped around the real ones where traces are wanted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from application.ports.known_times import KnownTime, KnownTimes
from application.ports.new_sessions import NewSessions
from domain.change import Change
from domain.ids import ExpertId
from domain.interval import Interval
from domain.session import Session
from server.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedKnownTimes:
    """The statements behind it are shared by many calls, and belong to none of them."""

    known_times: KnownTimes
    traces: Traces

    async def of(
        self, expert_ids: Collection[ExpertId], window: Interval, *, now: datetime
    ) -> Mapping[ExpertId, KnownTime]:
        with self.traces.step("known times"):
            return await self.known_times.of(expert_ids, window, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedNewSessions:
    sessions: NewSessions
    traces: Traces

    async def accept(self, session: Session, told: Change) -> bool:
        with self.traces.step("accept a session"):
            return await self.sessions.accept(session, told)
