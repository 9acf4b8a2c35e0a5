"""What the service does by itself: early, late, twice or never."""

import asyncio
from datetime import timedelta
from random import Random

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain.availability import ReadFailure
from domain.ids import CalendarId
from tests.fakes.provider import Held
from tests.support.application import BUDGET, Due, DueWork
from tests.unit.application.machine.base import Machine
from tests.unit.application.machine.choices import calendars, pauses, randoms


class ServiceSteps(Machine):
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
        self.run(self.app.forget_ended())

    @rule(random=randoms, count=st.integers(1, 8))
    def some_jobs_run(self, random: Random, count: int) -> None:
        self.a_moment_later()
        due = self.app.due()
        random.shuffle(due)
        chosen = [one for one in due if self._may_run(one)][:count]
        self.truth.break_what_is_broken()
        for one in chosen:
            self.run(self.app.run(one))

    def _may_run(self, job: DueWork) -> bool:
        """Not one that would wait for a reading that the machine holds up."""
        held = self.slow and self.truth.calendar_id(self.slow[0])
        return job != Due("read_calendar", held or "")

    @rule(most=st.integers(1, 8))
    def a_worker_reads_what_is_due(self, most: int) -> None:
        self.a_moment_later()
        self.truth.break_what_is_broken()
        self.run(self.app.read_due(most, but=self.slow and self.truth.calendar_id(self.slow[0])))

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
