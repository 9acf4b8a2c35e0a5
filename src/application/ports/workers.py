"""The processes that run jobs: which of them live, and what those that died have left claimed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.ids import ExpertId, IncidentId, SessionId, WorkerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """What a worker had claimed, and others may claim now."""

    sessions: tuple[tuple[ExpertId, SessionId], ...] = ()
    incidents: tuple[IncidentId, ...] = ()


class Workers(Protocol):
    """A claim belongs to the worker whose id is before the dot of its token (`IdSource.claim`)."""

    async def show_life(self, worker_id: WorkerId, now: datetime) -> datetime | None:
        """Remember that it lives now; when it last showed it, None if never."""
        ...

    async def silent(self, before: datetime) -> tuple[WorkerId, ...]:
        """Those that have shown no life since, in the order of their ids."""
        ...

    async def forget(self, worker_id: WorkerId, now: datetime) -> Freed:
        """It is gone: free what it has claimed. Nothing happens where it is not known (any more)."""
        ...
