"""All that is known of experts' time without asking a provider: the one question behind every availability answer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.account import Provider
from domain.availability import UncheckedReason
from domain.blocking import BlockingRule
from domain.ids import AccountId, CalendarId, ExpertId
from domain.interval import Interval
from domain.reading import StoredReading
from domain.taken import BookedTime, HeldTime


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCalendar:
    """A conflict calendar and its last reading, if there is one."""

    calendar_id: CalendarId
    account_id: AccountId
    provider: Provider
    remote_calendar_id: str = field(repr=False)
    account_active: bool
    missing: bool
    reading: StoredReading | None

    @property
    def can_be_read(self) -> bool:
        return self.account_active and not self.missing


@dataclass(slots=True, eq=False)
class Workings:
    """What was worked out from one state of what is known of an expert, whatever the times of its readings.

    It goes when the state is another, when the process needs the memory, and with the connection to the database.
    `whole` belongs to `application.availability.answer_at_once`.
    """

    whole: object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTime:
    """What is known of one expert. `rule` is the one that their readings must have been made under.

    `workings` is None where nothing is kept. Else it is shared by all that show the same state: the same rule, the
    same calendars with the same busy time, and the same sessions. Only the holds, and when readings were made, may
    differ; where not even that does, the very same object comes again. `booked` and `held` are then all in the window
    that readings are kept for, which holds the one that was asked about. `unchecked` is set where there is no calendar.
    """

    expert_id: ExpertId
    rule: BlockingRule
    calendars: tuple[KnownCalendar, ...]
    booked: tuple[BookedTime, ...]
    held: tuple[HeldTime, ...]
    unchecked: UncheckedReason | None = None
    workings: Workings | None = field(default=None, compare=False, repr=False)


class KnownTimes(Protocol):
    async def of(
        self, expert_ids: Collection[ExpertId], window: Interval, *, now: datetime
    ) -> Mapping[ExpertId, KnownTime]:
        """Of each expert that exists: conflict calendars with readings, and the live sessions and holds in `window`.

        Calendars come by id, sessions and holds by start, then by id. Holds live until they expire, judged by `now`.
        Of each expert of one moment after the call began: what was committed before is in it, whoever wrote it, and
        what is written meanwhile is in all of it or in none. Raises StoreUnavailable.
        """
        ...
