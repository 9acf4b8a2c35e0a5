"""What can be told to the program: where to listen, and how browsers reach it."""

import pytest

from connected_calendars.command_line import Address, parser, url_of


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ([], Address("127.0.0.1", 8090)),
        (["--listen", "localhost:0"], Address("localhost", 0)),
        (["--listen", "[::1]:8091"], Address("::1", 8091)),
        (["--listen", "0.0.0.0:8091"], Address("0.0.0.0", 8091)),
    ],
)
def test_listens_where_it_is_told(told: list[str], address: Address) -> None:
    assert parser(None).parse_args(told).listen == address


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--listen", "8091"),
        ("--listen", ":8091"),
        ("--listen", "localhost"),
        ("--listen", "localhost:http"),
        ("--listen", "localhost:65536"),
        ("--public-url", "calendars.example"),
        ("--public-url", "https://"),
        ("--public-url", "localhost:8090"),
        ("--sandbox-control", "127.0.0.1:9000"),
    ],
)
def test_says_what_it_can_make_nothing_of(option: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser(None).parse_args([option, told])
    assert f"argument {option}: {told!r} " in capsys.readouterr().err


@pytest.mark.parametrize(("host", "base"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")])
def test_tells_its_address_as_browsers_write_it(host: str, base: str) -> None:
    with Address(host, 0).listen() as listening:
        assert url_of(listening) == f"{base}{listening.getsockname()[1]}"
