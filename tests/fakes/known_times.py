"""A fake of the question behind every availability answer."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from application.ports.known_times import KnownCalendar, KnownTime, Workings
from domain.availability import UncheckedReason
from domain.ids import ExpertId
from domain.interval import Interval
from domain.taken import BookedTime, HeldTime
from tests.fakes.tables import Tables

ALL_TIME = Interval(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


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
                rule=tables.rule(expert_id),
                calendars=tuple(_calendars(tables, expert_id)),
                booked=_booked(tables, expert_id, window),
                held=_held(tables, expert_id, window, now),
                unchecked=_unchecked(tables, expert_id),
            )
            for expert_id in expert_ids
            if expert_id in tables.experts
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingKnownTimes:
    """The same by one that keeps: what was worked out from one state is there as long as nothing but readings' times
    changes, and what was shown last as long as nothing does."""

    committed: Callable[[], Tables]
    _states: dict[ExpertId, tuple[KnownTime, Workings]] = field(default_factory=dict)
    _shown: dict[ExpertId, KnownTime] = field(default_factory=dict)

    async def of(
        self, expert_ids: Collection[ExpertId], window: Interval, *, now: datetime
    ) -> Mapping[ExpertId, KnownTime]:
        plain = FakeKnownTimes(committed=self.committed)
        return {
            expert_id: self._show(replace(one, workings=self._workings(_untimed(one))))
            for expert_id, one in (await plain.of(expert_ids, ALL_TIME, now=now)).items()
        }

    def _show(self, known: KnownTime) -> KnownTime:
        before = self._shown.get(known.expert_id)
        if before is None or before != known or before.workings is not known.workings:
            self._shown[known.expert_id] = known
        return self._shown[known.expert_id]

    def _workings(self, state: KnownTime) -> Workings:
        before = self._states.get(state.expert_id)
        workings = before[1] if before is not None and before[0] == state else Workings()
        self._states[state.expert_id] = state, workings
        return workings


def _untimed(known: KnownTime) -> KnownTime:
    """Without what the time changes."""
    calendars = [
        replace(one, reading=one.reading and replace(one.reading, read_at=ALL_TIME.start))
        for one in known.calendars
    ]
    return replace(known, calendars=tuple(calendars), held=())


def _unchecked(tables: Tables, expert_id: ExpertId) -> UncheckedReason | None:
    if any(_calendars(tables, expert_id)):
        return None
    connected = any(one.expert_id == expert_id for one in tables.accounts.values())
    return UncheckedReason.NO_CALENDAR_CHOSEN if connected else UncheckedReason.NO_ACCOUNT


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
                missing=not calendar.readable,
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
