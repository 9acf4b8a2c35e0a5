"""When gRPC may listen beyond this machine, and whom it lets in there."""

from pathlib import Path

import pytest

from server.runtime.grpc_door import identifies_callers, require_certificates, warnings_of
from server.runtime.process_failed import ProcessFailed
from server.runtime.settings import PREFIX, SettingsInvalid, load_settings
from tests.server.runtime.test_settings import NEEDED
from tests.support.callers import Authority


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is needed is set."""
    for name, value in NEEDED.items():
        monkeypatch.setenv(PREFIX + name, value)


def _faults(**given: object) -> list[str]:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(**given)
    return caught.value.faults


BEYOND = "CALENDARSYNC_GRPC_ADDRESS is reached from beyond this machine"


@pytest.mark.parametrize("address", ["127.0.0.1:1", "[::1]:1", "localhost:1", "127.1.2.3:1"])
def test_on_this_machine_nobody_has_to_say_who_they_are(address: str) -> None:
    settings = load_settings(grpc_address=address)

    assert not identifies_callers(settings)
    assert warnings_of(settings) == []


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0:1",
        "[::]:1",
        "10.1.2.3:1",
        "[fe80::1]:1",
        "0:1",
        "[::ffff:10.0.0.1]:1",
        "nowhere.invalid:1",
        "unix:1",
    ],
)
def test_listening_beyond_this_machine_needs_tls_or_to_be_told_so(address: str) -> None:
    """A name that leads nowhere may lead anywhere tomorrow."""
    (fault,) = _faults(grpc_address=address)

    assert fault.startswith("CALENDARSYNC_GRPC_CERTIFICATE_FILE: is missing")
    assert BEYOND in fault
    assert "CALENDARSYNC_INSECURE_LISTEN=yes" in fault


@pytest.mark.parametrize("value", ["true", "1", "y", "maybe", "on"])
def test_nothing_but_yes_is_taken_for_it(value: str) -> None:
    assert any(one.startswith("CALENDARSYNC_INSECURE_LISTEN") for one in _faults(insecure_listen=value))


def test_tls_alone_is_enough_and_then_callers_are_identified(tmp_path: Path) -> None:
    files = Authority().write(tmp_path)
    tls = {"grpc_certificate_file": str(files.chain), "grpc_private_key_file": str(files.private_key)}

    settings = load_settings(grpc_address="0.0.0.0:1", **tls)

    assert identifies_callers(settings)
    assert warnings_of(settings) == []
    require_certificates(settings)
    (fault,) = _faults(grpc_address="0.0.0.0:1", identify_callers="no", **tls)
    assert fault.startswith("CALENDARSYNC_IDENTIFY_CALLERS: is no")
    assert BEYOND in fault
    assert identifies_callers(load_settings(**tls)), "also on this machine, where somebody has set up TLS"


def test_who_insists_is_warned_of_each_danger() -> None:
    plain = load_settings(grpc_address="0.0.0.0:1", insecure_listen="yes")
    assert identifies_callers(plain), "tokens are wanted all the same, unless that too is said"
    (warning,) = warnings_of(plain)
    assert "without TLS" in warning

    open_to_all = load_settings(grpc_address="0.0.0.0:1", insecure_listen="YES", identify_callers="no")
    assert not identifies_callers(open_to_all)
    assert [one.startswith("INSECURE: ") for one in warnings_of(open_to_all)] == [True, True]
    assert "whoever reaches it may do everything" in warnings_of(open_to_all)[1]


def test_half_of_a_pair_is_told(tmp_path: Path) -> None:
    files = Authority().write(tmp_path, of_clients=True)

    (fault,) = _faults(grpc_certificate_file=str(files.chain))
    assert fault.startswith("CALENDARSYNC_GRPC_PRIVATE_KEY_FILE: is missing")
    (fault,) = _faults(grpc_client_ca_file=str(files.client_ca))
    assert fault == "CALENDARSYNC_GRPC_CLIENT_CA_FILE: needs CALENDARSYNC_GRPC_CERTIFICATE_FILE"


def test_files_that_do_not_belong_together_are_found_before_the_start(tmp_path: Path) -> None:
    files = Authority().write(tmp_path)
    chain = files.chain.read_bytes()
    Authority().write(tmp_path)
    files.chain.write_bytes(chain)
    settings = load_settings(
        grpc_certificate_file=str(files.chain), grpc_private_key_file=str(files.private_key)
    )

    with pytest.raises(ProcessFailed, match="the private key is not the certificate's"):
        require_certificates(settings)


@pytest.mark.parametrize("name", ["calendarsync", "calendars.example.com", "xn--bcher-kva.example", "a-1.b2"])
def test_the_reasons_of_errors_belong_to_a_name(name: str) -> None:
    assert load_settings(error_domain=name.upper()).error_domain == name


def test_the_name_of_reasons_is_calendarsync_unless_somebody_has_a_better_one() -> None:
    assert load_settings().error_domain == "calendarsync"


@pytest.mark.parametrize(
    "name",
    [
        "https://calendars.example.com",
        "calendars.example.com.",
        "calendars.example.com:443",
        "calendars..example",
        ".example",
        "-calendars.example",
        "calendars-.example",
        "calendars_sync.example",
        "bücher.example",
        "calendars.example\n",
        "a b",
        "10.1.2.3",
        "x" * 64 + ".example",
        ".".join(["x" * 63] * 4),
    ],
)
def test_what_is_no_domain_name_is_none(name: str) -> None:
    assert _faults(error_domain=name) == [
        "CALENDARSYNC_ERROR_DOMAIN: must be a domain name, such as calendars.example.com"
    ]
