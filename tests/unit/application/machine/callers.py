"""What the expert and the callers do."""

from collections.abc import Coroutine
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import rule

from domain.hold import AvailabilityUnknown, CalendarsUnreadable, TimeTaken
from domain.ids import HoldId, SessionId
from domain.interval import Interval
from domain.session import SessionNotFound
from tests.builders import EXPERT, an_expert
from tests.unit.application.machine.base import Machine, T
from tests.unit.application.machine.choices import calendars, holds, sessions, slots, zones


class CallersSteps(Machine):
    @rule(zone=zones)
    def the_expert_moves(self, zone: str) -> None:
        self.a_moment_later()
        self.truth.zone = ZoneInfo(zone)
        who = an_expert()
        moved = self.app.put_expert(
            expert_id=EXPERT, plan=who.plan, email=who.email, display_name=who.display_name, time_zone=zone
        )
        self.run(moved)

    @rule(wanted=st.booleans())
    def tentative_events_block_from_now_on_or_not(self, wanted: bool) -> None:
        self.a_moment_later()
        self.truth.tentative_blocks = wanted
        self.run(self.app.update_calendar_settings(EXPERT, tentative_blocks=wanted))

    @rule(chosen=st.sets(calendars))
    def other_calendars_are_chosen(self, chosen: set[str]) -> None:
        self.a_moment_later()
        self.run(self.choose(sorted(chosen)))

    @rule(session_id=sessions, slot=slots, at_once=st.booleans())
    def a_session_is_booked_unchecked(self, session_id: SessionId, slot: Interval, at_once: bool) -> None:
        self.a_moment_later()
        self.run(self.app.book(session_id, interval=slot))
        self.truth.sessions[session_id] = slot
        if at_once:
            self.run(self.app.write(session_id))

    @rule(session_id=sessions, slot=slots)
    def a_session_is_booked_if_free(self, session_id: SessionId, slot: Interval) -> None:
        self._book_if_free(session_id, slot)

    @rule(session_id=sessions)
    def a_session_follows_its_event_if_that_is_free(self, session_id: SessionId) -> None:
        session = self.app.store.tables.sessions.get((EXPERT, session_id))
        if session is not None and session.copy is not None:
            events = self.truth.person(session.copy.remote_calendar_id).events
            if (event := events.get(session.copy.remote_id or "")) is not None:
                self._book_if_free(session_id, event.interval)

    def _book_if_free(self, session_id: SessionId, slot: Interval) -> None:
        self.a_moment_later()
        already = self.truth.sessions.get(session_id) == slot
        booking = self.app.book(session_id, interval=slot, only_if_free=True, budget=self.budget())
        if self._given(booking, slot, but=session_id, already=already):
            self.truth.sessions[session_id] = slot
        # An event that was at its session's old time stands in the way from now on: the look just taken was of before.
        self.a_moment_later()

    @rule(session_id=sessions)
    def a_session_is_cancelled(self, session_id: SessionId) -> None:
        self.a_moment_later()
        try:
            self.run(self.app.cancel_session(EXPERT, session_id))
        except SessionNotFound:
            assert session_id not in self.truth.sessions
        self.truth.sessions.pop(session_id, None)

    @rule(hold_id=holds, slot=slots)
    def a_time_is_held(self, hold_id: HoldId, slot: Interval) -> None:
        self.a_moment_later()
        holding = self.app.hold(hold_id, interval=slot, budget=self.budget())
        if hold := self._given(holding, slot, but=hold_id):
            self.truth.holds[hold_id] = (slot, hold.expires_at)

    def _given(
        self,
        action: Coroutine[None, None, T],
        slot: Interval,
        *,
        but: SessionId | HoldId,
        already: bool = False,
    ) -> T | None:
        """What came of asking for this time; None when it was refused, for a good reason."""
        self.truth.break_what_is_broken()
        self.truth.note()
        taken = self.truth.taken_by_us(slot, but=but) or self.truth.taken_in_calendars(slot, but=but)
        try:
            given = self.run(action)
        except TimeTaken:
            assert taken
            return None
        except (AvailabilityUnknown, CalendarsUnreadable):
            assert not self.all_can_be_read()
            return None
        assert already or not taken
        return given
