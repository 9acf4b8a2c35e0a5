"""What the database says of the service, looked at when somebody asks for the metrics, and kept for some seconds.

Every process tells it, and all tell the same: take the greatest of them, not their sum.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from application.ports.census import Census, StoredReadings, WorkToDo
from application.ports.clock import Clock
from application.ports.store import StoreUnavailable
from application.upkeep.show_life import DEAD_AFTER

WORK_KEPT: Final = timedelta(seconds=10)
READINGS_KEPT: Final = timedelta(seconds=60)
PATIENCE_SECONDS: Final = 4.0
"""Less than the ten seconds that Prometheus waits for a page."""

_log = logging.getLogger(__name__)


class CensusTaker(Collector):
    """Tells nothing old: while the database is away, all it says is that it is."""

    def __init__(
        self,
        census: Census,
        clock: Clock,
        *,
        bound: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._census = census
        self._clock = clock
        self._bound = bound
        self._monotonic = monotonic
        self._looking: asyncio.Task[None] | None = None
        self._work: tuple[float, datetime, WorkToDo] | None = None
        self._readings: tuple[float, StoredReadings] | None = None
        self._answers = True

    @property
    def work(self) -> tuple[datetime, WorkToDo] | None:
        """What was to do, and when that was asked; None while the database is away."""
        return self._work and self._work[1:]

    async def look(self) -> None:
        """Be up to date, within a few seconds. However many ask at once, the database is asked by one."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="takes the census")
        await asyncio.shield(self._looking)

    async def _look(self) -> None:
        present = self._monotonic()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                if self._work is None or present - self._work[0] >= WORK_KEPT.total_seconds():
                    now = self._clock.now()
                    self._work = present, now, await self._census.work(now, alive_within=DEAD_AFTER)
                if self._readings is None or present - self._readings[0] >= READINGS_KEPT.total_seconds():
                    found = await self._census.readings(self._clock.now(), bound=self._bound)
                    self._readings = present, found
        except (StoreUnavailable, TimeoutError):
            self._answers, self._work, self._readings = False, None, None
        except Exception as error:  # noqa: BLE001 - a schema that is too old, for instance: all else is still told
            _log.warning("the census fails, and the rest is told without it: %s", type(error).__name__)
            self._answers, self._work, self._readings = False, None, None
        else:
            self._answers = True

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "calendarsync_database_up",
            "1 if the database said in time what there is to do.",
            value=float(self._answers),
        )
        if self._work is not None:
            _, now, work = self._work
            yield from _of_work(work, now)
        if self._readings is not None:
            yield from _of_readings(self._readings[1])


def _of_work(work: WorkToDo, now: datetime) -> Iterable[Metric]:
    rows = GaugeMetricFamily(
        "calendarsync_due_rows",
        "Rows whose time has come, by kind of work; 10000 also for more.",
        labels=["kind"],
    )
    late = GaugeMetricFamily(
        "calendarsync_due_oldest_seconds",
        "How long ago the time of the oldest of them came.",
        labels=["kind"],
    )
    for one in work.due:
        rows.add_metric([one.kind], one.rows)
        since = timedelta() if one.oldest_due_at is None else now - one.oldest_due_at
        late.add_metric([one.kind], max(since.total_seconds(), 0))
    yield from (rows, late)
    yield GaugeMetricFamily("calendarsync_workers", "Processes that run jobs and live.", value=work.workers)
    yield GaugeMetricFamily("calendarsync_holds", "Holds that stand.", value=work.holds)
    sessions = GaugeMetricFamily(
        "calendarsync_sessions_unwritten",
        "Sessions that are not in the calendar as wanted, by status and by what they wait for.",
        labels=["status", "hindrance"],
    )
    for (status, hindrance), number in work.sessions.items():
        sessions.add_metric([status, hindrance], number)
    yield sessions
    incidents = GaugeMetricFamily("calendarsync_incidents_open", "Open incidents by cause.", labels=["cause"])
    for cause, number in work.incidents.items():
        incidents.add_metric([cause], number)
    yield incidents


def _of_readings(readings: StoredReadings) -> Iterable[Metric]:
    for name, about, value in (
        ("stored_readings", "Conflict calendars that can be read.", readings.calendars),
        ("stored_readings_missing", "Those of which there is no reading yet.", readings.unread),
        ("stored_readings_too_old", "Those whose reading is older than the default bound.", readings.too_old),
        (
            "subscriptions_live",
            "Subscriptions to notifications that have not run out.",
            readings.subscriptions,
        ),
    ):
        yield GaugeMetricFamily(f"calendarsync_{name}", about, value=value)
    ages = GaugeMetricFamily(
        "calendarsync_stored_reading_age_seconds",
        "Age of the stored readings, by quantile.",
        labels=["quantile"],
    )
    for quantile, seconds in readings.ages.items():
        ages.add_metric([str(quantile)], seconds)
    yield ages
