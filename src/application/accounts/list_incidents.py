"""List the open losses of access, with what waits because of each and the link that ends it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from application.ports.clock import Clock
from application.ports.incidents import IncidentPosition, OpenIncident
from application.ports.store import Store
from domain.ids import ExpertId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedIncident:
    """`reconnect_url` is empty unless it was asked for."""

    found: OpenIncident
    reconnect_url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListIncidents:
    """`reconnect_url` makes the link of an incident's token."""

    store: Store
    clock: Clock
    reconnect_url: Callable[[str], str]

    async def __call__(
        self,
        expert_id: ExpertId | None,
        *,
        with_urls: bool = False,
        after: IncidentPosition | None = None,
        limit: int,
    ) -> tuple[ListedIncident, ...]:
        """Up to `limit` beyond `after`, of one expert or of all, the longest open first. Raises ExpertNotFound."""
        async with self.store.transaction() as tx:
            if expert_id is not None:
                await tx.experts.get(expert_id)
            found = await tx.incidents.open(expert_id, after=after, now=self.clock.now(), limit=limit)
        return tuple(
            ListedIncident(
                found=one, reconnect_url=self.reconnect_url(one.incident.token) if with_urls else ""
            )
            for one in found
        )
