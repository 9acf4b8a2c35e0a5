"""All that is known of experts' time without asking a provider: the one question behind every availability answer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.account import Provider
from domain.availability import BookedTime, HeldTime
from domain.ids import AccountId, CalendarId, ExpertId
from domain.interval import Interval
from domain.reading import StoredReading


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


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTime:
    """What is known of one expert. `zone` is the name of their time zone."""

    expert_id: ExpertId
    zone: str
    calendars: tuple[KnownCalendar, ...]
    booked: tuple[BookedTime, ...]
    held: tuple[HeldTime, ...]


class KnownTimes(Protocol):
    async def of(
        self, expert_ids: Collection[ExpertId], window: Interval, *, now: datetime
    ) -> Mapping[ExpertId, KnownTime]:
        """Of each expert that exists: conflict calendars with readings, and the live sessions and holds in `window`.

        Calendars come by id, sessions and holds by start, then by id.
        Of one moment: what is written meanwhile is in all of it or in none. Raises StoreUnavailable.
        """
        ...
