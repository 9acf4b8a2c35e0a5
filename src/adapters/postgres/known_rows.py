"""From a row of the question of experts' time to what it says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.postgres.deviations import deviations_from_value
from adapters.postgres.rules import rule_from_text
from adapters.postgres.spans import spans_from_value
from application.ports.known_times import KnownCalendar, KnownTime, Workings
from domain.account import Provider
from domain.availability import UncheckedReason
from domain.blocking import BlockingRule
from domain.ids import AccountId, CalendarId, ExpertId, HoldId, SessionId
from domain.interval import Interval
from domain.reading import StoredReading
from domain.taken import BookedTime, HeldTime


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTime:
    """All that was found of an expert in a window, each hold with when it expires, expired ones included.

    `version` is the expert's, as bytes; None where it can't be told apart from a later one.
    """

    version: bytes | None
    expert_id: ExpertId
    rule: BlockingRule
    calendars: tuple[KnownCalendar, ...]
    booked: tuple[BookedTime, ...]
    held: tuple[tuple[HeldTime, datetime], ...]
    unchecked: UncheckedReason | None

    def held_at(self, now: datetime) -> tuple[HeldTime, ...]:
        return tuple([hold for hold, expires_at in self.held if expires_at > now])

    def known_at(self, now: datetime, *, workings: Workings | None = None) -> KnownTime:
        return KnownTime(
            expert_id=self.expert_id,
            rule=self.rule,
            calendars=self.calendars,
            booked=self.booked,
            held=self.held_at(now),
            unchecked=self.unchecked,
            workings=workings,
        )


def found_time(row: tuple[Any, ...]) -> FoundTime:
    version, expert_id, zone, tentative_blocks, connected, *columns = row
    calendars, booked, held = columns[:12], columns[12:15], columns[15:]
    return FoundTime(
        version=version,
        expert_id=expert_id,
        rule=BlockingRule(zone, tentative_blocks),
        calendars=tuple(map(_calendar, *calendars)) if calendars[0] else (),
        booked=tuple(map(_booked, *booked)) if booked[0] else (),
        held=tuple(map(_held, *held)) if held[0] else (),
        unchecked=_unchecked(connected),
    )


def _unchecked(connected: bool | None) -> UncheckedReason | None:
    """`connected` is whether there are accounts; not asked where there are calendars."""
    if connected is None:
        return None
    return UncheckedReason.NO_CALENDAR_CHOSEN if connected else UncheckedReason.NO_ACCOUNT


def _calendar(
    calendar_id: CalendarId,
    account_id: AccountId,
    provider: str,
    remote_id: str,
    active: bool,
    missing: bool,
    window_start: datetime,
    window_end: datetime,
    read_at: datetime | None,
    zone: str,
    busy: bytes,
    deviations: list[dict[str, Any]] | None,
) -> KnownCalendar:
    reading = (
        None
        if read_at is None
        else StoredReading(
            calendar_id=calendar_id,
            window=Interval(window_start, window_end),
            read_at=read_at,
            busy=spans_from_value(busy),
            rule=rule_from_text(zone),
            deviations=deviations_from_value(deviations),
        )
    )
    return KnownCalendar(
        calendar_id=calendar_id,
        account_id=account_id,
        provider=Provider(provider),
        remote_calendar_id=remote_id,
        account_active=active,
        missing=missing,
        reading=reading,
    )


def _booked(session_id: SessionId, start: datetime, end: datetime) -> BookedTime:
    return BookedTime(session_id=session_id, interval=Interval(start, end))


def _held(hold_id: HoldId, start: datetime, end: datetime, expires_at: datetime) -> tuple[HeldTime, datetime]:
    return HeldTime(hold_id=hold_id, interval=Interval(start, end)), expires_at
