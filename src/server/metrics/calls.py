"""gRPC calls: how many, how they ended, how long they took; and streams, which are counted apart."""

from collections.abc import Callable, Iterable, Sized
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from server.metrics.light import ByLabel, LightHistograms

CALL_SECONDS: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 20.0, 30.0),
)
"""Answers from what is known take one to ten milliseconds; those that look at a provider some hundred, and up to the
read budget of twenty seconds."""
Meter = Callable[[str, float, str | None], None]
"""Told how a call ended, by the name of its code, after how many seconds, and whose it was; None where nobody knows."""
MOST_CALLERS: Final = 100
"""Told by name. Operators name them, and there may be more: all others are one."""
OTHERS: Final = "(others)"
UNIDENTIFIED: Final = "(unidentified)"
"""Neither is a name that a caller can have."""


class CallMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = LightHistograms(
            "calendarsync_call_seconds",
            "gRPC calls, but for streams, by method and code: how long they took.",
            ["method", "code"],
            bounds=CALL_SECONDS,
            registry=registry,
        )
        self._ended = Counter(
            "calendarsync_streams_ended",
            "Streams that ended, by code.",
            ["method", "code"],
            registry=registry,
        )
        self._messages = Counter(
            "calendarsync_stream_messages", "Messages sent on streams.", ["method"], registry=registry
        )
        self._open = Gauge("calendarsync_streams_open", "Streams that are open.", registry=registry)
        self._callers = CallsByCaller(registry)

    def of_calls(self, method: str) -> Meter:
        """`method` as gRPC writes it. Made once a method: to look labels up costs more than to count."""
        by_code, count = ByLabel(self._seconds, _short(method)), self._callers.count

        def ended(code: str, seconds: float, caller: str | None) -> None:
            by_code[code].observe(seconds)
            count(caller, code)

        return ended

    def of_streams(self, method: str) -> Meter:
        def ended(code: str, _seconds: float, caller: str | None) -> None:
            self._ended.labels(_short(method), code).inc()
            self._callers.count(caller, code)

        return ended

    def of_messages(self, method: str) -> Callable[[], None]:
        return self._messages.labels(_short(method)).inc

    def follow(self, streams: Sized) -> None:
        """Tell from now on how many of these are open."""
        self._open.set_function(lambda: len(streams))


class CallsByCaller(Collector):
    """How many calls and streams of each caller ended with which code."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._names: set[str] = set()
        self._calls: dict[tuple[str | None, str], int] = {}
        registry.register(self)

    def count(self, caller: str | None, code: str) -> None:
        key = caller, code
        if key in self._calls:
            self._calls[key] += 1
        else:
            self._begin(caller, code)

    def _begin(self, caller: str | None, code: str) -> None:
        if caller is not None and caller not in self._names:
            if len(self._names) >= MOST_CALLERS:
                caller = OTHERS
            self._names.add(caller)
        self._calls[caller, code] = self._calls.get((caller, code), 0) + 1

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily(
            "calendarsync_caller_calls",
            "Calls and streams that ended, by who called and by code.",
            labels=["caller", "code"],
        )
        for (caller, code), calls in list(self._calls.items()):
            family.add_metric([UNIDENTIFIED if caller is None else caller, code], calls)
        yield family


def _short(method: str) -> str:
    """`AvailabilityService/ListBusyTimes` for `/calendarsync.v1.AvailabilityService/ListBusyTimes`."""
    return method.rpartition(".")[2]
