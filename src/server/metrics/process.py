"""What is true of the process as a whole: its build, its memory and files, Python's collector, and its alarms."""

import sys
from collections.abc import Callable, Collection, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, Info, Metric, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

ALARMS: Final = (
    "MICROSOFT_MISCONFIGURED",
    "MICROSOFT_CREDENTIAL_REFUSED",
    "MICROSOFT_TOKENS_REFUSED",
    "CLOCK",
    "MAIL_MISCONFIGURED",
    "GRPC_CERTIFICATE",
)
"""Told with 0 while they are not raised, so that whoever asks whether one is gets an answer."""


def tell_of_process(registry: CollectorRegistry, *, version: str, role: str) -> None:
    """Each collector has the standard names: `process_*`, `python_gc_*`."""
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    python = ".".join(map(str, sys.version_info[:3]))
    build = Info("calendarsync_build", "What runs here.", registry=registry)
    build.info({"version": version, "python": python, "role": role})


class Alarms(Collector):
    """`raised` gives the names of those that are raised now."""

    def __init__(self, raised: Callable[[], Collection[str]]) -> None:
        self._raised = raised

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily(
            "calendarsync_alarm", "1 while the alarm of this name is raised in this process.", labels=["name"]
        )
        raised = self._raised()
        for name in sorted({*ALARMS, *raised}):
            family.add_metric([name], float(name in raised))
        yield family
