"""HTTP requests by route: paths would have secrets in them, and no end."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Histogram, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

REQUEST_SECONDS: Final = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST"})


class HttpMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._connections = Connections()
        registry.register(self._connections)
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

    @contextmanager
    def following(
        self, number: Callable[[], int], cut_off: Callable[[], Mapping[str, int]]
    ) -> Iterator[None]:
        """`number` tells how many connections are open, `cut_off` how many didn't end as they should, by reason."""
        source = (number, cut_off)
        self._connections.sources.append(source)
        try:
            yield
        finally:
            self._connections.sources.remove(source)


class Connections(Collector):
    """Of all servers that are followed together."""

    def __init__(self) -> None:
        self.sources: list[tuple[Callable[[], int], Callable[[], Mapping[str, int]]]] = []

    def collect(self) -> Iterable[Metric]:
        sources = list(self.sources)
        yield GaugeMetricFamily(
            "calendarsync_http_connections",
            "HTTP connections that are open.",
            value=sum(number() for number, _ in sources),
        )
        family = CounterMetricFamily(
            "calendarsync_http_connections_cut_off",
            "HTTP connections that were cut off, displaced or refused, by reason.",
            labels=["reason"],
        )
        totals: Counter[str] = Counter()
        for _, cut_off in sources:
            totals.update(cut_off())
        for reason, times in totals.items():
            family.add_metric([reason], times)
        yield family
