"""Whose connection or request it is."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from server.http.connections.peers import ProxyHeader, TrustedProxies, client_at, ip_of

PROXIES = TrustedProxies.parse(["10.0.0.0/8", "2001:db8:ffff::/48"])
RFC7239 = TrustedProxies.parse(["10.0.0.0/8"], ProxyHeader.FORWARDED)


def headers(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


def client(text: str) -> object:
    ip = ip_of(text)
    assert ip is not None
    return client_at(ip)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("192.0.2.1:4711", "192.0.2.1", True),
        ("[2001:db8::1]:4711", "2001:db8::1", True),
    ],
)
def test_an_address_counts_for_itself_and_six_by_their_64(one: str, other: str, same: bool) -> None:
    assert (client(one) == client(other)) is same


@pytest.mark.parametrize(
    "text", ["", "unknown", "_hidden", "192.0.2.1.5", "[2001:db8::1", "a:b:c:z", 4711, None]
)
def test_what_is_no_address_is_nobodys(text: object) -> None:
    assert ip_of(text) is None or text == "[2001:db8::1"


@pytest.mark.parametrize(
    ("sent", "whose"),
    [
        ([("X-Forwarded-For", "192.0.2.1")], "192.0.2.1"),
        ([("X-Forwarded-For", "198.51.100.9, 192.0.2.1")], "192.0.2.1"),
        ([("X-Forwarded-For", "198.51.100.9, 192.0.2.1, 10.1.1.1")], "192.0.2.1"),
        ([("X-Forwarded-For", "198.51.100.9"), ("X-Forwarded-For", "192.0.2.1")], "192.0.2.1"),
        ([("x-forwarded-for", "2001:db8::1, [2001:db8:ffff::7]:80")], "2001:db8::1"),
        ([("X-Forwarded-For", ", ".join(["198.51.100.9"] * 500 + ["192.0.2.1"]))], "192.0.2.1"),
    ],
)
def test_a_proxys_caller_is_the_last_address_that_is_no_proxy_of_ours(
    sent: list[tuple[str, str]], whose: str
) -> None:
    assert PROXIES.client_of(headers(*sent)) == client(whose)


@pytest.mark.parametrize(
    "sent",
    [
        [],
        [("X-Forwarded-For", "")],
        [("X-Forwarded-For", "10.1.1.1")],
        [("X-Forwarded-For", "192.0.2.1, nonsense")],
        [("Forwarded", "for=192.0.2.1")],
    ],
)
def test_what_a_proxy_does_not_say_in_its_header_is_not_guessed(sent: list[tuple[str, str]]) -> None:
    assert PROXIES.client_of(headers(*sent)) is None


@pytest.mark.parametrize(
    ("sent", "whose"),
    [
        ("for=192.0.2.1", "192.0.2.1"),
        ('For="[2001:db8::1]:4711"; proto=https;by=203.0.113.43', "2001:db8::1"),
        ("for=198.51.100.9, proto=http; for=192.0.2.1, for=10.0.0.1", "192.0.2.1"),
    ],
)
def test_forwarded_is_read_as_rfc_7239_writes_it(sent: str, whose: str) -> None:
    assert RFC7239.client_of(headers(("Forwarded", sent), ("X-Forwarded-For", "203.0.113.1"))) == client(
        whose
    )


def test_forwarded_may_hide_whom_it_speaks_of() -> None:
    assert RFC7239.client_of(headers(("Forwarded", "for=_secret"))) is None
