"""Whatever happens, and in whatever order: no answer calls a time free that the calendars say is taken.

A machine adds, moves and removes events, drags, copies, lengthens and serialises those of our sessions, loses and
repeats notifications, breaks what can break, lets time pass, runs jobs in any order or not at all, books and holds.
After each step it asks, and holds every answer against what the calendars said within the age that was allowed.
"""

from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from application.availability.check_times import CheckedTimes
from domain.availability import Verdict
from domain.interval import Interval
from domain.spans import as_span
from tests.builders import EXPERT
from tests.support.application import DEFAULT_MAX_AGE
from tests.unit.application.machine.callers import CallersSteps
from tests.unit.application.machine.choices import AT_THE_END, FAR, NOW_ONLY, QUESTIONS, SOON
from tests.unit.application.machine.owners import OwnersSteps
from tests.unit.application.machine.provider import ProviderSteps
from tests.unit.application.machine.service import ServiceSteps


class Service(OwnersSteps, ProviderSteps, ServiceSteps, CallersSteps):
    """Every step; what must hold after each."""

    @rule(candidates=st.sampled_from([SOON, AT_THE_END, FAR]), max_age=st.sampled_from([NOW_ONLY, None]))
    def somebody_asks(self, candidates: list[Interval], max_age: timedelta | None) -> None:
        """What is read for them is kept, as it is not where the machine itself asks."""
        self.a_moment_later()
        self._ask(candidates, max_age)

    @invariant()
    def no_answer_calls_taken_time_free(self) -> None:
        before = self.app.store.tables
        for candidates, max_age in QUESTIONS:
            self._ask(candidates, max_age)
            self.app.store.tables = before

    def _ask(self, candidates: list[Interval], max_age: timedelta | None) -> None:
        self.truth.break_what_is_broken()
        self.truth.note()
        readable = self.all_can_be_read()
        asking = self.app.check_times(
            EXPERT, [as_span(one) for one in candidates], max_age=max_age, budget=self.budget()
        )
        checked = self.run(asking)
        for candidate, one in zip(candidates, checked.times, strict=True):
            if one.verdict is Verdict.FREE:
                self._require_free(candidate, checked, max_age)
            if max_age == NOW_ONLY and readable:
                assert one.verdict is (Verdict.BUSY if self.truth.taken(candidate) else Verdict.FREE)
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
