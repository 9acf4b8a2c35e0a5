"""When certificates run out."""

from datetime import UTC, datetime
from pathlib import Path

import trustme
from prometheus_client import CollectorRegistry

from server.metrics.certificates import CertificateExpiry

ENDS = datetime(2031, 5, 1, tzinfo=UTC)


def test_tells_when_each_certificate_runs_out_also_beside_its_key_and_once_it_was_replaced(
    tmp_path: Path,
) -> None:
    authority, file = trustme.CA(), tmp_path / "client.pem"
    registry = CollectorRegistry()
    registry.register(CertificateExpiry({"microsoft_client": file, "grpc": tmp_path / "gone.pem"}))

    def told(use: str) -> float | None:
        return registry.get_sample_value("calendarsync_certificate_expiry_timestamp_seconds", {"use": use})

    for ends in (ENDS, ENDS.replace(year=2032)):
        issued = authority.issue_cert("calendars.example", not_after=ends)
        file.write_bytes(issued.private_key_pem.bytes() + issued.cert_chain_pems[0].bytes())
        assert told("microsoft_client") == ends.timestamp()

    file.write_bytes(b"no certificate")
    assert told("microsoft_client") is None
    assert told("grpc") is None
