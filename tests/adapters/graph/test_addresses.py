"""Paths and windows in Graph's terms."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapters.graph.addresses import calendar_path, event_path, view_parameters
from domain.interval import Interval
from domain.session import EventPlace


@pytest.mark.parametrize(
    ("remote_id", "in_path"),
    [
        ("AAMkAG_-x=", "AAMkAG_-x%3D"),
        ("a/b+c", "a%2Fb%2Bc"),
        ("../me", "..%2Fme"),
        ("%2F", "%252F"),
        ("ü ?#", "%C3%BC%20%3F%23"),
    ],
)
def test_an_id_is_one_segment_of_a_path(remote_id: str, in_path: str) -> None:
    assert calendar_path(remote_id) == f"/me/calendars/{in_path}"
    place = EventPlace(remote_calendar_id=remote_id, remote_id=remote_id)
    assert event_path(place) == f"/me/calendars/{in_path}/events/{in_path}"


def test_a_window_is_widened_and_printed_in_utc() -> None:
    berlin = timezone(timedelta(hours=2))
    window = Interval(datetime(2026, 5, 5, 1, 30, tzinfo=berlin), datetime(2026, 5, 6, tzinfo=UTC))
    assert view_parameters(window, margin=timedelta(hours=14)) == {
        "startDateTime": "2026-05-04T09:30:00Z",
        "endDateTime": "2026-05-06T14:00:00Z",
    }


def test_a_window_is_not_widened_beyond_time_itself() -> None:
    whole = Interval(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert view_parameters(whole, margin=timedelta(days=1)) == {
        "startDateTime": "0001-01-01T00:00:00Z",
        "endDateTime": "9999-12-31T23:59:59Z",
    }
