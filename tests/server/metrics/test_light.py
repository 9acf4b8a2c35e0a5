"""Histograms of our own tell what the library's would."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics, generate_latest

from server.metrics.light import ByLabel, LightHistograms

BOUNDS = (0.001, 0.5, 1.0, 900.0)
VALUES = st.lists(st.one_of(st.sampled_from([0.0, *BOUNDS]), st.floats(0, 2000)), max_size=20)


@given(values=VALUES)
def test_says_the_same_as_the_librarys(values: list[float]) -> None:
    disable_created_metrics()  # type: ignore[no-untyped-call]
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    light = LightHistograms("x_seconds", "About x.", ["kind"], bounds=BOUNDS, registry=ours).of("a")
    usual = Histogram("x_seconds", "About x.", ["kind"], buckets=BOUNDS, registry=theirs).labels("a")

    for value in values:
        light.observe(value)
        usual.observe(value)

    assert generate_latest(ours) == generate_latest(theirs)


def test_labels_that_were_not_met_have_no_series() -> None:
    registry = CollectorRegistry()
    by_code = ByLabel(
        LightHistograms("x_seconds", "About x.", ["method", "code"], bounds=BOUNDS, registry=registry), "get"
    )
    by_code["OK"].observe(0.2)
    by_code["OK"].observe(0.3)

    assert registry.get_sample_value("x_seconds_count", {"method": "get", "code": "OK"}) == 2
    assert registry.get_sample_value("x_seconds_count", {"method": "get", "code": "UNKNOWN"}) is None
