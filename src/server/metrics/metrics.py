"""All that one process measures, and its page for Prometheus."""

import asyncio
from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from server.metrics.answers import AnswerMetrics
from server.metrics.calls import CallMetrics
from server.metrics.changes import ChangeMetrics
from server.metrics.http import HttpMetrics
from server.metrics.looks import LookMetrics
from server.metrics.loop_lag import LoopLag
from server.metrics.providers import ProviderMetrics
from server.metrics.work import WorkMetrics

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
"""The text that every version of Prometheus reads, whatever it says it likes better."""


class Metrics:
    """With a registry of its own: the library's global one would mix the processes of one test, and tells nobody who
    writes to it. `bound` is how old readings may be where callers say nothing."""

    def __init__(self, *, bound: timedelta) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series beside each
        self.registry = CollectorRegistry(auto_describe=True)
        self.calls = CallMetrics(self.registry)
        self.http = HttpMetrics(self.registry)
        self.answers = AnswerMetrics(self.registry, bound=bound)
        self.looks = LookMetrics(self.registry)
        self.providers = ProviderMetrics(self.registry)
        self.work = WorkMetrics(self.registry)
        self.changes = ChangeMetrics(self.registry)
        self.loop_lag = LoopLag(self.registry)

    async def page(self) -> bytes:
        """In the format CONTENT_TYPE names. Written in a thread: thousands of series take milliseconds."""
        return await asyncio.to_thread(generate_latest, self.registry)
