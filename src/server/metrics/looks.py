"""Looks at calendars: whoever had them made, and what became of them."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from domain.account import Provider

LOOK_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0)


class LookMetrics:
    """`cause` is `question` (somebody asked, and what was known was too old), `beyond` (about a time that no readings
    are kept for), `polled` or `notified`; `outcome` is `read`, a reason for being unread, or `crashed`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._outcomes = Counter(
            "calendarsync_looks",
            "Looks at calendars, by provider, by what caused them and by what became of them.",
            ["provider", "cause", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "calendarsync_look_seconds",
            "How long looks at calendars took.",
            ["provider", "cause"],
            buckets=LOOK_SECONDS,
            registry=registry,
        )

    def ended(self, provider: Provider, cause: str, outcome: str, seconds: float) -> None:
        self._outcomes.labels(provider.value, cause, outcome).inc()
        self._seconds.labels(provider.value, cause).observe(seconds)
