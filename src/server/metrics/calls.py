"""gRPC calls: how many, how they ended, how long they took; and streams, which are counted apart."""

from collections.abc import Callable, Sized
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from server.metrics.light import ByLabel, LightHistograms

CALL_SECONDS: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 20.0, 30.0),
)
"""Answers from what is known take one to ten milliseconds; those that look at a provider some hundred, and up to the
read budget of twenty seconds."""
Meter = Callable[[str, float], None]
"""Told how a call ended, by the name of its code, and after how many seconds."""


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

    def of_calls(self, method: str) -> Meter:
        """`method` as gRPC writes it. Made once a method: to look labels up costs more than to count."""
        by_code = ByLabel(self._seconds, _short(method))

        def ended(code: str, seconds: float) -> None:
            by_code[code].observe(seconds)

        return ended

    def of_streams(self, method: str) -> Meter:
        def ended(code: str, _seconds: float) -> None:
            self._ended.labels(_short(method), code).inc()

        return ended

    def of_messages(self, method: str) -> Callable[[], None]:
        return self._messages.labels(_short(method)).inc

    def follow(self, streams: Sized) -> None:
        """Tell from now on how many of these are open."""
        self._open.set_function(lambda: len(streams))


def _short(method: str) -> str:
    """`AvailabilityService/ListBusyTimes` for `/calendarsync.v1.AvailabilityService/ListBusyTimes`."""
    return method.rpartition(".")[2]
