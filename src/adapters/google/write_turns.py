"""One write at a time per calendar.

Google refuses writes that come too quickly to one calendar, even where every other limit has room ("operational limits"
in its Calendar usage limits).
"""

from asyncio import Lock
from weakref import WeakValueDictionary


class WriteTurns:
    """Shared by everything in the process that writes. Forgets a calendar as soon as nobody writes to it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._locks)

    def at(self, remote_calendar_id: str) -> Lock:
        """To be held while writing; first come, first served."""
        lock = self._locks.get(remote_calendar_id)
        if lock is None:
            lock = self._locks[remote_calendar_id] = Lock()
        return lock
