"""The application, the truth about its calendars, and what every step of the machine needs."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from hypothesis.stateful import RuleBasedStateMachine

from application.notifications.notification import Notification
from domain.availability import ReadFailure
from domain.ids import SessionId
from tests.builders import EXPERT
from tests.fakes.provider import Event, Held
from tests.support.application import BUDGET
from tests.support.wiring import an_application
from tests.unit.application.machine.choices import CALENDARS, MOMENT, SOON
from tests.unit.application.machine.truth import Truth

T = TypeVar("T")


class Machine(RuleBasedStateMachine):
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
        await self.choose(CALENDARS)
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

    async def choose(self, chosen: list[str]) -> None:
        ids = [self.truth.calendar_id(one) for one in chosen]
        await self.app.update_calendar_settings(EXPERT, conflict=ids)

    def all_can_be_read(self) -> bool:
        return self.slow is None and self.truth.all_is_readable()

    def budget(self) -> timedelta:
        """None at all while a reading is held up, so that nobody waits for it in earnest."""
        return BUDGET if self.slow is None else timedelta()
