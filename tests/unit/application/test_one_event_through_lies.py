"""Whatever the provider says and the owner does: one event in the session's last state, or none after a cancel.

A machine books, moves and cancels a session while answers get lost, events that are there are called missing, looks are
cut short and mailboxes are moved, and while the owner moves the event to other calendars, deletes it, or takes it out
of the bin again.
"""

import asyncio
from collections.abc import Coroutine
from copy import copy
from datetime import timedelta
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.access import EventMissing, InvalidAnswer, ProviderUnavailable
from domain.errors import DomainError
from domain.session import WriteStatus
from tests.builders import EXPERT, SESSION, an_interval, some_details
from tests.fakes.provider import Event
from tests.support.wiring import an_application

T = TypeVar("T")

SEVERAL = 12
CHANGES = ("update", "delete")

hours = st.sampled_from([24, 30, 48])
titles = st.sampled_from(["A", "B"])
lost = st.sampled_from([ProviderUnavailable(outcome_unknown=True), InvalidAnswer(what="no object")])


class Booking(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.app = an_application()
        self.maria = self.app.provider.add_person("maria")
        self.maria.add_calendar("Side")
        self.bin: Event | None = None
        self.cancelled = False
        self.run(self._begin())

    async def _begin(self) -> None:
        await self.app.add_expert()
        await self.app.connect(self.maria)
        await self.app.book()

    def run(self, action: Coroutine[None, None, T]) -> T:
        return self.loop.run_until_complete(action)

    # What the caller wants.

    @rule(starts=hours, title=titles)
    def put(self, starts: int, title: str) -> None:
        self.cancelled = False
        self.run(self.app.book(interval=an_interval(starts=starts), details=some_details(title)))

    @rule()
    def cancel(self) -> None:
        self.cancelled = True
        self.run(self.app.cancel_session(EXPERT, SESSION))

    # What the provider does.

    @rule(method=st.sampled_from(CHANGES))
    def call_missing_what_is_there(self, method: str) -> None:
        self.app.provider.fail(method, EventMissing())

    @rule(method=st.sampled_from([*CHANGES, "create"]), error=lost, after_doing=st.booleans())
    def lose_an_answer(self, method: str, error: DomainError, after_doing: bool) -> None:
        if method == "create":
            error = ProviderUnavailable(outcome_unknown=True)
        self.app.provider.fail(method, error, after_doing=after_doing)

    @rule(error=lost)
    def cut_a_look_short(self, error: DomainError) -> None:
        self.app.provider.fail("find", error)

    @rule(forgets=st.booleans())
    def remember_marks_or_not(self, forgets: bool) -> None:
        self.app.provider.forgets_marks = forgets

    @rule()
    def move_the_mailbox(self) -> None:
        self.maria.move_mailbox()
        if self.bin is not None:
            self.bin.remote_id, self.bin.calendar = f"{self.bin.remote_id}~", f"{self.bin.calendar}~"

    # What the owner does.

    @rule(calendar=st.integers(0, 1))
    def move_the_event(self, calendar: int) -> None:
        for event in self.maria.events.values():
            event.calendar = list(self.maria.calendars)[calendar]

    @precondition(lambda self: self.maria.events)
    @rule()
    def delete_the_event(self) -> None:
        (self.bin,) = self.maria.events.values()
        self.maria.events.clear()

    @precondition(lambda self: self.bin is not None)
    @rule()
    def restore_the_event(self) -> None:
        """Before anybody has noticed: later it is one more entry that blocks, as the calendar shows it."""
        assert self.bin is not None
        self.maria.events[self.bin.remote_id] = copy(self.bin)
        self.bin = None

    @rule(minutes=st.sampled_from([1, 16]))
    def pass_time(self, minutes: int) -> None:
        noticed = self._looks()
        self.run(self.app.pass_time(timedelta(minutes=minutes)))
        if self._looks() != noticed:
            self.bin = None

    def _looks(self) -> int:
        return self.app.provider.calls["find"] + self.app.provider.calls["create"]

    @invariant()
    def there_is_never_a_second_event(self) -> None:
        assert len(self.maria.events) <= 1

    def teardown(self) -> None:
        """Once the session is changed again and all answers are true, it comes to where it belongs."""
        self.app.provider.mend()
        if not self.cancelled:
            self.put(60, "Last")
        for _ in range(SEVERAL):
            self.run(self.app.pass_time(timedelta(minutes=16)))
        session = self.run(self.app.session())
        assert session.status is WriteStatus.WRITTEN
        left = [(event.interval, event.details.title) for event in self.maria.events.values()]
        assert left == ([] if self.cancelled else [(an_interval(starts=60), "Last")])
        self.run(self.app.reads.close(grace=timedelta()))
        self.loop.close()


def test_a_session_has_one_event_in_its_last_state_or_none() -> None:
    run_state_machine_as_test(
        Booking,
        settings=settings(
            deadline=None,
            max_examples=60,
            stateful_step_count=30,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
