"""What an adapter tells of a provider."""

from prometheus_client import CollectorRegistry

from domain.account import Provider
from server.metrics.providers import ProviderMetrics


def test_odd_entries_are_counted_by_provider() -> None:
    registry = CollectorRegistry()
    metrics = ProviderMetrics(registry)
    apple, google = (metrics.of(which) for which in (Provider.APPLE, Provider.GOOGLE))
    for entries in (2, 3):
        apple.found_odd(entries)
    google.found_odd(1)

    counted = {
        which: registry.get_sample_value("calendarsync_provider_odd_entries_total", {"provider": which})
        for which in ("APPLE", "GOOGLE")
    }
    assert counted == {"APPLE": 5, "GOOGLE": 1}
