"""How this process fares with its database, and what it keeps in memory so as to ask less."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

Statistics = Callable[[], Mapping[str, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUse(Collector):
    """Each gives its numbers of the moment: the pool those of psycopg_pool (`get_stats`), `known` those of what is kept
    of experts' times; `reconnects` says how often connections beside the pool were made anew."""

    pool: Statistics
    known: Statistics
    reconnects: Statistics
    feed_held_up_seconds: Callable[[], float]

    def collect(self) -> Iterable[Metric]:
        yield from self._of_pool()
        yield from self._of_known_times()
        reconnects = CounterMetricFamily(
            "calendarsync_database_reconnects",
            "Connections beside the pool that broke and were made anew, by use.",
            labels=["connection"],
        )
        for name, times in self.reconnects().items():
            reconnects.add_metric([name], times)
        yield reconnects
        yield GaugeMetricFamily(
            "calendarsync_feed_held_up_seconds",
            "For how long changes have waited for a transaction that stays open; 0 while they wait for none.",
            value=self.feed_held_up_seconds(),
        )

    def _of_pool(self) -> Iterable[Metric]:
        now = self.pool()
        for name, about, statistic in (
            ("connections", "Connections of the pool.", "pool_size"),
            ("connections_most", "How many it may have.", "pool_max"),
            ("connections_free", "Those that nobody uses.", "pool_available"),
            ("waiting", "Units of work that wait for a connection.", "requests_waiting"),
        ):
            yield GaugeMetricFamily(f"calendarsync_pool_{name}", about, value=now.get(statistic, 0))
        for name, about, statistic, per in (
            ("requests", "Units of work that asked for a connection.", "requests_num", 1),
            ("requests_queued", "Those that had to wait for one.", "requests_queued", 1),
            ("requests_failed", "Those that got none in time.", "requests_errors", 1),
            ("wait_seconds", "How long they waited, all together.", "requests_wait_ms", 1000),
            ("connections_lost", "Connections that broke.", "connections_lost", 1),
            ("connections_failed", "Connections that could not be made.", "connections_errors", 1),
        ):
            yield CounterMetricFamily(f"calendarsync_pool_{name}", about, value=now.get(statistic, 0) / per)

    def _of_known_times(self) -> Iterable[Metric]:
        now = self.known()
        for name, about in (
            ("experts", "Experts whose times are kept."),
            ("bytes", "What that takes, by estimate."),
        ):
            yield GaugeMetricFamily(f"calendarsync_known_times_{name}", about, value=now[name])
        asked = CounterMetricFamily(
            "calendarsync_known_times_asked",
            "Experts that a question was about, by whether what was kept of them was still true.",
            labels=["outcome"],
        )
        for outcome in ("kept", "loaded"):
            asked.add_metric([outcome], now[outcome])
        yield asked
