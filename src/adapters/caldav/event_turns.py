"""One write at a time an event, in this process: whoever confirms a change must not find the next one."""

from asyncio import Lock
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from domain.ids import AccountId, EventMark


@dataclass(frozen=True, slots=True)
class EventTurns:
    """Forgets an event as soon as nobody writes it."""

    _locks: WeakValueDictionary[tuple[AccountId, EventMark], Lock] = field(
        default_factory=WeakValueDictionary, repr=False
    )

    def at(self, account_id: AccountId, mark: EventMark) -> Lock:
        """To be held while the event is written; first come, first served."""
        return self._locks.setdefault((account_id, mark), Lock())
