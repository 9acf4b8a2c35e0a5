"""The worker: runs jobs as they come, and looks regularly for work that no job is left for.

Jobs are wake-ups: what they do follows from rows, so one that fails is logged and dropped, and the sweep wakes a worker
for its row again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import DeleteJobCondition, Status

from adapters.postgres.job_queue import (
    END_SUBSCRIPTION,
    KEEP_SUBSCRIPTION,
    READ_CALENDAR,
    REFRESH_CALENDARS,
    JobKind,
    register,
)
from adapters.postgres.pool import Pool
from adapters.postgres.wake_ups import PostgresWakeUps
from application.calendars.refresh_calendars import RefreshCalendars
from application.notifications.end_subscriptions import EndSubscriptions
from application.notifications.keep_subscription import KeepSubscription
from application.ports.clock import Clock
from application.readings.single_flight import SingleFlight
from application.upkeep.recover import Recover
from application.upkeep.show_life import DEAD_AFTER, SHOWN_EVERY, ShowLife
from application.upkeep.sweep_due import SweepDue
from domain.availability import ReadFailure
from domain.ids import AccountId, CalendarId
from server.logs import described
from server.runtime.lanes import Lane
from server.runtime.queue_worker import RESTART_SECONDS, WatchedQueueWorker
from server.tasks import task_for_good

READINGS: Final = [READ_CALENDAR.queue, KEEP_SUBSCRIPTION.queue, REFRESH_CALENDARS.queue]
"""Many, by the clock, and as slow as the provider: they have a worker of their own, and no session waits for them."""
POLL_SECONDS: Final = 1.0
"""How late a job can be that the worker was not notified of, because it was queued while nobody listened."""
RECOVERY_SECONDS: Final = 2.0
"""How soon it is noticed that the outage of a provider is over."""
LAST_WORD_SECONDS: Final = 2.0
HEARTBEAT_SECONDS: Final = SHOWN_EVERY.total_seconds()
DEAD_AFTER_SECONDS: Final = DEAD_AFTER.total_seconds()
"""A worker that was silent for so long is dead, and its jobs are given to others."""
MOST_RUNS: Final = 5
"""A job that has killed this many workers is dropped."""
log = structlog.stdlib.get_logger("server.runtime.worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobBodies:
    """What each kind of job does, with the arguments it is queued with.

    Calendars are read through `reads`, so that a job and the questions of this process share one reading.
    """

    refresh: RefreshCalendars
    reads: SingleFlight[CalendarId, ReadFailure | None]
    keep: KeepSubscription
    end: EndSubscriptions
    clock: Clock

    def register_on(self, app: App) -> None:
        for kind, run in (
            (REFRESH_CALENDARS, self.refresh_calendars),
            (READ_CALENDAR, self.read_calendar),
            (KEEP_SUBSCRIPTION, self.keep_subscription),
            (END_SUBSCRIPTION, self.end_subscription),
        ):
            register(app, kind, _dropping_failures(kind, run))

    async def refresh_calendars(self, *, account_id: str) -> None:
        await self.refresh(AccountId(account_id))

    async def read_calendar(self, *, calendar_id: str) -> None:
        # A reading that is under way may have begun before what woke this job.
        await self.reads.join(CalendarId(calendar_id), not_before=self.clock.now())

    async def keep_subscription(self, *, calendar_id: str) -> None:
        await self.keep(CalendarId(calendar_id))

    async def end_subscription(self, *, account_id: str, remote_id: str) -> None:
        await self.end([(AccountId(account_id), remote_id)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """`concurrency` is how many jobs run at once.

    `grace` is how long running jobs may take after the worker was told to stop; none once `hurry` is set.
    """

    lanes: Sequence[Lane[Any]]
    wake_ups: PostgresWakeUps
    app: App
    pool: Pool
    show_life: ShowLife
    sweep_due: SweepDue
    recover: Recover
    sweep_every: timedelta
    concurrency: int
    grace: timedelta
    hurry: asyncio.Event

    async def run(self) -> None:
        """Until cancelled; outlives any outage of the database."""
        async with (
            self.app.open_async(self.pool),
            self._alive(),
            task_for_good(self._look_after(), name="sweep"),
            task_for_good(self._watch_outages(), name="outages"),
            task_for_good(self.wake_ups.listen(self._wake), name="wake-ups"),
            asyncio.TaskGroup() as tasks,
        ):
            for lane in self.lanes:
                tasks.create_task(lane.work(grace=self.grace, hurry=self.hurry), name=lane.name)
            tasks.create_task(self._work(READINGS), name="readings")

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

    async def _work(self, queues: list[str]) -> None:
        """An outage of the database ends the queue's own worker; a new one also listens again."""
        while True:
            worker = self._queue_worker(queues)
            running = asyncio.create_task(worker.run(), name="queue worker")  # type: ignore[no-untyped-call]
            try:
                await asyncio.wait([running])
            finally:
                await worker.end(running, self.hurry)
            error = running.exception()
            log.warning("the job worker ended, and is started again", **(described(error) if error else {}))
            await asyncio.sleep(RESTART_SECONDS)

    def _queue_worker(self, queues: list[str]) -> WatchedQueueWorker:
        return WatchedQueueWorker(
            app=self.app,
            queues=queues,
            concurrency=self.concurrency,
            delete_jobs=DeleteJobCondition.ALWAYS,
            fetch_job_polling_interval=POLL_SECONDS,
            install_signal_handlers=False,
            shutdown_graceful_timeout=self.grace.total_seconds(),
            stalled_worker_timeout=DEAD_AFTER_SECONDS,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
        )

    async def _look_after(self) -> None:
        while True:
            for step in (self.sweep_due, self._rescue):
                await self._try(step)
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

    async def _rescue(self) -> None:
        """Jobs that were running in a process that died are run by another; the queue itself never does that."""
        manager = self.app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
            # Another replica may have been quicker, and then this one's wish is refused.
            with suppress(ConnectorException):
                if job.attempts >= MOST_RUNS:
                    log.error("a job was dropped since every worker died of it", job=job.task_name)
                    await manager.finish_job(job, Status.FAILED, delete_job=True)
                else:
                    await manager.retry_job(job)


def _dropping_failures(kind: JobKind, run: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def job(**ids: str) -> None:
        structlog.contextvars.clear_contextvars()
        try:
            await run(**ids)
        except Exception as error:  # noqa: BLE001 - an outermost place
            log.error("job failed", job=kind.name, **described(error))

    return job
