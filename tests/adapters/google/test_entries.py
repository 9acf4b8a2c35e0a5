"""Events as Google writes them, read as calendar entries."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.google.entries import SELECTED, entry_from_google
from domain.access import InvalidAnswer
from domain.blocking import CalendarEntry, Days, Instants, ShowAs, UnplacedTimes
from sandbox.google.selection import names, parse

MARK = "5c9e0d0b-7a4e-5e0f-b0c7-f2d2a1b3c4d5"
OUR_ID = MARK.replace("-", "")


def _event(**members: Any) -> dict[str, Any]:
    """An ordinary event as it comes for what is selected; a member that is None is left out."""
    usual: dict[str, Any] = {
        "id": "7kd1v3m9p2o4c8s5g0h6j1q9t0",
        "status": "confirmed",
        "start": {"dateTime": "2027-01-11T09:00:00Z"},
        "end": {"dateTime": "2027-01-11T10:30:00Z"},
        "eventType": "default",
    }
    return {name: value for name, value in (usual | members).items() if value is not None}


def _read(**members: Any) -> CalendarEntry:
    entry = entry_from_google(_event(**members))
    assert entry is not None
    return entry


def _blocks(entry: CalendarEntry) -> bool:
    return entry.blocks(tentative=False)


def _answer(response: str, **others: Any) -> list[dict[str, Any]]:
    return [{"self": True, "responseStatus": response} | others]


def test_only_ids_times_statuses_and_the_persons_own_answer_are_asked_for() -> None:
    assert names(parse(SELECTED)) == {
        "kind",
        "accessRole",
        "nextPageToken",
        "items.id",
        "items.status",
        "items.transparency",
        "items.eventType",
        "items.start.date",
        "items.start.dateTime",
        "items.end.date",
        "items.end.dateTime",
        "items.attendees.self",
        "items.attendees.responseStatus",
    }


TABLE = [
    ("cancelled", {"status": "cancelled"}, ShowAs.BUSY, False),
    ("declined", {"attendees": _answer("declined")}, ShowAs.BUSY, False),
    ("transparent", {"transparency": "transparent"}, ShowAs.FREE, False),
    ("working location", {"eventType": "workingLocation"}, ShowAs.WORKING_ELSEWHERE, False),
    ("birthday", {"eventType": "birthday"}, ShowAs.FREE, False),
    ("out of office", {"eventType": "outOfOffice"}, ShowAs.OUT_OF_OFFICE, True),
    ("focus time", {"eventType": "focusTime"}, ShowAs.BUSY, True),
    ("from Gmail", {"eventType": "fromGmail"}, ShowAs.BUSY, True),
    ("default", {"eventType": "default"}, ShowAs.BUSY, True),
    ("a type never seen", {"eventType": "siesta"}, ShowAs.BUSY, True),
    ("maybe", {"attendees": _answer("tentative")}, ShowAs.BUSY, True),
    ("unanswered", {"attendees": _answer("needsAction")}, ShowAs.BUSY, True),
    ("a tentative event", {"status": "tentative"}, ShowAs.BUSY, True),
    ("defaults left out", {"status": None, "eventType": None}, ShowAs.BUSY, True),
    # Where two rows meet, the first of the two decides.
    ("cancelled away", {"status": "cancelled", "eventType": "outOfOffice"}, ShowAs.OUT_OF_OFFICE, False),
    ("declined away", {"attendees": _answer("declined"), "eventType": "outOfOffice"}, ShowAs.OUT_OF_OFFICE, False),
    ("opaque place", {"eventType": "workingLocation", "transparency": "opaque"}, ShowAs.WORKING_ELSEWHERE, False),
    ("opaque birthday", {"eventType": "birthday", "transparency": "opaque"}, ShowAs.FREE, False),
    ("transparent out of office", {"eventType": "outOfOffice", "transparency": "transparent"}, ShowAs.FREE, False),
    ("a type never seen, transparent", {"eventType": "siesta", "transparency": "transparent"}, ShowAs.FREE, False),
    ("transparent maybe", {"attendees": _answer("tentative"), "transparency": "transparent"}, ShowAs.FREE, False),
    # And what nobody promised.
    ("a status never seen", {"status": "postponed"}, ShowAs.BUSY, True),
    ("a transparency never seen", {"transparency": "translucent"}, ShowAs.BUSY, True),
    ("words in capitals", {"status": "CANCELLED", "transparency": "TRANSPARENT"}, ShowAs.FREE, False),
    ("no words", {"status": 7, "transparency": [], "eventType": {}}, ShowAs.BUSY, True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("members", "show_as", "blocks"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_blocks(members: dict[str, Any], show_as: ShowAs, blocks: bool) -> None:
    entry = _read(**members)
    assert (entry.show_as, _blocks(entry)) == (show_as, blocks)


@pytest.mark.parametrize("tentative_blocks", [True, False])
@pytest.mark.parametrize("response", ["tentative", "needsAction"])
def test_google_has_no_tentative_so_that_no_setting_changes_it(response: str, tentative_blocks: bool) -> None:
    assert _read(attendees=_answer(response)).blocks(tentative=tentative_blocks)


@pytest.mark.parametrize(
    "attendees",
    [
        [],
        [{}],
        "declined",
        {"self": True, "responseStatus": "declined"},
        [None, "declined"],
        [{"responseStatus": "declined"}],
        [{"self": False, "responseStatus": "declined"}],
        [{"self": "true", "responseStatus": "declined"}],
        _answer("accepted"),
        [{"self": True}],
        [{"self": True, "responseStatus": None}],
    ],
)
def test_nobody_elses_answer_and_no_odd_one_frees_a_time(attendees: object) -> None:
    assert _blocks(_read(attendees=attendees))


def test_the_persons_own_answer_counts_wherever_it_stands() -> None:
    assert not _blocks(_read(attendees=[{"responseStatus": "accepted"}, *_answer("Declined")]))


def test_times_are_instants_in_utc() -> None:
    assert _read().when == Instants(
        datetime(2027, 1, 11, 9, tzinfo=UTC), datetime(2027, 1, 11, 10, 30, tzinfo=UTC)
    )


def test_all_day_events_are_dates_and_the_last_one_is_not_theirs() -> None:
    entry = _read(start={"date": "2027-02-01"}, end={"date": "2027-02-03"})
    assert entry.when == Days(date(2027, 2, 1), date(2027, 2, 3))


def test_reversed_days_block_what_lies_between_them() -> None:
    entry = _read(start={"date": "2027-02-03"}, end={"date": "2027-02-01"})
    assert entry.when == Days(date(2027, 2, 1), date(2027, 2, 4))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2027-01-11T09:00:00Z", datetime(2027, 1, 11, 9, tzinfo=UTC)),
        ("2027-01-11T09:00:00.000Z", datetime(2027, 1, 11, 9, tzinfo=UTC)),
        ("2027-01-11T09:00:00.25Z", datetime(2027, 1, 11, 9, 0, 0, 250_000, tzinfo=UTC)),
        ("2027-01-11T09:00:00.123456789Z", datetime(2027, 1, 11, 9, 0, 0, 123_456, tzinfo=UTC)),
        ("2027-01-11T09:00:00+00:00", datetime(2027, 1, 11, 9, tzinfo=UTC)),
        ("2027-01-11T09:00:00-00:00", datetime(2027, 1, 11, 9, tzinfo=UTC)),
        ("2027-01-11T09:00:00+05:45", datetime(2027, 1, 11, 3, 15, tzinfo=UTC)),
        ("2027-01-11T09:00:00.5-08:00", datetime(2027, 1, 11, 17, 0, 0, 500_000, tzinfo=UTC)),
        ("2027-01-11t09:00:00z", datetime(2027, 1, 11, 9, tzinfo=UTC)),
        ("2027-01-01T08:59:60+09:00", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-12-31T23:59:60.5Z", datetime(2027, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_times_are_read_however_rfc_3339_lets_them_be_written(text: str, meant: datetime) -> None:
    entry = _read(start={"dateTime": text}, end={"dateTime": "2028-01-01T00:00:00Z"})
    assert isinstance(entry.when, Instants)
    assert (entry.when.start, entry.when.start.tzinfo) == (meant, UTC)


@given(
    st.datetimes(
        min_value=datetime.fromisoformat("1990-01-01"), max_value=datetime.fromisoformat("2100-01-01")
    ),
    st.integers(-14 * 60, 14 * 60),
)
def test_any_offset_names_the_same_instant(wall_clock: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    at = wall_clock.replace(tzinfo=UTC)
    printed = at.astimezone(zone).isoformat()
    entry = _read(start={"dateTime": printed}, end={"dateTime": "2101-01-01T00:00:00Z"})
    assert isinstance(entry.when, Instants)
    assert entry.when.start == at


@pytest.mark.parametrize("side", ["start", "end"])
def test_a_time_without_offset_blocks_generously(side: str) -> None:
    entry = _read(**{side: {"dateTime": "2027-01-11T09:30:00"}})
    assert isinstance(entry.when, UnplacedTimes)
    assert _blocks(entry)


def test_a_day_beside_an_instant_blocks_generously() -> None:
    entry = _read(start={"date": "2027-01-11"}, end={"dateTime": "2027-01-12T01:00:00+02:00"})
    assert entry.when == UnplacedTimes(
        datetime.fromisoformat("2027-01-11"), datetime.fromisoformat("2027-01-11T23:00")
    )


@pytest.mark.parametrize(
    "time",
    [
        None,
        "2027-01-11",
        [],
        {},
        {"timeZone": "Europe/Berlin"},
        {"dateTime": "soon"},
        {"dateTime": 5},
        {"date": "soon"},
        {"date": 20270111},
        {"date": "2027-02-30"},
        {"date": "0001-01-01"},
        {"date": "9999-12-31"},
        {"dateTime": "0001-01-01T00:00:00Z"},
        {"dateTime": "9999-12-31T23:59:60Z"},
        {"dateTime": "2027-01-11T25:00:00Z"},
    ],
)
@pytest.mark.parametrize("side", ["start", "end"])
def test_an_event_without_readable_times_makes_the_answer_invalid(time: object, side: str) -> None:
    with pytest.raises(InvalidAnswer):
        entry_from_google(_event(**{side: time}))


@pytest.mark.parametrize(
    "left", [{"id": "q_20270112"}, {"id": "q_20270112", "start": {"date": "2027-01-12"}}]
)
def test_a_cancelled_event_without_times_is_nothing(left: dict[str, Any]) -> None:
    assert entry_from_google({"status": "cancelled", **left}) is None


def test_the_mark_is_the_id_of_our_own_events() -> None:
    entry = _read(id=OUR_ID)
    assert (entry.mark, entry.remote_id) == (MARK, OUR_ID)


@pytest.mark.parametrize("stamp", ["20270112", "20270112T080000Z"])
def test_occurrences_of_what_was_our_event_carry_its_mark(stamp: str) -> None:
    entry = _read(id=f"{OUR_ID}_{stamp}")
    assert (entry.mark, entry.remote_id) == (MARK, f"{OUR_ID}_{stamp}")


@pytest.mark.parametrize(
    "event_id",
    [
        "7kd1v3m9p2o4c8s5g0h6j1q9t0",
        "7kd1v3m9p2o4c8s5g0h6j1q9t0_20270112T080000Z",
        OUR_ID[:-1],
        OUR_ID + "0",
        OUR_ID + "_",
        OUR_ID + "_moved",
        OUR_ID.upper(),
        OUR_ID[:-1] + "v",
        MARK,
    ],
)
def test_other_ids_are_nobodys_mark(event_id: str) -> None:
    entry = _read(id=event_id)
    assert (entry.mark, entry.remote_id) == (None, event_id)


def test_the_id_is_printed_nowhere_and_tells_no_entries_apart() -> None:
    assert "7kd1v3m9" not in repr(_read())
    assert _read() == _read(id="another")


@pytest.mark.parametrize("no_id", [None, "", 7, ["x"], "x" * 2000])
def test_an_event_without_a_usable_id_has_none_and_blocks(no_id: object) -> None:
    entry = _read(id=no_id)
    assert (entry.remote_id, entry.mark, _blocks(entry)) == (None, None, True)


_ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["cancelled", "9999-12-31"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["date", "dateTime", "self", "responseStatus", "?"]), inner, max_size=2
        )
    ),
    max_leaves=6,
)
_MEMBERS = ["id", "status", "transparency", "eventType", "start", "end", "attendees"]


@given(st.sampled_from(_MEMBERS), _ANYTHING)
def test_whatever_one_member_holds_the_event_blocks_or_the_answer_is_invalid(
    member: str, value: object
) -> None:
    try:
        entry = entry_from_google(_event() | {member: value})
    except InvalidAnswer:
        assert member in {"start", "end"}
    else:
        assert entry is not None
        assert _blocks(entry) or (member, value) == ("status", "cancelled")


def test_members_never_seen_before_disturb_nothing() -> None:
    assert _read(mood="🎉", extra={"a": [1]}) == _read()
