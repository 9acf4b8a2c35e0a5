"""The worker: works on what rows say is due, and looks regularly for what has ended by itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog

from adapters.postgres.wake_ups import PostgresWakeUps
from application.upkeep.forget_ended import ForgetEnded
from application.upkeep.recover import Recover
from application.upkeep.show_life import SHOWN_EVERY, ShowLife
from server.logs import described
from server.runtime.lanes import Lane
from server.tasks import task_for_good

RECOVERY_SECONDS: Final = 2.0
"""How soon it is noticed that the outage of a provider is over."""
LAST_WORD_SECONDS: Final = 2.0
log = structlog.stdlib.get_logger("server.runtime.worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """`grace` is how long work under way may take after the worker was told to stop; none once `hurry` is set."""

    lanes: Sequence[Lane[Any]]
    wake_ups: PostgresWakeUps
    show_life: ShowLife
    forget_ended: ForgetEnded
    recover: Recover
    sweep_every: timedelta
    grace: timedelta
    hurry: asyncio.Event

    async def run(self) -> None:
        """Until cancelled; outlives any outage of the database."""
        async with (
            self._alive(),
            task_for_good(self._look_after(), name="sweep"),
            task_for_good(self._watch_outages(), name="outages"),
            task_for_good(self.wake_ups.listen(self._wake), name="wake-ups"),
            asyncio.TaskGroup() as tasks,
        ):
            for lane in self.lanes:
                tasks.create_task(lane.work(grace=self.grace, hurry=self.hurry), name=lane.name)

    def _wake(self, kind: str | None) -> None:
        for lane in self.lanes:
            if kind in {None, lane.name}:
                lane.wake()

    @asynccontextmanager
    async def _alive(self) -> AsyncIterator[None]:
        """Shows that it lives before it runs any job, and in the end that it does no more."""
        await self._try(self._show_life_once)
        try:
            async with task_for_good(self._show_life(), name="life"):
                yield
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORD_SECONDS):
                    await self._try(self.show_life.leave)

    async def _show_life(self) -> None:
        while True:
            await asyncio.sleep(SHOWN_EVERY.total_seconds())
            await self._try(self._show_life_once)

    async def _show_life_once(self) -> None:
        if set_aside := await self.show_life():
            log.error("work rests for an hour, since worker after worker died with it", rows=set_aside)

    async def _look_after(self) -> None:
        while True:
            await self._try(self.forget_ended)
            await asyncio.sleep(self.sweep_every.total_seconds())

    async def _try(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except Exception as error:  # noqa: BLE001 - an outermost place
            log.warning("upkeep failed, and is tried again", **described(error))

    async def _watch_outages(self) -> None:
        while True:
            await self._try(self.recover)
            await asyncio.sleep(RECOVERY_SECONDS)
