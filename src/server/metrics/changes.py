"""The feed of changes, as it passes by: every process sees all of it. Take the greatest of them, not their sum."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter

from domain.change import Change


class ChangeMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._changes = Counter(
            "calendarsync_changes",
            "Changes that came by in the feed since this process was started, by type.",
            ["type"],
            registry=registry,
        )

    def seen(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self._changes.labels(change.type.value).inc()
