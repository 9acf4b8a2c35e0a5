"""The question for events: what is named, and when it asks for."""

from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element, fromstring

import pytest

from adapters.caldav.calendar_query import query_for
from adapters.caldav.content_lines import EVENT_LINES
from domain.interval import Interval

C = "{urn:ietf:params:xml:ns:caldav}"
WINDOW = Interval(datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 12, 15, tzinfo=UTC))


def _asked(window: Interval = WINDOW, *, names_properties: bool = True) -> Element:
    return fromstring(query_for(window, names_properties=names_properties))


def _range(window: Interval) -> tuple[str | None, str | None]:
    found = _asked(window).find(f".//{C}time-range")
    assert found is not None
    return found.get("start"), found.get("end")


def test_what_is_named_is_what_is_read() -> None:
    """And of the attendees the person's own answer."""
    data = _asked().find(f"{{DAV:}}prop/{C}calendar-data")
    assert data is not None
    events = next(one for one in data.iter(f"{C}comp") if one.get("name") == "VEVENT")
    assert {one.get("name") for one in events} == EVENT_LINES | {"ATTENDEE"}


def test_whole_events_are_asked_for_by_no_name() -> None:
    data = _asked(names_properties=False).find(f"{{DAV:}}prop/{C}calendar-data")
    assert data is not None
    assert len(data) == 0


@pytest.mark.parametrize("names_properties", [True, False])
def test_events_alone_are_asked_for_and_nothing_is_filtered_by_property(*, names_properties: bool) -> None:
    asked = _asked(names_properties=names_properties)
    assert [one.get("name") for one in asked.iter(f"{C}comp-filter")] == ["VCALENDAR", "VEVENT"]
    assert list(asked.iter(f"{C}prop-filter")) == []


def test_the_range_is_fourteen_hours_wider_on_both_sides() -> None:
    assert _range(WINDOW) == ("20261129T100000Z", "20261215T140000Z")


def test_parts_of_a_second_are_left_out() -> None:
    late = timedelta(milliseconds=999)
    assert _range(Interval(WINDOW.start + late, WINDOW.end + late)) == _range(WINDOW)


def test_the_ends_of_the_calendar_are_not_passed() -> None:
    whole = Interval(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert _range(whole) == ("00010101T000000Z", "99991231T235959Z")
