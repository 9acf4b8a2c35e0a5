"""What providers are asked, and what they say to it."""

from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from domain.account import Provider

REQUEST_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0)
WAIT_SECONDS: Final = (0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class ProviderMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "calendarsync_provider_request_seconds",
            "Requests to a provider by kind and outcome: how long they took.",
            ["provider", "kind", "outcome"],
            buckets=REQUEST_SECONDS,
            registry=registry,
        )
        self._waits = Histogram(
            "calendarsync_provider_gate_wait_seconds",
            "How long requests waited for one of their mailbox's places.",
            ["provider"],
            buckets=WAIT_SECONDS,
            registry=registry,
        )
        self._pauses = Counter(
            "calendarsync_provider_pause_seconds",
            "Seconds for which a provider wanted mailboxes left alone.",
            ["provider"],
            registry=registry,
        )
        self._throttled = Counter(
            "calendarsync_provider_throttled",
            "How often a provider wanted a mailbox left alone.",
            ["provider"],
            registry=registry,
        )
        self._renewals = Counter(
            "calendarsync_token_renewals",
            "Renewals of grants by outcome.",
            ["provider", "outcome"],
            registry=registry,
        )
        self._odd = Counter(
            "calendarsync_provider_odd_entries",
            "Entries of calendars that couldn't be read, and block all that they may mean.",
            ["provider"],
            registry=registry,
        )

        self._allowed = Gauge(
            "calendarsync_provider_requests_allowed_a_day",
            "How many requests a provider lets all processes together make in a day, where it says so.",
            ["provider"],
            registry=registry,
        )

    def allowed_a_day(self, provider: Provider, requests: int) -> None:
        self._allowed.labels(provider.value).set(requests)

    def of(self, provider: Provider) -> "MeterOfProvider":
        name = provider.value
        return MeterOfProvider(
            name,
            self._seconds,
            self._waits.labels(name),
            self._pauses.labels(name),
            self._throttled.labels(name),
            self._renewals,
            self._odd.labels(name),
        )


class MeterOfProvider:
    """See the port ProviderMeter."""

    def __init__(
        self,
        name: str,
        seconds: Histogram,
        waits: Histogram,
        pauses: Counter,
        throttled: Counter,
        renewals: Counter,
        odd: Counter,
    ) -> None:
        self._name = name
        self._seconds = seconds
        self._waits = waits
        self._pauses = pauses
        self._throttled = throttled
        self._renewals = renewals
        self._odd = odd

    def requested(self, kind: str, outcome: str, seconds: float) -> None:
        self._seconds.labels(self._name, kind, outcome).observe(seconds)

    def waited(self, seconds: float) -> None:
        self._waits.observe(seconds)

    def told_to_wait(self, pause: timedelta) -> None:
        self._throttled.inc()
        self._pauses.inc(pause.total_seconds())

    def renewed(self, outcome: str) -> None:
        self._renewals.labels(self._name, outcome).inc()

    def found_odd(self, entries: int) -> None:
        self._odd.inc(entries)
