"""What is true of the process as a whole: its build, its memory and files, Python's collector, and its alarms."""

import sys
from collections.abc import Callable, Collection, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, Info, Metric, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from domain.account import Provider

ALARMS: Final = ("CLOCK", "MAIL_MISCONFIGURED", "GRPC_CERTIFICATE")
PROVIDER_ALARMS: Final = (
    "MISCONFIGURED",
    "CREDENTIAL_REFUSED",
    "TOKENS_REFUSED",
    "ALL_REFUSED",
    "NOTIFICATIONS_REFUSED",
    "DAY_NEARLY_SPENT",
)
"""Each with the provider's name before it, for those that are configured.

All are told with 0 while they are not raised, so that whoever asks whether one is gets an answer.
"""


def tell_of_process(registry: CollectorRegistry, *, version: str, role: str) -> None:
    """Each collector has the standard names: `process_*`, `python_gc_*`."""
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    python = ".".join(map(str, sys.version_info[:3]))
    build = Info("calendarsync_build", "What runs here.", registry=registry)
    build.info({"version": version, "python": python, "role": role})


class Alarms(Collector):
    """`raised` gives the names of those that are raised now. `providers` are those that are configured."""

    def __init__(self, raised: Callable[[], Collection[str]], providers: Collection[Provider]) -> None:
        self._raised = raised
        self._known = {*ALARMS, *(f"{one.name}_{alarm}" for one in providers for alarm in PROVIDER_ALARMS)}

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily(
            "calendarsync_alarm", "1 while the alarm of this name is raised in this process.", labels=["name"]
        )
        raised = self._raised()
        for name in sorted({*self._known, *raised}):
            family.add_metric([name], float(name in raised))
        yield family
