"""The kinds of work that are done on lanes, each with what it does."""

import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from adapters.postgres.work_kinds import (
    END_SUBSCRIPTION,
    KEEP_SUBSCRIPTION,
    NOTIFY_EXPERT,
    READ_CALENDAR,
    REFRESH_CALENDARS,
    WRITE_SESSION,
    WorkKind,
)
from application.accounts.claim_incidents import ClaimIncidents
from application.accounts.notify_expert import NotifyExpert
from application.calendars.claim_lists import ClaimLists
from application.calendars.refresh_calendars import RefreshCalendars
from application.notifications.claim_subscriptions import ClaimSubscriptions
from application.notifications.keep_subscription import KeepSubscription
from application.notifications.tell_ended import TellEnded
from application.ports.clock import Clock
from application.ports.incidents import DueIncident
from application.ports.lanes import Claim, Room, Row
from application.ports.sessions import DueSession
from application.readings.claim_readings import ClaimReadings, LooksAtOnce
from application.readings.single_flight import SingleFlight
from application.readings.under_way import UnderWay
from application.sessions.claim_sessions import ClaimSessions
from application.sessions.write_session import WriteSession
from domain.availability import ReadFailure
from domain.ids import AccountId, CalendarId
from server.runtime.lanes import Lane
from server.traces import Spans

Worked = Callable[[str, str, float], None]
"""Told of every row that was worked on: the kind, `done` or `failed`, and the seconds it took."""


class Looks(Protocol):
    """Goes on with a look that was begun, as ReadCalendar does."""

    async def go_on(self, look: UnderWay) -> ReadFailure | None: ...


def _unmeasured(_kind: str, _outcome: str, _seconds: float) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    claim_sessions: ClaimSessions
    write: WriteSession
    claim_incidents: ClaimIncidents
    notify: NotifyExpert
    claim_readings: ClaimReadings
    read: Looks
    reads: SingleFlight[CalendarId, ReadFailure | None]
    """Through which calendars are read, so that work and the questions of this process share one reading."""
    claim_subscriptions: ClaimSubscriptions
    keep: KeepSubscription
    tell_ended: TellEnded
    claim_lists: ClaimLists
    refresh: RefreshCalendars
    clock: Clock
    worked: Worked = _unmeasured
    span: Spans = nullcontext
    """The block in which a row of a kind is worked on."""

    def lanes(self, places: int, *, reading_places: int) -> tuple[Lane[Any], ...]:
        """With so many places each, of which a part is kept for what is new."""
        return (
            self._lane(WRITE_SESSION, places, self.claim_sessions, self._write_session),
            self._lane(NOTIFY_EXPERT, places, self.claim_incidents, self._notify_expert),
            self._lane(
                READ_CALENDAR,
                reading_places,
                self.claim_readings,
                self._read_calendar,
                kept_free=(reading_places + 4) // 8,
            ),
            self._lane(KEEP_SUBSCRIPTION, places, self.claim_subscriptions, self.keep.go_on),
            self._lane(END_SUBSCRIPTION, places, self.tell_ended.claim, self.tell_ended),
            self._lane(REFRESH_CALENDARS, places, self.claim_lists, self._refresh_calendars),
        )

    def _lane(
        self,
        kind: WorkKind,
        places: int,
        claim: Callable[[Room], Awaitable[Claim[Row]]],
        run: Callable[[Row], Awaitable[None]],
        *,
        kept_free: int | None = None,
    ) -> Lane[Row]:
        """A quarter is kept free where nothing else is said; of readings, nearly all of which are polled, an eighth."""

        async def metered(row: Row) -> None:
            begun, outcome = time.perf_counter(), "failed"
            try:
                with self.span(kind.name):
                    await run(row)
                outcome = "done"
            finally:
                self.worked(kind.name, outcome, time.perf_counter() - begun)

        return Lane(
            name=kind.name,
            places=places,
            kept_free=places // 4 if kept_free is None else kept_free,
            claim=claim,
            run=metered,
            clock=self.clock,
        )

    async def _write_session(self, due: DueSession) -> None:
        await self.write(due.expert_id, due.session_id, token=due.token)

    async def _read_calendar(self, looks: LooksAtOnce) -> None:
        """Begins them all before any has asked the provider, which answers those that take one place together."""
        await self.reads.take_up(
            {look.task.calendar_id: partial(self.read.go_on, look) for look in looks},
            begun_at=looks[0].begun.begun_at,
        )

    async def _notify_expert(self, due: DueIncident) -> None:
        await self.notify(due.incident_id, token=due.token)

    async def _refresh_calendars(self, account_id: AccountId) -> None:
        await self.refresh(account_id)
