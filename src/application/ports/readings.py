"""The stored readings of conflict calendars, and when each has to be read next."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from application.ports.lanes import Room
from domain.account import Provider
from domain.ids import AccountId, CalendarId, ExpertId, SessionId
from domain.interval import Interval
from domain.reading import BegunLook, Pace, ReadingTask, StoredReading


class Readings(Protocol):
    """There is a row for each conflict calendar and for no other: choosing one adds it, due at once."""

    async def task(self, calendar_id: CalendarId) -> ReadingTask | None:
        """What to read; None when it is no conflict calendar (any more), is missing, or its account is not active."""
        ...

    async def begin_all(
        self, calendar_ids: Collection[CalendarId], *, now: datetime, until: datetime
    ) -> tuple[BegunLook, ...]:
        """What to read of these, and they are left to the one who begins: none is due before `until`, unless it is
        marked. Left out is what there is nothing to read of, as with `task`."""
        ...

    async def begin_due(
        self,
        room: Room,
        *,
        now: datetime,
        until: datetime,
        pace: Pace,
        jitter: Sequence[float],
        together: Collection[Provider] = (),
        with_writable: Collection[Provider] = (),
        saving: Collection[Provider] = (),
    ) -> tuple[BegunLook, ...]:
        """Begin looks at calendars of active accounts that are due, as many as there is room for: marked ones first,
        and of each the longest due first.

        Marked ones are left to the one who begins until `until`, so that no mark is lost with them. Polled ones are
        planned already as if the look had succeeded, by `pace` and one of `jitter` each. Of an account no more than
        MOST_OF_A_KEY, with those that the room says are held: its key is its id. What another process is just taking is
        passed over. What `Jobs.read_calendar` asked for is marked first.

        The providers named `together` answer in one request for all calendars of an account that can't be written to,
        and those named `with_writable`, too, for all others with them. Such calendars of an account take one place and
        one of the jitter, and have the slower pace if all of them are notified of. A polled one that didn't fail brings
        along whatever of them is not under way and didn't fail either; any other brings what is due within the part
        NEARLY_DUE of the pause between polls.

        The requests of the providers named `saving` are nearly spent.
        """
        ...

    async def free_begun(self, now: datetime, *, before: datetime) -> None:
        """Whoever began looks before then and didn't end them has died: they failed, and are due at `now`.

        Those that had failed before stay due when they are: it may be they that workers die of.
        """
        ...

    async def overlapping(
        self, expert_id: ExpertId, interval: Interval, *, but: SessionId | None = None
    ) -> tuple[tuple[AccountId, CalendarId], ...]:
        """The expert's calendars, by id, whose readings say that something overlaps it, however old they are.

        The event of the session that is `but` to be there does not count.

        Waits for a reading that is being stored, and none is until the transaction ends.
        """
        ...

    async def deviating(self, expert_id: ExpertId, session_id: SessionId) -> tuple[CalendarId, ...]:
        """The calendars, by id, whose readings found this session's event not as we left it."""
        ...

    async def lock(self, calendar_id: CalendarId) -> StoredReading | None:
        """The stored reading, if any; blocks whoever stores another until the transaction ends."""
        ...

    async def store(
        self, task: ReadingTask, reading: StoredReading, *, due_at: datetime, now: datetime
    ) -> bool:
        """Replace the reading and plan the next; when marks came since `task` began, it stays due at once.

        Then workers are woken, unless a look that began later is under way.

        False, and nothing stored, when it is a conflict calendar no more, or one with a later `read_at` is there,
        unless that is later than `now`. The look is over all the same, unless another one began; marks that nobody has
        seen leave the calendar due at once, and workers are woken.
        """
        ...

    async def failed(self, task: ReadingTask, *, due_at: datetime) -> None:
        """Remember one more failure in a row, and when to try again; the reading that is there stays.

        No news, and nothing changed, when another reading ended since `task` began.
        """
        ...

    async def spare(self, account_id: AccountId, *, until: datetime) -> None:
        """The account's mailbox is to be left alone: none of its calendars is due before then, also of those marked."""
        ...

    async def last_looked(self, expert_id: ExpertId, account_id: AccountId) -> datetime | None:
        """When the newest look at one of the account's conflict calendars began that read it; None if none did."""
        ...

    async def mark(self, calendar_id: CalendarId, now: datetime) -> bool:
        """Something changed in the calendar: it is due at `now`, and workers are woken. False when it is not a conflict
        calendar."""
        ...
