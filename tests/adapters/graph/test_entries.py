"""Events as Graph prints them, read as calendar entries."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.graph.entries import SELECTED, entry_from_graph
from domain.access import InvalidAnswer
from domain.blocking import Days, Instants, ShowAs, UnplacedTimes


def _time(text: str, zone: str | None = "UTC") -> dict[str, Any]:
    return {"dateTime": text, "timeZone": zone}


def _event(**members: Any) -> dict[str, Any]:
    """An ordinary event with all that is selected, and the one member that comes unasked."""
    return {
        "@odata.etag": 'W/"DwAAABYAAAC7Nn7+3yY0RbEWLPnCWxrKAAAFAcg5"',
        "id": "AAMkAGI1LW1lZXRpbmc=",
        "isAllDay": False,
        "isCancelled": False,
        "showAs": "busy",
        "transactionId": None,
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        "start": _time("2026-03-09T08:00:00.0000000"),
        "end": _time("2026-03-09T09:30:00.0000000"),
    } | members


def _all_day(first: str, after_last: str, zone: str = "UTC") -> dict[str, Any]:
    return _event(
        isAllDay=True,
        start=_time(f"{first}T00:00:00.0000000", zone),
        end=_time(f"{after_last}T00:00:00.0000000", zone),
    )


def test_only_ids_times_status_and_marks_are_asked_for() -> None:
    assert set(SELECTED.split(",")) == {
        "id",
        "start",
        "end",
        "isAllDay",
        "showAs",
        "isCancelled",
        "responseStatus",
        "transactionId",
    }


def test_seven_digits_of_a_second_are_read() -> None:
    entry = entry_from_graph(_event(start=_time("2026-03-09T08:00:00.1234567")))
    assert entry.when == Instants(
        datetime(2026, 3, 9, 8, 0, 0, 123456, tzinfo=UTC), datetime(2026, 3, 9, 9, 30, tzinfo=UTC)
    )


@pytest.mark.parametrize("zone", ["UTC", "Pacific Standard Time", "tzone://Microsoft/Custom"])
def test_an_all_day_event_is_dates_whatever_zone_is_printed(zone: str) -> None:
    assert entry_from_graph(_all_day("2026-10-19", "2026-10-20", zone)).when == Days(
        date(2026, 10, 19), date(2026, 10, 20)
    )


def test_an_all_day_event_that_is_not_at_midnight_is_instants() -> None:
    entry = entry_from_graph(
        _event(
            isAllDay=True,
            start=_time("2026-10-18T22:00:00.0000000"),
            end=_time("2026-10-19T22:00:00.0000000"),
        )
    )
    assert entry.when == Instants(
        datetime(2026, 10, 18, 22, tzinfo=UTC), datetime(2026, 10, 19, 22, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("UTC", 8),
        ("utc", 8),
        ("tzone://Microsoft/Utc", 8),
        ("Europe/Berlin", 7),
        ("W. Europe Standard Time", 7),
        ("Pacific Standard Time", 15),
        ("Etc/GMT", 8),
    ],
)
def test_windows_and_iana_zones_are_placed(zone: str, hour: int) -> None:
    entry = entry_from_graph(_event(start=_time("2026-03-09T08:00:00.0000000", zone)))
    assert isinstance(entry.when, Instants)
    assert entry.when.start == datetime(2026, 3, 9, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    "zone", ["tzone://Microsoft/Custom", "Customized Time Zone", "", "Mars/Base", "../etc/passwd", None]
)
def test_times_of_a_zone_nobody_knows_stay_unplaced(zone: str | None) -> None:
    entry = entry_from_graph(_event(end=_time("2026-03-09T09:30:00.0000000", zone)))
    assert entry.when == UnplacedTimes(
        datetime.fromisoformat("2026-03-09T08:00"), datetime.fromisoformat("2026-03-09T09:30")
    )


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("free", ShowAs.FREE),
        ("Tentative", ShowAs.TENTATIVE),
        ("BUSY", ShowAs.BUSY),
        ("oof", ShowAs.OUT_OF_OFFICE),
        ("workingElsewhere", ShowAs.WORKING_ELSEWHERE),
        ("unknown", ShowAs.UNKNOWN),
        ("focusing", ShowAs.UNKNOWN),
        ("", ShowAs.UNKNOWN),
        (None, ShowAs.UNKNOWN),
        (7, ShowAs.UNKNOWN),
    ],
)
def test_a_status_is_read_in_any_case_and_never_guessed(printed: object, meant: ShowAs) -> None:
    assert entry_from_graph(_event(showAs=printed)).show_as is meant


def test_a_missing_status_is_unknown_and_blocks() -> None:
    event = _event()
    del event["showAs"]
    entry = entry_from_graph(event)
    assert entry.show_as is ShowAs.UNKNOWN
    assert entry.blocks(tentative=False)


@pytest.mark.parametrize("response", ["declined", "Declined", "DECLINED"])
def test_a_declined_meeting_does_not_block(response: str) -> None:
    assert not entry_from_graph(_event(responseStatus={"response": response})).blocks(tentative=False)


@pytest.mark.parametrize("status", [None, {}, {"response": None}, {"response": "none"}, "declined"])
def test_any_other_response_leaves_the_meeting_blocking(status: object) -> None:
    assert entry_from_graph(_event(responseStatus=status)).blocks(tentative=False)


def test_a_cancelled_meeting_does_not_block() -> None:
    assert not entry_from_graph(_event(isCancelled=True)).blocks(tentative=False)


def test_a_mark_is_the_transaction_id_as_printed() -> None:
    assert entry_from_graph(_event(transactionId="F79cd14d-13dd")).mark == "F79cd14d-13dd"
    assert entry_from_graph(_event(transactionId="")).mark is None


def test_the_id_is_handed_inward_as_it_stands_and_printed_nowhere() -> None:
    entry = entry_from_graph(_event(id="AAMkAGI1LW1lZXRpbmc="))
    assert entry.remote_id == "AAMkAGI1LW1lZXRpbmc="
    assert "AAMk" not in repr(entry)
    assert entry == entry_from_graph(_event(id="another"))


@pytest.mark.parametrize("no_id", [None, "", 7, ["x"]])
def test_an_event_without_a_usable_id_has_none(no_id: object) -> None:
    assert entry_from_graph(_event(id=no_id)).remote_id is None
    assert entry_from_graph(_event()).mark is None


def test_members_never_seen_before_and_nulls_disturb_nothing() -> None:
    strange = _event(
        subject=None, iCalUId=None, seriesMasterId=None, type="seriesMaster", mood="🎉", extra={"a": [1]}
    )
    assert entry_from_graph(strange) == entry_from_graph(_event())


@pytest.mark.parametrize(
    "time",
    [
        None,
        "2026-03-09",
        {},
        {"dateTime": None, "timeZone": "UTC"},
        {"dateTime": "soon", "timeZone": "UTC"},
        {"dateTime": 5, "timeZone": "UTC"},
        {"dateTime": "0001-01-01T00:00:00.0000000", "timeZone": "UTC"},
    ],
)
def test_an_event_without_readable_times_makes_the_answer_invalid(time: object) -> None:
    with pytest.raises(InvalidAnswer):
        entry_from_graph(_event(start=time))


def test_a_time_with_an_offset_is_taken_at_its_word() -> None:
    entry = entry_from_graph(_event(start=_time("2026-03-09T08:00:00+02:00", "Customized Time Zone")))
    assert isinstance(entry.when, Instants)
    assert entry.when.start == datetime(2026, 3, 9, 6, tzinfo=UTC)


@given(
    st.datetimes(
        min_value=datetime.fromisoformat("1990-01-01"), max_value=datetime.fromisoformat("2100-01-01")
    ),
    st.integers(0, 9),
)
def test_utc_times_survive_the_seventh_digit(at: datetime, digit: int) -> None:
    printed = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06}{digit}"
    entry = entry_from_graph(_event(start=_time(printed)))
    assert isinstance(entry.when, Instants)
    assert entry.when.start == at.replace(tzinfo=UTC)
