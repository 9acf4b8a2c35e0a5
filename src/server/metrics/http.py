"""HTTP requests by route: paths would have secrets in them, and no end."""

from typing import Final

from prometheus_client import CollectorRegistry, Histogram

REQUEST_SECONDS: Final = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS: Final = frozenset({"GET", "HEAD", "POST"})


class HttpMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
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
