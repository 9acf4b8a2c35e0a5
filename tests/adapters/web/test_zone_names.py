"""Time zone names as calendars carry them."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.web.zone_names import zone_of

SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("Europe/Berlin", 2),
        ("W. Europe Standard Time", 2),
        (" w. europe STANDARD time ", 2),
        ("Pacific Standard Time", -7),
        ("America/Los_Angeles", -7),
    ],
)
def test_iana_and_windows_names_are_places_with_their_summer(name: str, hours: int) -> None:
    assert SUMMER.replace(tzinfo=zone_of(name)).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    "name", ["UTC", "utc", "Etc/GMT", "Coordinated Universal Time", "tzone://Microsoft/Utc"]
)
def test_utc_has_several_names(name: str) -> None:
    assert zone_of(name) is UTC


@pytest.mark.parametrize("name", ["", "Customized Time Zone", "Mars/Base", "../etc/passwd", "+02:00"])
def test_a_name_that_nobody_can_resolve_is_no_zone(name: str) -> None:
    assert zone_of(name) is None
