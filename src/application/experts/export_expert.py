"""Hand out everything held about an expert, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from typing import Final

from application.ports.clock import Clock
from application.ports.store import Store, Transaction
from domain.audit import Act, AuditAction
from domain.export import ExportPosition, ExportRecord
from domain.ids import ExpertId

READ_AT_ONCE: Final = 50
LARGEST_PAGE_BYTES: Final = 1_000_000
"""Once a page has so many, no more comes into it."""
ONE_EXPORT: Final = timedelta(hours=1)
"""Pages that the same actor asks for within it count as one export."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPage:
    """`more` is whether there may be another page."""

    records: tuple[ExportRecord, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportExpert:
    store: Store
    clock: Clock

    async def __call__(self, expert_id: ExpertId, *, after: ExportPosition | None, limit: int) -> ExportPage:
        """The records beyond `after`, `limit` at most, and fewer where they are large.

        Each page shows what is held when it is read. Raises ExpertNotFound, ExportPositionUnknown.
        """
        async with self.store.transaction() as tx:
            await tx.experts.get(expert_id)
            await self._audit(tx, expert_id, begins=after is None)
        records: list[ExportRecord] = []
        more, size = True, 0
        while more and len(records) < limit and size < LARGEST_PAGE_BYTES:
            wanted = min(READ_AT_ONCE, limit - len(records))
            async with self.store.transaction() as tx:
                found = await tx.records.after(
                    expert_id, records[-1].position if records else after, limit=wanted
                )
            kept = _until_full(found, LARGEST_PAGE_BYTES - size)
            records += kept
            size += sum(one.size for one in kept)
            more = len(found) == wanted or len(kept) < len(found)
        return ExportPage(records=tuple(records), more=more)

    async def _audit(self, tx: Transaction, expert_id: ExpertId, *, begins: bool) -> None:
        """Whoever goes on with an export that they never began is recorded as well: anybody can make a page token."""
        now = self.clock.now()
        act = Act(action=AuditAction.EXPERT_EXPORTED, at=now, expert_id=expert_id)
        if begins or not await tx.audit.has_since(now - ONE_EXPORT, act):
            await tx.audit.add(act)


def _until_full(found: Sequence[ExportRecord], room: int) -> list[ExportRecord]:
    """Those that begin in the room, so that the last of them may be too large for it."""
    ends = accumulate(one.size for one in found)
    return [one for one, end in zip(found, ends, strict=True) if end - one.size < room]
