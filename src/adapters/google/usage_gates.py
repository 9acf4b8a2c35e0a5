"""Google's two limits: what is asked in one person's name, and what is asked in the name of our whole project."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

from adapters.google.errors import Fault
from adapters.google.settings import GoogleSettings
from adapters.web.request_gates import RequestGates
from application.ports.clock import Clock

JITTER: Final = timedelta(seconds=1)
"""Google wants processes that back off at the same time to come back at different ones."""

TOGETHER: Final = timedelta(seconds=10)
"""Refusals of several people this close to each other are about what they have in common: the project."""

_PROJECT: Final = "project"


class UsageGates:
    """A gate for each person, named by their `sub`, and one for the project, which everybody passes.

    `rateLimitExceeded` is Google's word for either limit. So it is the person's own, until somebody else meets it too:
    one who asks too much must not silence all the others, and if it was the project's, the next refusal shows it. Even
    then it is a guess: what Google wished for was said to one person. So the project begins with the shortest pause,
    and rests longer only as long as nobody is served in between.
    """

    def __init__(self, settings: GoogleSettings, clock: Clock) -> None:
        self._clock = clock
        self._people = RequestGates(
            clock, at_once=settings.at_once, per_minute=settings.person_per_minute, jitter=JITTER
        )
        self._project = RequestGates(
            clock, at_once=None, per_minute=settings.project_per_minute, jitter=JITTER
        )
        self._last: tuple[str, datetime] | None = None
        """Whose refusal for either limit came last, and when."""

    @asynccontextmanager
    async def passage(self, person: str) -> AsyncIterator[None]:
        """See RequestGates."""
        async with self._people.passage(person), self._project.passage(_PROJECT):
            yield

    def accepted(self, person: str) -> None:
        self._people.accepted(person)
        self._project.accepted(_PROJECT)

    def refused(self, person: str, fault: Fault, retry_after: timedelta | None) -> timedelta:
        """Close the gate that the refusal is about; the pause that whoever met it has to make."""
        if fault is Fault.PROJECT_LIMIT:
            return self._project.refused(_PROJECT, retry_after)
        pause = self._people.refused(person, retry_after)
        if fault is Fault.LIMIT and self._others_too(person):
            pause = max(pause, self._project.refused(_PROJECT, None))
        return pause

    def _others_too(self, person: str) -> bool:
        now = self._clock.now()
        before, self._last = self._last, (person, now)
        return before is not None and before[0] != person and now - before[1] <= TOGETHER
