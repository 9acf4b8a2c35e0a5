"""Work of this process: what its lanes have done and are at, its mails, and the notifications it was given."""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

WORK_SECONDS: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


LOGIN_REFUSED: Final = "login_refused"
"""What becomes of a mail where the mail server doesn't accept our login."""


class Places(Protocol):
    """A lane of work, with so many places, of which some are in use."""

    @property
    def name(self) -> str: ...

    @property
    def places(self) -> int: ...

    @property
    def in_use(self) -> int: ...


class WorkMetrics(Collector):
    def __init__(self, registry: CollectorRegistry) -> None:
        self._lanes: Sequence[Places] = ()
        self.last_mail: str | None = None
        """What became of the last mail; None before the first."""
        self._seconds = Histogram(
            "calendarsync_work_seconds",
            "Rows that were worked on, by kind and by whether that went as foreseen: how long it took.",
            ["kind", "outcome"],
            buckets=WORK_SECONDS,
            registry=registry,
        )
        self._mails = Counter(
            "calendarsync_mails", "Mails to experts by outcome.", ["outcome"], registry=registry
        )
        self._notifications = Counter(
            "calendarsync_notifications",
            "Notifications of providers that arrived: those that were taken, those that were forged or of nobody's,"
            " those that could not be kept, and those that only announce others.",
            ["outcome"],
            registry=registry,
        )
        registry.register(self)

    def follow(self, lanes: Sequence[Places]) -> None:
        """Tell from now on how many places of these are in use."""
        self._lanes = lanes

    def worked(self, kind: str, outcome: str, seconds: float) -> None:
        self._seconds.labels(kind, outcome).observe(seconds)

    def mailed(self, outcome: str) -> None:
        self._mails.labels(outcome).inc()
        self.last_mail = outcome

    def notified(self, *, taken: int = 0, forged: int = 0, lost: int = 0, announced: int = 0) -> None:
        outcomes = {"taken": taken, "forged": forged, "lost": lost, "announced": announced}
        for outcome, items in outcomes.items():
            if items:
                self._notifications.labels(outcome).inc(items)

    def collect(self) -> Iterable[Metric]:
        places = GaugeMetricFamily("calendarsync_lane_places", "Places of a lane of work.", labels=["kind"])
        in_use = GaugeMetricFamily("calendarsync_lane_places_in_use", "Those in use.", labels=["kind"])
        for lane in self._lanes:
            places.add_metric([lane.name], lane.places)
            in_use.add_metric([lane.name], lane.in_use)
        yield from (places, in_use)
