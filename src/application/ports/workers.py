"""The processes that run jobs: which of them live, and what those that died have left claimed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.ids import ExpertId, IncidentId, SessionId, WorkerId

MOST_DEATHS = 5
"""A row that as many workers in a row have died with is worked on once in a long while only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """What a worker had claimed, and others may claim now. `set_aside` counts what they may claim only later."""

    sessions: tuple[tuple[ExpertId, SessionId], ...] = ()
    incidents: tuple[IncidentId, ...] = ()
    set_aside: int = 0


class Workers(Protocol):
    """A claim belongs to the worker whose id is before the dot of its token (`IdSource.claim`)."""

    async def show_life(self, worker_id: WorkerId, now: datetime) -> datetime | None:
        """Remember that it lives now; when it last showed it, None if never."""
        ...

    async def silent(self, before: datetime) -> tuple[WorkerId, ...]:
        """Those that have shown no life since, in the order of their ids."""
        ...

    async def forget(self, worker_id: WorkerId, now: datetime, *, aside_until: datetime | None) -> Freed:
        """It is gone: free what it has claimed. Nothing happens where it is not known (any more).

        With `aside_until` it has died, perhaps of one of these: each for which it was the MOST_DEATHS-th in a row, and
        later ones, stays claimed until then. None: it has left in order.
        """
        ...
