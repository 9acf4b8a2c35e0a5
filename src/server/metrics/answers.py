"""Answers about experts' time: how old what they say is, which is the product's promise as a number."""

from datetime import datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from domain.availability import Availability
from server.metrics.light import LightHistograms

AGE_SECONDS: Final = (1, 10, 30, 60, 120, 300, 450, 600, 780, 900, 1200, 1800, 3600, 14_400)
SHARES: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


class AnswerMetrics:
    """See the port. `bound` is how old readings may be where a caller says nothing."""

    def __init__(self, registry: CollectorRegistry, *, bound: timedelta) -> None:
        bound_seconds = bound.total_seconds()
        Gauge(
            "calendarsync_default_max_age_seconds",
            "How old readings may be where the caller sets no bound.",
            registry=registry,
        ).set(bound_seconds)
        ages = LightHistograms(
            "calendarsync_answer_age_seconds",
            "Age of the oldest reading that an answer was given from, by whether all calendars were read.",
            ["complete"],
            bounds=sorted({*AGE_SECONDS, bound_seconds}),
            registry=registry,
        )
        self._complete, self._incomplete = ages.of("yes").observe, ages.of("no").observe
        self._unread = Counter(
            "calendarsync_answer_unread_calendars",
            "Calendars that an answer named as unread, by reason.",
            ["reason"],
            registry=registry,
        )
        self._budget = Histogram(
            "calendarsync_read_budget_used_ratio",
            "Share of its time for reading that an answer used which could not be given from what is known.",
            buckets=SHARES,
            registry=registry,
        )

    def answered(self, answer: Availability, now: datetime) -> None:
        if answer.readings:
            age = (now - min([one.read_at for one in answer.readings])).total_seconds()
            (self._incomplete if answer.unread else self._complete)(age if age > 0 else 0.0)
        if answer.unread:
            for one in answer.unread:
                self._unread.labels(one.reason.value).inc()

    def looked(self, spent: timedelta, *, budget: timedelta) -> None:
        self._budget.observe(min(spent / budget, 1.0) if budget else 1.0)
