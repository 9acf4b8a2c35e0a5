"""The audit log: who did what about whom."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from domain.audit import Act, Actor, AuditEntry, AuditPosition
from domain.ids import ExpertId

FORGOTTEN_AT_ONCE: Final = 2_000

WhoActs = Callable[[], Actor]
"""Who does what is being done in the running task."""


class AuditLog(Protocol):
    """Part of a unit of work: an act is recorded if it happens.

    Entries are never changed. They are removed by `forget_before` only, and by nothing while they are young.
    """

    async def add(self, act: Act) -> None:
        """Record it as done by whoever acts. Nothing is recorded about an expert who is not there."""
        ...

    async def has_since(self, since: datetime, act: Act) -> bool:
        """Whether such an act about the expert, by whoever acts now, was recorded for a time after `since`."""
        ...

    async def subject_of(self, expert_id: ExpertId) -> str:
        """The name under which the log speaks of the expert. Raises ExpertNotFound."""
        ...

    async def page(
        self,
        *,
        of: ExpertId | None = None,
        subject: str | None = None,
        after: AuditPosition | None = None,
        until: datetime | None = None,
        limit: int,
    ) -> tuple[AuditEntry, ...]:
        """Up to `limit` entries beyond `after`, in order: of one expert, of one subject, or all.

        Those with a time of `until` or later are left out. Empty for an expert who is not there.
        """
        ...

    async def forget_before(self, at: datetime, limit: int = FORGOTTEN_AT_ONCE) -> int:
        """Remove the oldest entries from before then, `limit` at most; returns how many."""
        ...
