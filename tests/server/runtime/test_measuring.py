"""What is measured of a process as long as it runs."""

from pathlib import Path

from server.runtime.measuring import certificates_of
from tests.server.runtime.test_process import process_settings


def test_the_end_of_each_certificate_that_others_look_at_is_told(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("client.pem", "next.pem", "server.pem", "server.key")}
    for file in files.values():
        file.write_text("-", encoding="ascii")
    settings = process_settings(
        "postgresql://nobody@127.0.0.1/nothing",
        microsoft_client_secret=None,
        microsoft_client_certificate_file=str(files["client.pem"]),
        microsoft_next_client_certificate_file=str(files["next.pem"]),
        grpc_certificate_file=str(files["server.pem"]),
        grpc_private_key_file=str(files["server.key"]),
    )

    assert certificates_of(settings) == {
        "microsoft_client": files["client.pem"],
        "microsoft_next_client": files["next.pem"],
        "grpc": files["server.pem"],
    }
    assert certificates_of(process_settings("postgresql://nobody@127.0.0.1/nothing")) == {}
