"""Accepting sessions that are new, the plain case of a booking: cheaper than a unit of work for each."""

from typing import Protocol

from domain.change import Change
from domain.session import Session


class NewSessions(Protocol):
    async def accept(self, session: Session, told: Change) -> bool:
        """Store a new session that has no event yet, tell the watchers, and wake a worker: all of it or nothing.

        False, and nothing stored, where it isn't that simple: the id is taken, the expert is unknown or being erased,
        or somebody is in the way. A unit of work then says what it is. Raises StoreUnavailable: as with every answer
        that was lost, the session may have been accepted.
        """
        ...
