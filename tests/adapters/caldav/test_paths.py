"""Paths: what is taken from an address, and when two are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.caldav.paths import decoded, name_below, path_below, path_in
from domain.access import InvalidAnswer


@pytest.mark.parametrize(
    ("href", "path"),
    [
        ("/1/calendars/", "/1/calendars/"),
        ("https://p37-caldav.icloud.com:443/1/calendars/", "/1/calendars/"),
        ("//evil.example/1/", "/1/"),
        ("https://evil.example", "/"),
        ("/a%40b/%7E/", "/a%40b/%7E/"),
        ("/a@b/\N{LATIN SMALL LETTER U WITH DIAERESIS}/", "/a@b/%C3%BC/"),
        ("/100%/", "/100%/"),
    ],
)
def test_of_an_address_the_path_counts_as_it_is_spelled(href: str, path: str) -> None:
    assert path_in(href) == path


@pytest.mark.parametrize(
    "href",
    [
        "",
        "calendars/",
        "mailto:a@b",
        "/a b/",
        "/a\r\nHost: x/",
        "/../",
        "/a/%2E%2E/b",
        "/a\\b",
        "/?a",
        "/#a",
        "http://[",
        "/" * 3000,
    ],
)
def test_what_is_no_path_is_refused(href: str) -> None:
    with pytest.raises(InvalidAnswer):
        path_in(href)


def test_paths_are_the_same_however_they_are_spelled() -> None:
    assert decoded("/a%40b/%7Ec/") == decoded("/a@b/~c")
    assert decoded("/a") != decoded("/A")


@given(st.text(min_size=1, max_size=60).filter(lambda one: "/" not in one and one.isprintable()))
def test_a_name_leads_back_to_itself(name: str) -> None:
    assert name_below("/1/calendars/", path_below("/1/calendars/", name)) == name
