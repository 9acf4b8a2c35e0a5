"""Whatever happens, and in whatever order: no answer calls a time free that the calendars say is taken.

A machine adds, moves and removes events, drags, copies, lengthens and serialises those of our sessions, loses and
repeats notifications, breaks what can break, lets time pass, runs jobs in any order or not at all, books and holds.
After each step it asks, and holds every answer against what the calendars said within the age that was allowed.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from application.availability.check_times import CheckedTimes
from application.notifications.take_notifications import Notice, Notification
from domain.access import AccessDenied, CalendarGone, InvalidAnswer, ProviderUnavailable
from domain.availability import ReadFailure, Verdict
from domain.blocking import CalendarEntry, Days, Instants, ShowAs
from domain.errors import DomainError
from domain.hold import AvailabilityUnknown, CalendarsUnreadable, TimeTaken
from domain.ids import CalendarId, HoldId, SessionId
from domain.interval import Interval
from domain.session import SessionNotFound
from tests.builders import EXPERT, NOW, an_expert, an_interval
from tests.fakes import tables
from tests.fakes.provider import Event, Held
from tests.support.application import BUDGET, DEFAULT_MAX_AGE, an_application
from tests.unit.application.truth import Truth

T = TypeVar("T")

MOMENT = timedelta(seconds=1)
DAY = 24
SOON = [an_interval(starts=hours) for hours in (23, 24, 24.5, 25, 26)]
AT_THE_END = [an_interval(starts=days * DAY + hours) for days in (120, 121) for hours in (11, 12, 13)]
"""Where the window of readings ends today, tomorrow and the day after."""
FAR = [an_interval(starts=150 * DAY)]
NOW_ONLY = timedelta()
QUESTIONS: list[tuple[list[Interval], timedelta | None]] = [
    (SOON, NOW_ONLY),
    (SOON, timedelta(minutes=1)),
    (SOON, None),
    (AT_THE_END, NOW_ONLY),
    (AT_THE_END, None),
    (FAR, None),
]
CALENDARS = ["object-maria/Calendar", "object-maria/Side", "object-second/Calendar"]

HAND = ["drag", "lengthen", "delete", "restore", "copy", "serialise"]
"""What owners do to events of ours."""

calendars = st.sampled_from(CALENDARS)
slots = st.sampled_from([*SOON, *AT_THE_END, *FAR])
all_day = st.sampled_from([NOW.date() + timedelta(days=days) for days in (1, 121)]).map(
    lambda day: Days(day, day + timedelta(days=1))
)
times = slots.map(lambda slot: Instants(slot.start, slot.end)) | all_day
shown_as = st.sampled_from([ShowAs.BUSY, ShowAs.OUT_OF_OFFICE, ShowAs.UNKNOWN, ShowAs.FREE])
entries = st.builds(CalendarEntry, when=times, show_as=shown_as)
pauses = st.sampled_from([MOMENT, *(timedelta(minutes=number) for number in (5, 11, 120, 780))])
faults = st.sampled_from(
    [ProviderUnavailable(throttled=True), InvalidAnswer(what="half a page"), AccessDenied(), CalendarGone()]
)
zones = st.sampled_from(["Europe/Berlin", "Pacific/Auckland", "America/Los_Angeles"])
sessions = st.sampled_from([SessionId(f"session-{number}") for number in range(3)])
holds = st.sampled_from([HoldId(f"hold-{number}") for number in range(2)])
randoms = st.randoms(use_true_random=False)


class Service(RuleBasedStateMachine):
    """No two things happen at the very same instant: each step begins a moment after the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.app = an_application()
        self.truth = Truth(app=self.app, zone=ZoneInfo("Europe/Berlin"))
        self.in_transit: list[Notification] = []
        self.bin: list[Event] = []
        self.slow: tuple[str, Held, asyncio.Task[ReadFailure | None]] | None = None
        self.run(self._begin())

    async def _begin(self) -> None:
        await self.app.add_expert()
        for name in ("maria", "second"):
            person = self.app.provider.add_person(name)
            if name == "maria":
                person.add_calendar("Side")
            await self.app.connect(person)
        for calendar in CALENDARS:
            self.truth.know(calendar)
        await self._choose(CALENDARS)
        await self.app.book("session-0", interval=SOON[0])
        await self.app.write("session-0")
        self.truth.sessions[SessionId("session-0")] = SOON[0]

    def teardown(self) -> None:
        self.run(self.app.reads.close(grace=timedelta()))
        self.loop.close()

    def run(self, action: Coroutine[None, None, T]) -> T:
        return self.loop.run_until_complete(action)

    def a_moment_later(self) -> None:
        self.app.clock.advance(MOMENT)

    # What happens in the calendars and at the provider.

    @rule(calendar=calendars, entry=entries)
    def an_event_is_added(self, calendar: str, entry: CalendarEntry) -> None:
        self.a_moment_later()
        self.truth.entries(calendar).append(entry)
        self._changed_in(calendar)

    @rule(calendar=calendars, when=times, random=randoms)
    def an_event_is_moved(self, calendar: str, when: Instants | Days, random: Random) -> None:
        entries = self.truth.entries(calendar)
        if entries:
            self.a_moment_later()
            entries[random.randrange(len(entries))] = CalendarEntry(when=when, show_as=ShowAs.BUSY)
            self._changed_in(calendar)

    @rule(calendar=calendars, random=randoms)
    def an_event_is_removed(self, calendar: str, random: Random) -> None:
        entries = self.truth.entries(calendar)
        if entries:
            self.a_moment_later()
            del entries[random.randrange(len(entries))]
            self._changed_in(calendar)

    @rule(random=randoms, change=st.sampled_from(HAND), slot=slots)
    def the_owner_changes_an_event_of_ours(self, random: Random, change: str, slot: Interval) -> None:
        self._change_one_of_ours(random, change, slot)

    @rule(random=randoms, slot=slots)
    def the_owner_drags_an_event_of_ours(self, random: Random, slot: Interval) -> None:
        self._change_one_of_ours(random, "drag", slot)

    def _change_one_of_ours(self, random: Random, change: str, slot: Interval) -> None:
        events = [event for calendar in CALENDARS for event in self.truth.events(calendar)]
        if events:
            self.a_moment_later()
            event = random.choice(events)
            self._by_hand(change, event, slot)
            self._changed_in(event.calendar)

    def _by_hand(self, change: str, event: Event, slot: Interval) -> None:
        events = self.truth.person(event.calendar).events
        match change:
            case "drag":
                event.interval = slot
            case "lengthen":
                event.interval = Interval(event.interval.start, event.interval.end + timedelta(hours=1))
            case "delete":
                self.bin.append(events.pop(event.remote_id))
            case "restore" if self.bin:
                restored = self.bin.pop()
                self.truth.person(restored.calendar).events[restored.remote_id] = restored
            case "copy":
                self._copy(event, slot)
            case "serialise":
                del events[event.remote_id]
                for day in range(3):
                    later = timedelta(days=day)
                    self._copy(event, Interval(event.interval.start + later, event.interval.end + later))

    def _copy(self, event: Event, to: Interval) -> None:
        """Under an id of its own, with the mark."""
        copied = replace(event, remote_id=self.app.provider.new_event_id(), interval=to)
        self.truth.person(event.calendar).events[copied.remote_id] = copied

    def _changed_in(self, calendar: str) -> None:
        self.in_transit += self.app.push.delivery(calendar)

    @rule(random=randoms, again=st.booleans())
    def a_notification_arrives(self, random: Random, again: bool) -> None:
        if self.in_transit:
            self.a_moment_later()
            one = random.choice(self.in_transit)
            self.run(self.app.take_notifications([one]))
            if not again:
                self.in_transit.remove(one)

    @rule()
    def all_notifications_are_lost(self) -> None:
        self.in_transit.clear()

    @rule(calendar=calendars, told=st.booleans())
    def a_subscription_is_removed(self, calendar: str, told: bool) -> None:
        self.a_moment_later()
        if told:
            self.in_transit += self.app.push.delivery(calendar, notice=Notice.ENDED)
        for one in self.app.push.on(calendar):
            del self.app.push.kept[one.remote_id]

    @rule(calendar=calendars, fault=faults)
    def a_calendar_breaks(self, calendar: str, fault: DomainError) -> None:
        self.a_moment_later()
        self.truth.broken[calendar] = fault

    @rule(calendar=calendars)
    def a_calendar_vanishes(self, calendar: str) -> None:
        self.a_moment_later()
        self.truth.vanish(calendar)

    @rule()
    def the_provider_goes_down(self) -> None:
        self.a_moment_later()
        self.app.provider.outage = True

    @rule()
    def everything_is_mended(self) -> None:
        self.a_moment_later()
        self.truth.mend()

    @rule(calendar=calendars)
    def access_is_withdrawn(self, calendar: str) -> None:
        self.a_moment_later()
        self.truth.person(calendar).revoke()

    @precondition(lambda self: not self.app.provider.outage)
    @rule(calendar=calendars)
    def the_expert_signs_in_again(self, calendar: str) -> None:
        self.a_moment_later()
        self.run(self.app.connect(self.truth.person(calendar)))

    # What the service does, early, late, twice or never.

    @rule(pause=pauses)
    def time_passes(self, pause: timedelta) -> None:
        self.app.clock.advance(pause)

    @rule()
    def midnight_comes_near(self) -> None:
        now = self.app.clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        if midnight - now > timedelta(minutes=5):
            self.app.clock.advance(midnight - now - timedelta(minutes=5))

    @rule()
    def the_sweep_comes_by(self) -> None:
        self.a_moment_later()
        self.run(self.app.sweep_due())

    @rule(random=randoms, count=st.integers(1, 8))
    def some_jobs_run(self, random: Random, count: int) -> None:
        self.a_moment_later()
        jobs = list(self.app.store.take_jobs())
        random.shuffle(jobs)
        chosen = [job for job in jobs if self._may_run(job)][:count]
        self.app.store.tables.jobs.extend(job for job in jobs if job not in chosen)
        self.truth.break_what_is_broken()
        for job in chosen:
            self.run(self.app.run(job))

    def _may_run(self, job: tables.Job) -> bool:
        """Not one that would wait for a reading that the machine holds up."""
        held = self.slow and self.truth.calendar_id(self.slow[0])
        return not isinstance(job, tables.ReadCalendar) or job.calendar_id != held

    @rule()
    def all_jobs_are_lost(self) -> None:
        self.app.store.take_jobs()

    @precondition(lambda self: self.slow is None)
    @rule(calendar=calendars, after_doing=st.booleans())
    def a_slow_reading_begins(self, calendar: str, after_doing: bool) -> None:
        if self.truth.readable(calendar) and calendar in self.truth.chosen():
            self.a_moment_later()
            self.truth.break_what_is_broken()
            held = self.app.provider.hold("read_entries", after_doing=after_doing)
            reading = self.run(self._reach(held, self.truth.calendar_id(calendar)))
            self.slow = (calendar, held, reading)

    async def _reach(self, held: Held, calendar_id: CalendarId) -> asyncio.Task[ReadFailure | None]:
        now = self.app.clock.now()
        reading = asyncio.create_task(self.app.reads.join(calendar_id, not_before=now))
        await held.reached.wait()
        return reading

    @precondition(lambda self: self.slow is not None)
    @rule()
    def the_slow_reading_ends(self) -> None:
        self.a_moment_later()
        assert self.slow is not None
        _, held, reading = self.slow
        self.slow = None
        held.release()
        self.run(self.app.reads.close(grace=BUDGET))
        assert reading.done()

    # What the expert and the callers do.

    @rule(zone=zones)
    def the_expert_moves(self, zone: str) -> None:
        self.a_moment_later()
        self.truth.zone = ZoneInfo(zone)
        who = an_expert()
        moved = self.app.put_expert(
            expert_id=EXPERT, plan=who.plan, email=who.email, display_name=who.display_name, time_zone=zone
        )
        self.run(moved)

    @rule(chosen=st.sets(calendars))
    def other_calendars_are_chosen(self, chosen: set[str]) -> None:
        self.a_moment_later()
        self.run(self._choose(sorted(chosen)))

    async def _choose(self, chosen: list[str]) -> None:
        ids = [self.truth.calendar_id(one) for one in chosen]
        await self.app.update_calendar_settings(EXPERT, conflict=ids)

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
        booking = self.app.book(session_id, interval=slot, only_if_free=True, budget=self._budget())
        if self._given(booking, slot, but=session_id, already=already):
            self.truth.sessions[session_id] = slot

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
        holding = self.app.hold(hold_id, interval=slot, budget=self._budget())
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
            assert not self._all_can_be_read()
            return None
        assert already or not taken
        return given

    @rule(candidates=st.sampled_from([SOON, AT_THE_END, FAR]), max_age=st.sampled_from([NOW_ONLY, None]))
    def somebody_asks(self, candidates: list[Interval], max_age: timedelta | None) -> None:
        """What is read for them is kept, as it is not where the machine itself asks."""
        self.a_moment_later()
        self._ask(candidates, max_age)

    # What must hold.

    @invariant()
    def no_answer_calls_taken_time_free(self) -> None:
        before = self.app.store.tables
        for candidates, max_age in QUESTIONS:
            self._ask(candidates, max_age)
            self.app.store.tables = before

    def _ask(self, candidates: list[Interval], max_age: timedelta | None) -> None:
        self.truth.break_what_is_broken()
        self.truth.note()
        readable = self._all_can_be_read()
        asking = self.app.check_times(EXPERT, candidates, max_age=max_age, budget=self._budget())
        checked = self.run(asking)
        for one in checked.times:
            if one.verdict is Verdict.FREE:
                self._require_free(one.candidate, checked, max_age)
            if max_age == NOW_ONLY and readable:
                assert one.verdict is (Verdict.BUSY if self.truth.taken(one.candidate) else Verdict.FREE)
            if max_age == NOW_ONLY and not self.truth.all_is_readable():
                assert one.verdict is not Verdict.FREE

    def _require_free(self, candidate: Interval, checked: CheckedTimes, max_age: timedelta | None) -> None:
        """Nothing of ours is there, and each calendar left the time free when it was read, which is not long ago."""
        assert not self.truth.taken_by_us(candidate)
        oldest = self.app.clock.now() - (DEFAULT_MAX_AGE if max_age is None else max_age)
        read_at = {one.calendar_id: one.read_at for one in checked.availability.readings}
        for calendar in self.truth.chosen():
            when = read_at[self.truth.calendar_id(calendar)]
            assert when >= oldest
            since = self.truth.said_since(calendar, when)
            assert any(not self.truth.blocks(content, candidate) for content in since)

    def _all_can_be_read(self) -> bool:
        return self.slow is None and self.truth.all_is_readable()

    def _budget(self) -> timedelta:
        """None at all while a reading is held up, so that nobody waits for it in earnest."""
        return BUDGET if self.slow is None else timedelta()


def test_never_calls_taken_time_free() -> None:
    run_state_machine_as_test(
        Service,
        settings=settings(
            max_examples=50,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
