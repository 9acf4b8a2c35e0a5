"""Zones by their names, and by the definitions that resources bring along."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.caldav.content_lines import read_lines
from adapters.caldav.moments import instant
from adapters.caldav.zones import ResourceZones, known_zone

EASTERN = """BEGIN:VTIMEZONE
TZID:Ours
BEGIN:DAYLIGHT
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
END:VTIMEZONE
"""
NEW_YORK = ZoneInfo("America/New_York")


def _zones(*definitions: str) -> ResourceZones:
    return ResourceZones(read_lines(f"BEGIN:VCALENDAR\n{''.join(definitions)}END:VCALENDAR\n").zones)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "Europe/Berlin"),
        ("/mozilla.org/20050126_1/America/Argentina/Salta", "America/Argentina/Salta"),
        ("/softwarestudio.org/Tzfile/Japan", "Japan"),
        ("W. Europe Standard Time", "Europe/Berlin"),
    ],
)
def test_known_names(name: str, zone: str) -> None:
    assert known_zone(name) == ZoneInfo(zone)


def test_utc_by_name() -> None:
    assert known_zone("UTC") is UTC


@pytest.mark.parametrize(
    "name", ["", "/", "Nowhere", "/a/b/c", "Europe/Nowhere", "Customized Time Zone", "../etc/passwd"]
)
def test_names_nobody_knows(name: str) -> None:
    assert known_zone(name) is None
    assert _zones().named(name) is None


@settings(deadline=None)
@given(st.datetimes(datetime(2008, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001 - wall clocks
def test_a_definition_is_the_zone_it_describes(wall: datetime) -> None:
    """Also in the hours that clocks skip or repeat."""
    ours = _zones(EASTERN).named("Ours")

    assert ours is not None
    assert instant(wall, ours) == instant(wall, NEW_YORK)
    there = instant(wall, ours)
    assert there.astimezone(ours).replace(tzinfo=None) == there.astimezone(NEW_YORK).replace(tzinfo=None)


@pytest.mark.parametrize("day", [datetime(2027, 3, 14), datetime(2027, 11, 7)])  # noqa: DTZ001 - wall clocks
def test_the_hours_around_a_change(day: datetime) -> None:
    ours = _zones(EASTERN).named("Ours")

    assert ours is not None
    for minutes in range(0, 6 * 60, 15):
        wall = day + timedelta(minutes=minutes)
        assert instant(wall, ours) == instant(wall, NEW_YORK), wall


def test_a_definition_counts_in_its_own_resource_only() -> None:
    fixed = "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:{0}\nTZOFFSETTO:{0}\n"
    ends = "END:STANDARD\nEND:VTIMEZONE\n"
    noon = datetime(2026, 12, 3, 12)  # noqa: DTZ001 - a wall clock

    east, west = (_zones(fixed.format(offset) + ends).named("Ours") for offset in ("+0530", "-0800"))

    assert east is not None
    assert west is not None
    assert instant(noon, east).hour == 6
    assert instant(noon, west).hour == 20


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("TZOFFSETTO:-0400", "TZOFFSETTO:late"),
        ("TZOFFSETTO:-0400", "TZOFFSETTO:-9900"),
        ("TZOFFSETFROM:-0500\n", ""),
        ("DTSTART:20070311T020000\n", ""),
        ("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "RRULE:FREQ=SECONDLY"),
        ("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "RRULE:FREQ=DAILY"),
        ("RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE"),
        ("END:DAYLIGHT\n", ""),
    ],
)
def test_a_definition_that_cannot_be_read_is_none(line: str, instead: str) -> None:
    assert _zones(EASTERN.replace(line, instead, 1)).named("Ours") is None


def test_a_definition_of_very_many_parts_is_none() -> None:
    part = EASTERN[EASTERN.index("BEGIN:DAYLIGHT") : EASTERN.index("BEGIN:STANDARD")]
    started = time.process_time()

    assert _zones(EASTERN.replace(part, part * 5_000)).named("Ours") is None
    assert time.process_time() - started < 2


def test_dates_and_an_end_of_its_rule() -> None:
    """Winter time came to stay on 27 October 2024, at 01:00 UTC."""
    zone = _zones(
        "BEGIN:VTIMEZONE\nTZID:Ours\nBEGIN:DAYLIGHT\nDTSTART:20200329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;"
        "UNTIL=20240331T010000Z\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\nBEGIN:STANDARD\n"
        "DTSTART:20201025T030000\nRDATE:20211031T030000,20221030T030000\nRDATE:20231029T030000,20241027T030000\n"
        "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n"
    ).named("Ours")

    assert zone is not None
    hours = {year: instant(datetime(year, 7, 1, 12), zone).hour for year in (2019, 2021, 2024, 2025)}  # noqa: DTZ001
    assert hours == {2019: 11, 2021: 10, 2024: 10, 2025: 11}
