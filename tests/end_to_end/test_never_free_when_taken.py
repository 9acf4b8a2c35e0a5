"""Whatever people do in their calendars and whatever fails on the way: no answer calls a time free that is taken.

A machine enters, moves and removes events by hand, drags, copies and lengthens those of sessions, breaks looks, loses
and delays notifications, lets time pass, books, follows and cancels, all on the real service. After each step it asks,
and holds the answer against what the calendars said since the moment as of which the answer claims to know them.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sandbox import Sandbox
from sandbox.world.model import Event
from tests.server.served import Logs
from tests.support.calls import NOW, SOON, at, hours, verdicts
from tests.support.readings import pass_time
from tests.support.running_service import open_service
from tests.support.service import Service, failure_or_none, until
from tests.support.truth import History

T = TypeVar("T")
MICROSOFT = ("anna", "carla")
APPLE = ("reminders", "carla")
"""Whose sessions go to iCloud, which tells of no change, and is read anew only where it says that there was one."""
HOURS = range(8, 16)
BOUND = timedelta(minutes=15)
MOST_TO_REMEMBER = 6

people = st.sampled_from((0, 1))
"""The first is the one whose calendar sessions are written to."""
starts = st.sampled_from(HOURS)
lengths = st.integers(1, 3)
numbers = st.integers(0, MOST_TO_REMEMBER - 1)


class Booking(RuleBasedStateMachine):
    """One expert with a conflict calendar of each of the two. `service`, `both` and `loop` are set from outside."""

    service: Service
    both: tuple[str, str]
    loop: asyncio.AbstractEventLoop
    example = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).example += 1
        self.expert_id = f"expert-{self.example}"
        self.events: list[tuple[str, Event, range]] = []
        self.history: dict[str, History] = {}
        self.broken: set[str] = set()
        self.sessions: dict[str, range] = {}
        self.dragged: dict[str, range] = {}
        self.put = 0

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """In the loop of the service, while the machine waits in a thread of its own."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    @initialize()
    def connect(self) -> None:
        self.run(self._connect())

    async def _connect(self) -> None:
        await self.service.put_expert(self.expert_id, time_zone="UTC")
        for person in self.both:
            self.history[person] = History(tell_time=self.service.now)
            await self.service.connect(person, expert_id=self.expert_id)

    @rule(person=people, start=starts, length=lengths)
    @precondition(lambda self: len(self.events) < MOST_TO_REMEMBER)
    def enter(self, person: int, start: int, length: int) -> None:
        self.run(self._change(self.both[person], None, range(start, start + length)))

    @rule(number=numbers, start=starts, length=lengths)
    @precondition(lambda self: self.events)
    def move(self, number: int, start: int, length: int) -> None:
        person, event, _ = self.events.pop(number % len(self.events))
        self.run(self._change(person, event, range(start, start + length)))

    @rule(number=numbers)
    @precondition(lambda self: self.events)
    def remove(self, number: int) -> None:
        person, event, _ = self.events.pop(number % len(self.events))
        self.run(self._change(person, event, None))

    async def _change(self, person: str, event: Event | None, taken: range | None) -> None:
        """What is entered, moved (then it is in `events` no more), or removed."""
        world = self.service.sandbox.world.events
        if taken is None:
            assert event is not None
            world.delete(person, event)
        else:
            start, end = at(taken.start, day=SOON), at(taken.stop, day=SOON)
            if event is None:
                event = world.add(person, start, end)
            else:
                world.change(event, start=start, end=end)
            self.events.append((person, event, taken))
        self._note(person)

    def _note(self, person: str) -> None:
        """Sessions are written to the calendar connected first; at its session's time an event takes none."""
        dragged = [(self.both[0], taken) for taken in self.dragged.values()]
        entered = [(whose, taken) for whose, _, taken in self.events]
        self.history[person].becomes(
            hour for whose, taken in (*entered, *dragged) if whose == person for hour in taken
        )

    @rule(number=numbers, start=starts, length=lengths)
    @precondition(lambda self: self.sessions)
    def drag_or_lengthen_ours(self, number: int, start: int, length: int) -> None:
        self.run(self._drag(self._one_of_ours(number), range(start, start + length)))

    async def _drag(self, session_id: str, to: range) -> None:
        event = await self._event_of(session_id)
        world = self.service.sandbox.world.events
        world.change(event, start=at(to.start, day=SOON), end=at(to.stop, day=SOON))
        if to == self.sessions[session_id]:
            self.dragged.pop(session_id, None)
        else:
            self.dragged[session_id] = to
        self._note(self.both[0])

    @rule(number=numbers, start=starts)
    @precondition(lambda self: self.sessions and len(self.events) < MOST_TO_REMEMBER)
    def copy_ours(self, number: int, start: int) -> None:
        self.run(self._copy(self._one_of_ours(number), start))

    async def _copy(self, session_id: str, start: int) -> None:
        event = await self._event_of(session_id)
        world = self.service.sandbox.world.events
        copied = world.copy(event, at(start, day=SOON), at(start + 1, day=SOON))
        world.change(copied, subject="A copy")
        self.events.append((self.both[0], copied, range(start, start + 1)))
        self._note(self.both[0])

    def _one_of_ours(self, number: int) -> str:
        return sorted(self.sessions)[number % len(self.sessions)]

    async def _event_of(self, session_id: str) -> Event:
        """Once it is written: it has the session's name as its title."""

        async def written() -> list[Event]:
            return [one for one in self.service.events(self.both[0]) if one.subject == session_id]

        (event,) = await until(written, len)
        await self.service.settled()
        return event

    @rule(number=numbers)
    @precondition(lambda self: self.dragged)
    def follow(self, number: int) -> None:
        """Move a session to the hour at which its event begins, if that is free but for the event itself."""
        session_id = sorted(self.dragged)[number % len(self.dragged)]
        start = self.dragged[session_id].start
        if self.sessions[session_id] == range(start, start + 1):
            return  # its event was only lengthened: the session is there already, and nothing would be changed
        if self._book(session_id, range(start, start + 1)):
            self.run(self._followed(session_id))

    async def _followed(self, session_id: str) -> None:
        await self.service.settled()
        self.dragged.pop(session_id)
        self._note(self.both[0])

    @rule(person=people)
    def break_looks(self, person: int) -> None:
        self.broken.add(self.both[person])
        self.run(self._set_faults())

    @rule()
    @precondition(lambda self: self.broken)
    def mend_looks(self) -> None:
        self.broken.clear()
        self.run(self._set_faults())

    async def _set_faults(self) -> None:
        faults = self.service.sandbox.world.faults
        faults.clear()
        for person in self.broken:
            faults.answer(503, code="ServiceUnavailable", person=person, path="calendarView", times=None)
            faults.dav_error(500, person=person, path="/calendars/$", times=None)

    @rule(told=st.sampled_from(["sent", "silent"]), late=st.sampled_from([0, 0.01]), copies=st.integers(1, 2))
    def deliver(self, told: Any, late: float, copies: int) -> None:
        self.run(self._deliver(told, late, copies))

    async def _deliver(self, told: Any, late: float, copies: int) -> None:
        world = self.service.sandbox.world.settings
        world.notifications, world.notification_delay_seconds, world.notification_copies = told, late, copies

    @rule(minutes=st.sampled_from([1, 8, 16, 90]), read_again=st.booleans())
    def wait(self, minutes: int, read_again: bool) -> None:
        self.run(self._wait(timedelta(minutes=minutes), read_again))

    async def _wait(self, passed: timedelta, read_again: bool) -> None:
        await self._rest()
        await pass_time(self.service, passed, read_again=read_again)
        for history in self.history.values():
            history.pass_time(passed)

    async def _rest(self) -> None:
        """Until nobody is reading: a look that had begun before time passed would seem to come from the future."""
        await self.service.sandbox.delivery.idle()
        await self.service.settled()

    @rule(start=starts)
    def book(self, start: int) -> None:
        session_id = f"session-{self.put}"
        self.put += 1
        self._book(session_id, range(start, start + 1))

    def _book(self, session_id: str, taken: range) -> bool:
        call = self.service.put_session(
            session_id,
            start=taken.start,
            day=SOON,
            expert_id=self.expert_id,
            only_if_free=True,
            title=session_id,
        )
        failure = self.run(failure_or_none(call))
        reason = failure.reason if failure else ""
        in_the_way = self._taken_now(taken, but=session_id)
        if not reason:
            assert not in_the_way, f"booked over {in_the_way}"
            assert not self.broken, "booked without having looked"
            self.sessions[session_id] = taken
        elif reason == "TIME_TAKEN":
            assert in_the_way, "refused for nothing"
        else:
            assert reason == "AVAILABILITY_UNKNOWN"
            assert failure is not None
            assert self.broken, failure.metadata
        return not reason

    @rule(number=numbers)
    @precondition(lambda self: self.sessions)
    def cancel(self, number: int) -> None:
        session_id = self._one_of_ours(number)
        self.run(self.service.cancel_session(session_id, expert_id=self.expert_id))
        del self.sessions[session_id]
        if session_id in self.dragged:
            self.run(self._followed(session_id))

    @rule()
    def look_now(self) -> None:
        self._ask(NOW)

    @invariant()
    def answers_hold(self) -> None:
        if self.history:
            self._ask(None)

    def _ask(self, max_age: timedelta | None) -> None:
        asked_at = self.service.now()
        found, read_at = self.run(self._check(max_age))
        oldest = asked_at - (BOUND if max_age is None else max_age)
        assert all(read >= oldest for read in read_at)
        for hour, verdict in zip(HOURS, found, strict=True):
            booked = any(hour in taken for taken in self.sessions.values())
            if verdict != "FREE":
                continue
            assert not booked
            assert len(read_at) == len(self.both), "free although not every calendar was read"
            assert max_age is None or not self.broken
            for history in self.history.values():
                assert history.was_free([hour], since=min(read_at)), f"{hour} is called free"

    async def _check(self, max_age: timedelta | None) -> tuple[list[str], list[datetime]]:
        """The verdicts on all hours, and as of when each calendar was read that was."""
        answer = await self.service.check_times(
            *(hours(hour, hour + 1, day=SOON) for hour in HOURS), expert_id=self.expert_id, max_age=max_age
        )
        read = [one.read_time for one in answer.calendars if one.WhichOneof("outcome") == "read_time"]
        return verdicts(answer), [one.ToDatetime(tzinfo=UTC) for one in read]

    def _taken_now(self, wanted: range, *, but: str = "") -> set[str]:
        """Who is in the way of these hours: people, sessions, and the events of other sessions."""
        calendars = {whose for whose, _, taken in self.events if set(taken) & set(wanted)}
        ours = (*self.sessions.items(), *self.dragged.items())
        return calendars | {name for name, taken in ours if name != but and set(taken) & set(wanted)}

    def teardown(self) -> None:
        if self.history:
            self.run(self._tidy_up())

    async def _tidy_up(self) -> None:
        """Once all is mended, every answer is what the calendars say, no more and no less."""
        self.broken.clear()
        await self._set_faults()
        await self._deliver("sent", 0, 1)
        found, _ = await self._check(NOW)
        assert found == ["BUSY" if self._taken_now(range(hour, hour + 1)) else "FREE" for hour in HOURS]
        await self.service.delete_expert(self.expert_id)
        await self._rest()
        world = self.service.sandbox.world.events
        written = [(person, event) for person in self.both for event in self.service.events(person)]
        entered = [(person, event) for person, event, _ in self.events]
        for person, event in {event.uid: (person, event) for person, event in (*entered, *written)}.values():
            world.delete(person, event)


@pytest.mark.parametrize(("both", "examples"), [(MICROSOFT, 12), (APPLE, 6)], ids=["microsoft", "apple"])
async def test_no_answer_calls_a_time_free_that_is_taken(
    sandbox: Sandbox, dsn: str, logs: Logs, both: tuple[str, str], examples: int
) -> None:
    async with open_service(sandbox, dsn, logs=logs, apple_person_per_minute=10_000) as service:
        Booking.service, Booking.both, Booking.loop = service, both, asyncio.get_running_loop()
        bounded = settings(
            max_examples=examples,
            stateful_step_count=15,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # to shrink what fails would take minutes
            suppress_health_check=list(HealthCheck),
        )
        await asyncio.to_thread(run_state_machine_as_test, Booking, settings=bounded)
