"""How much is under way in the process: a leak of either shows as a line that only rises."""

import asyncio
from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class Tasks(Collector):
    """Of the loop in which it is made."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def collect(self) -> Iterable[Metric]:
        tasks = len(asyncio.all_tasks(self._loop))
        yield GaugeMetricFamily("calendarsync_tasks", "Tasks of the event loop.", value=tasks)
