"""HTTP requests by route: paths would have secrets in them, and no end."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Histogram, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

REQUEST_SECONDS: Final = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST"})


class HttpMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._seconds = Histogram(
            "calendarsync_http_request_seconds",
            "HTTP requests by route, method and status: how long they took.",
            ["route", "method", "status"],
            buckets=REQUEST_SECONDS,
            registry=registry,
        )

    def answered(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """`route` is the pattern, or `unknown`; a method that no route has is counted as `other`."""
        self._seconds.labels(route, method if method in METHODS else "other", str(status)).observe(seconds)

    def follow_connections(self, number: Callable[[], int], cut_off: Callable[[], Mapping[str, int]]) -> None:
        """`number` tells how many are open, `cut_off` how many so far didn't end as they should, by reason."""
        self._registry.register(Connections(number, cut_off))


class Connections(Collector):
    def __init__(self, number: Callable[[], int], cut_off: Callable[[], Mapping[str, int]]) -> None:
        self._number = number
        self._cut_off = cut_off

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "calendarsync_http_connections", "HTTP connections that are open.", value=self._number()
        )
        family = CounterMetricFamily(
            "calendarsync_http_connections_cut_off",
            "HTTP connections that were cut off, displaced or refused, by reason.",
            labels=["reason"],
        )
        for reason, times in self._cut_off().items():
            family.add_metric([reason], times)
        yield family
