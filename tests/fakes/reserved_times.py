"""A fake of the times that are given to one only."""

from dataclasses import dataclass
from datetime import datetime

from application.ports.reserved_times import HoldPosition
from domain.expert import ExpertNotFound
from domain.hold import Hold, HoldNotFound, TimeTaken
from domain.ids import ExpertId, HoldId, SessionId
from domain.interval import Interval
from domain.session import SessionNotFound
from tests.fakes.tables import Tables


@dataclass(frozen=True, slots=True)
class FakeReservedTimes:
    tables: Tables

    async def hold(self, hold: Hold, *, needed: Interval | None = None, now: datetime) -> tuple[Hold, ...]:
        if hold.expert_id not in self.tables.experts:
            raise ExpertNotFound
        removed = self._make_room(
            hold.expert_id, hold.interval, needed or hold.interval, now, but_hold=hold.hold_id
        )
        self.tables.holds[hold.expert_id, hold.hold_id] = hold
        return removed

    async def release(self, expert_id: ExpertId, hold_id: HoldId) -> Hold:
        try:
            return self.tables.holds.pop((expert_id, hold_id))
        except KeyError:
            raise HoldNotFound from None

    async def reserve(
        self,
        expert_id: ExpertId,
        session_id: SessionId,
        interval: Interval,
        *,
        needed: Interval | None = None,
        now: datetime,
    ) -> tuple[Hold, ...]:
        if (expert_id, session_id) not in self.tables.sessions:
            raise SessionNotFound
        removed = self._make_room(expert_id, interval, needed or interval, now, but_session=session_id)
        self.tables.reserved[expert_id, session_id] = interval
        return removed

    async def of_session(self, expert_id: ExpertId, session_id: SessionId) -> Interval | None:
        return self.tables.reserved.get((expert_id, session_id))

    async def give_back(self, expert_id: ExpertId, session_id: SessionId) -> None:
        self.tables.reserved.pop((expert_id, session_id), None)

    async def holds(
        self, of: ExpertId | None, *, after: HoldPosition | None, now: datetime, limit: int
    ) -> tuple[Hold, ...]:
        found = [
            one
            for one in sorted(self.tables.holds.values(), key=_position)
            if one.expires_at > now
            and (of is None or one.expert_id == of)
            and (after is None or _position(one) > after)
        ]
        return tuple(found[:limit])

    async def remove_expired(self, now: datetime, limit: int) -> tuple[Hold, ...]:
        expired = sorted(
            (one for one in self.tables.holds.values() if one.expires_at <= now),
            key=lambda one: one.expires_at,
        )[:limit]
        for one in expired:
            del self.tables.holds[one.expert_id, one.hold_id]
        return tuple(expired)

    def _make_room(
        self,
        expert_id: ExpertId,
        interval: Interval,
        needed: Interval,
        now: datetime,
        *,
        but_hold: HoldId | None = None,
        but_session: SessionId | None = None,
    ) -> tuple[Hold, ...]:
        """Drop the expired holds in the way. Raises TimeTaken for anything else but the one that is replaced."""
        holds = {
            key: one
            for key, one in self.tables.holds.items()
            if key[0] == expert_id and key[1] != but_hold and one.interval.overlaps(needed)
        }
        sessions = tuple(
            key[1]
            for key, one in self.tables.reserved.items()
            if key[0] == expert_id and key[1] != but_session and one.overlaps(needed)
        )
        live = tuple(key[1] for key, one in holds.items() if one.expires_at > now)
        if sessions or live:
            raise TimeTaken(sessions=sessions, holds=live)
        over = sorted(key for key, one in holds.items() if one.interval.overlaps(interval))
        return tuple(self.tables.holds.pop(key) for key in over)


def _position(hold: Hold) -> HoldPosition:
    return HoldPosition(hold.expires_at, hold.expert_id, hold.hold_id)
