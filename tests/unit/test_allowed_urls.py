"""Where browsers may be sent: what looks like the allow-list and is not must never pass."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.accounts.allowed_urls import AllowedUrls
from domain.connection import ReturnUrlNotAllowed

ALLOWED = AllowedUrls(
    (
        "https://app.example.com/calendars",
        "https://open.example.com",
        "https://ports.example.com:8443/a/",
        "http://localhost:3000/",
    )
)


def _allows(url: str) -> bool:
    try:
        ALLOWED.require(url, field="return_url")
    except ReturnUrlNotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com/calendars",
        "https://app.example.com/calendars/",
        "https://app.example.com/calendars/connected?expert=1&next=%2Fhome#top",
        "https://app.example.com/calendars?next=https://evil.test/../..",
        "https://app.example.com:443/calendars",
        "HTTPS://APP.Example.COM/calendars",
        "https://app.example.com/calendars/v1..2/...",
        "https://app.example.com/calendars/%C3%BC%2e%2ex",
        "https://open.example.com",
        "https://open.example.com/",
        "https://open.example.com?x=1",
        "https://open.example.com/anything/at/all",
        "https://open.example.com//evil.test",
        "https://ports.example.com:8443/a",
        "https://ports.example.com:8443/a/b",
        "http://localhost:3000/",
        "http://localhost:3000/deep/link",
    ],
)
def test_allows_a_listed_url_and_what_lies_beneath_it(url: str) -> None:
    assert ALLOWED.require(url, field="return_url") == url


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com.evil.test/calendars",
        "https://evil-app.example.com/calendars",
        "https://evilapp.example.com/calendars",
        "https://app.example.com./calendars",
        "https://example.com/calendars",
        "https://sub.app.example.com/calendars",
        "https://app.example.com%2eevil.test/calendars",
        "https://app.example.com%00.evil.test/calendars",
        "https://app.example.com%2f@evil.test/calendars",
        "https://evil.test/https://app.example.com/calendars",
        "https://evil.test/?https://app.example.com/calendars",
        "https://evil.test#https://app.example.com/calendars",
    ],
)
def test_refuses_a_host_that_only_resembles_a_listed_one(url: str) -> None:
    assert not _allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com@evil.test/calendars",
        "https://app.example.com:443@evil.test/calendars",
        "https://user@app.example.com/calendars",
        "https://user:word@app.example.com/calendars",
        "https://@app.example.com/calendars",
        "https://:@app.example.com/calendars",
        "https://evil.test;@app.example.com/calendars",
    ],
)
def test_refuses_a_url_with_user_information(url: str) -> None:
    assert not _allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com\\.evil.test/calendars",
        "https://evil.test\\@app.example.com/calendars",
        "https:\\\\app.example.com\\calendars",
        "https://app.example.com/calendars\\..\\admin",
        "https://app.example.com/calendars/\\..\\..\\admin",
        "https://open.example.com/\\evil.test",
        "https://app.exam\tple.com/calendars",
        "https://app.example.com/calendars\r\nSet-Cookie: a=b",
        " https://app.example.com/calendars",
        "https://app.example.com/calendars ",
        "https://app.example.com/calen dars",
        "https://app.example.com/calendars\0",
        "\x01https://app.example.com/calendars",
        "https://app.example.com/calendars\u2028",
        "https://app.example.com/calendars\u3000",
    ],
)
def test_refuses_what_browsers_read_in_their_own_way(url: str) -> None:
    assert not _allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://app.example.com/calendars",
        "https://localhost:3000/",
        "ftp://app.example.com/calendars",
        "javascript://app.example.com/calendars%0aalert(1)",
        "data:text/html,https://app.example.com/calendars",
        "//app.example.com/calendars",
        "/calendars",
        "app.example.com/calendars",
        "https:app.example.com/calendars",
        "https:/app.example.com/calendars",
        "https:///app.example.com/calendars",
        "https://",
        "https",
        "",
        "://app.example.com/calendars",
    ],
)
def test_refuses_another_scheme_or_none(url: str) -> None:
    assert not _allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com:8443/calendars",
        "https://app.example.com:80/calendars",
        "https://app.example.com:4430/calendars",
        "https://app.example.com:65979/calendars",
        "https://app.example.com:-443/calendars",
        "https://app.example.com:+443/calendars",
        "https://app.example.com:443x/calendars",
        "https://app.example.com:４４３/calendars",
        "https://app.example.com:443:443/calendars",
        "https://ports.example.com/a",
        "https://ports.example.com:443/a",
        "http://localhost/",
        "http://localhost:3001/",
    ],
)
def test_refuses_another_port_or_none(url: str) -> None:
    assert not _allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com/",
        "https://app.example.com",
        "https://app.example.com/calendarsandmore",
        "https://app.example.com/calendars;x=1",
        "https://app.example.com/calendars%2fmore",
        "https://app.example.com/Calendars",
        "https://app.example.com//calendars",
        "https://app.example.com/x/calendars",
        "https://ports.example.com:8443/ab",
        "https://ports.example.com:8443/",
    ],
)
def test_refuses_a_path_that_is_not_beneath_the_listed_one(url: str) -> None:
    assert not _allows(url)


@pytest.mark.parametrize("segment", ["..", "%2e%2e", "%2E%2E", ".%2e", "%2e.", "%2E.", ".%2E"])
@pytest.mark.parametrize("tail", ["", "/", "/admin", "?x=1", "#x"])
def test_refuses_a_path_that_climbs_out(segment: str, tail: str) -> None:
    assert not _allows(f"https://app.example.com/calendars/{segment}{tail}")
    assert not _allows(f"https://app.example.com/calendars/a/{segment}/{segment}{tail}")


@pytest.mark.parametrize(
    "url",
    [
        "https://аpp.example.com/calendars",
        "https://ａpp.example.com/calendars",
        "https://app。example.com/calendars",
        "https://app．example．com/calendars",
        "https://app.example.com／calendars",
        "https://app.example.com＠evil.test/calendars",
        "https://app.example.com℀.evil.test/calendars",
        "https://xn--pp-7kc.example.com/calendars",
        "https://app\u00ad.example.com/calendars",
        "https://app\u200b.example.com/calendars",
    ],
    ids=ascii,
)
def test_refuses_international_names_that_look_or_fold_alike(url: str) -> None:
    assert not _allows(url)


@pytest.mark.parametrize(
    "url", ["https://[::1/calendars", "https://[app.example.com]/calendars", "https://]/", "https://[::1]/"]
)
def test_refuses_what_is_no_url_at_all(url: str) -> None:
    assert not _allows(url)


def test_names_the_field_and_not_the_url() -> None:
    with pytest.raises(ReturnUrlNotAllowed) as refused:
        ALLOWED.require("https://evil.test/?who=maria", field="redirect_uri")
    assert refused.value.field == "redirect_uri"
    assert "maria" not in repr(refused.value)


def test_nothing_is_allowed_by_an_empty_list() -> None:
    with pytest.raises(ReturnUrlNotAllowed):
        AllowedUrls(()).require("https://app.example.com/calendars", field="return_url")


@pytest.mark.parametrize("broken", ["", "/", "https://", "app.example.com", "https://*", "https://[x"])
def test_a_broken_entry_of_the_list_allows_nothing(broken: str) -> None:
    with pytest.raises(ReturnUrlNotAllowed):
        AllowedUrls((broken,)).require("https://app.example.com/calendars", field="return_url")


@pytest.mark.parametrize("url", ["ftp://app.example.com/", "javascript://app.example.com/%0aalert(1)"])
def test_a_listed_scheme_that_is_not_http_allows_nothing(url: str) -> None:
    with pytest.raises(ReturnUrlNotAllowed):
        AllowedUrls((url,)).require(url, field="return_url")


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "https://", "https://app.example.com", "//"]))
def test_any_text_is_allowed_or_refused_and_nothing_else(text: str, start: str) -> None:
    url = start + text
    assert not _allows(url) or url.casefold().startswith(
        ("https://app.example.com/calendars", "https://app.example.com:443/calendars")
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com:0/calendars",
        "https://app.example.com/calendars/..%2f..%2fadmin",
        "https://app.example.com/calendars/..%5cadmin",
        "https://app.example.com/calendars\x7f",
        "https://app.example.com/calendars\u202e",
    ],
)
def test_refuses_what_a_server_behind_the_listed_host_might_read_differently(url: str) -> None:
    assert not _allows(url)
