"""Histograms for what happens on the way of every call, where the library's own would cost as much as the call's log.

They belong to the event loop: nothing else may count in them. The page is written in a thread, which may see a sum that
is one observation ahead of its buckets.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class LightHistogram:
    """`bounds` in ascending order; the last bucket has none."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as they are told."""
        seen, told = 0, []
        for bound, count in zip([*self.bounds, float("inf")], list(self.counts), strict=True):
            seen += count
            told.append((floatToGoString(bound), float(seen)))  # type: ignore[no-untyped-call]
        return told


class LightHistograms(Collector):
    """A family of them: one for each combination of labels that was met."""

    def __init__(
        self,
        name: str,
        about: str,
        labels: Sequence[str],
        *,
        bounds: Sequence[float],
        registry: CollectorRegistry,
    ) -> None:
        self._name, self._about, self._labels, self._bounds = name, about, labels, tuple(bounds)
        self._of: dict[tuple[str, ...], LightHistogram] = {}
        registry.register(self)

    def of(self, *labels: str) -> LightHistogram:
        """To be kept by whoever observes: the look-up costs more than the observation."""
        found = self._of.get(labels)
        if found is None:
            found = self._of[labels] = LightHistogram(self._bounds)
        return found

    def collect(self) -> Iterable[Metric]:
        family = HistogramMetricFamily(self._name, self._about, labels=self._labels)
        for labels, one in list(self._of.items()):
            family.add_metric(labels, buckets=one.buckets(), sum_value=one.total)
        yield family


class ByLabel(dict[str, LightHistogram]):
    """Those of one family that differ in their last label, each made when it is first met."""

    def __init__(self, family: LightHistograms, *first: str) -> None:
        super().__init__()
        self._family, self._first = family, first

    def __missing__(self, last: str) -> LightHistogram:
        made = self[last] = self._family.of(*self._first, last)
        return made
