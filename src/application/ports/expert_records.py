"""Everything held about an expert, in readable form."""

from typing import Protocol

from domain.export import ExportPosition, ExportRecord
from domain.ids import ExpertId


class ExpertRecords(Protocol):
    """Part of a unit of work."""

    async def after(
        self, expert_id: ExpertId, position: ExportPosition | None, *, limit: int
    ) -> tuple[ExportRecord, ...]:
        """Up to `limit` records beyond `position`, or from the beginning: kind by kind, always in the same order.

        Fewer only at the end, and none for an unknown expert. Secrets, and what says how the service goes about its
        work, are not among what a record holds. Raises ExportPositionUnknown.
        """
        ...
