"""A fake of the question behind every availability answer."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from application.ports.known_times import KnownCalendar, KnownTime
from domain.availability import BookedTime, HeldTime
from domain.ids import ExpertId
from domain.interval import Interval
from tests.fakes.tables import Tables


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeKnownTimes:
    """`committed` gives the tables as last committed."""

    committed: Callable[[], Tables]

    async def of(
        self, expert_ids: Collection[ExpertId], window: Interval, *, now: datetime
    ) -> Mapping[ExpertId, KnownTime]:
        tables = self.committed()
        return {
            expert_id: KnownTime(
                expert_id=expert_id,
                zone=tables.experts[expert_id].time_zone.key,
                calendars=tuple(_calendars(tables, expert_id)),
                booked=_booked(tables, expert_id, window),
                held=_held(tables, expert_id, window, now),
            )
            for expert_id in expert_ids
            if expert_id in tables.experts
        }


def _calendars(tables: Tables, expert_id: ExpertId) -> Iterator[KnownCalendar]:
    for calendar_id, row in sorted(tables.readings.items(), key=lambda one: one[0]):
        calendar = tables.calendars[calendar_id]
        account = tables.accounts[calendar.account_id]
        if account.expert_id == expert_id:
            yield KnownCalendar(
                calendar_id=calendar_id,
                account_id=account.account_id,
                provider=account.identity.provider,
                remote_calendar_id=calendar.remote.remote_id,
                account_active=account.active,
                missing=calendar.missing,
                reading=row.reading,
            )


def _booked(tables: Tables, expert_id: ExpertId, window: Interval) -> tuple[BookedTime, ...]:
    found = [
        one
        for one in tables.sessions.values()
        if one.expert_id == expert_id and not one.cancelled and one.interval.overlaps(window)
    ]
    in_order = sorted(found, key=lambda one: (one.interval.start, one.session_id))
    return tuple(BookedTime(session_id=one.session_id, interval=one.interval) for one in in_order)


def _held(tables: Tables, expert_id: ExpertId, window: Interval, now: datetime) -> tuple[HeldTime, ...]:
    found = [
        one
        for one in tables.holds.values()
        if one.expert_id == expert_id and one.expires_at > now and one.interval.overlaps(window)
    ]
    in_order = sorted(found, key=lambda one: (one.interval.start, one.hold_id))
    return tuple(HeldTime(hold_id=one.hold_id, interval=one.interval) for one in in_order)
