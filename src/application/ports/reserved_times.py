"""The times given to one only: live holds, and checked sessions. The store itself refuses any two that overlap."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.hold import Hold
from domain.ids import ExpertId, HoldId, SessionId
from domain.interval import Interval


@dataclass(frozen=True, slots=True, order=True)
class HoldPosition:
    """A place in the order of holds: by when they expire, then by ids."""

    expires_at: datetime
    expert_id: ExpertId
    hold_id: HoldId


class ReservedTimes(Protocol):
    """Whoever gives a time away waits for the expert's lock, and holds it until the transaction ends."""

    async def hold(self, hold: Hold, *, needed: Interval | None = None, now: datetime) -> tuple[Hold, ...]:
        """Reserve a time, in the place of the hold with this id if there is one.

        Nobody else may have any of `needed`, which holds the time; not set, it is the time. Other holds that have
        expired at `now` don't count: those in the way of the time are removed, and returned by id.
        Raises TimeTaken, which names what is in the way, ExpertNotFound.
        """
        ...

    async def release(self, expert_id: ExpertId, hold_id: HoldId) -> Hold:
        """Give the time back; the hold as it was, also one that has expired but is there. Raises HoldNotFound."""
        ...

    async def reserve(
        self,
        expert_id: ExpertId,
        session_id: SessionId,
        interval: Interval,
        *,
        needed: Interval | None = None,
        now: datetime,
    ) -> tuple[Hold, ...]:
        """Give a time to a session, in the place of the one it has; returns the expired holds it removed, as `hold`.

        Raises TimeTaken, SessionNotFound.
        """
        ...

    async def of_session(self, expert_id: ExpertId, session_id: SessionId) -> Interval | None:
        """The time that is its own, if it has one."""
        ...

    async def give_back(self, expert_id: ExpertId, session_id: SessionId) -> None:
        """The session needs its reserved time no more; nothing happens where it has none."""
        ...

    async def holds(
        self, of: ExpertId | None, *, after: HoldPosition | None, now: datetime, limit: int
    ) -> tuple[Hold, ...]:
        """Up to `limit` holds beyond `after` that are live at `now`, of one expert or of all, in order."""
        ...

    async def remove_expired(self, now: datetime, limit: int) -> tuple[Hold, ...]:
        """Remove some that have expired, `limit` at most, the longest expired first.

        What somebody else is dealing with is left to them.
        """
        ...
