"""Where browsers may be sent."""

import pytest

from application.accounts.allowed_urls import AllowedUrls
from domain.connection import ReturnUrlNotAllowed

ALLOWED = AllowedUrls(("https://app.example/calendars", "http://localhost:8080", "https://second.example/"))


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example/calendars",
        "https://app.example/calendars/",
        "https://app.example/calendars/done?a=1#top",
        "https://app.example:443/calendars",
        "https://APP.example/calendars?next=https://elsewhere.example",
        "http://localhost:8080",
        "http://localhost:8080/anything",
        "https://second.example",
        "https://second.example/anything/at/all",
    ],
)
def test_allows_a_listed_url_and_all_beneath_it(url: str) -> None:
    assert ALLOWED.require(url, field="return_url") == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/calendars",
        "//app.example/calendars",
        "http://app.example/calendars",
        "https://app.example/",
        "https://app.example/calendars-of-others",
        "https://app.example/calendars/../admin",
        "https://app.example/calendars/%2e%2E/admin",
        "https://app.example:8443/calendars",
        "https://app.example.evil.example/calendars",
        "https://evil.example/https://app.example/calendars",
        "https://app.example@evil.example/calendars",
        "https://user:password@app.example/calendars",
        "https://evil.example\\@app.example/calendars",
        "https://app.example/calendars\\..\\admin",
        "https://app.example/calendars\n",
        " https://app.example/calendars",
        "https://app.example:port/calendars",
        "https://[app.example/calendars",
        "http://localhost/",
        "javascript:alert(1)//https://app.example/calendars",
        "data:text/html,https://app.example/calendars",
    ],
)
def test_refuses_everything_else_and_names_the_field(url: str) -> None:
    with pytest.raises(ReturnUrlNotAllowed) as refusal:
        ALLOWED.require(url, field="return_url")

    assert refusal.value.field == "return_url"


def test_allows_nothing_when_nothing_is_listed() -> None:
    with pytest.raises(ReturnUrlNotAllowed):
        AllowedUrls(()).require("https://app.example/calendars", field="return_url")
