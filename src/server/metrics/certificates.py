"""When certificates run out: known months before, and noticed by everybody on the day after."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography import x509
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class CertificateExpiry(Collector):
    """Of the first certificate in each of these PEM files, by use. Files are read each time, since they are replaced
    while the process runs; one that can't be read or understood is not told."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily(
            "calendarsync_certificate_expiry_timestamp_seconds",
            "When a certificate of the service runs out, by use.",
            labels=["use"],
        )
        for use, file in self._files.items():
            try:
                certificate = x509.load_pem_x509_certificate(file.read_bytes())
            except (OSError, ValueError):
                continue
            family.add_metric([use], certificate.not_valid_after_utc.timestamp())
        yield family
