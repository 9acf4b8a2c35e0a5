"""When calendars are busy, by Google's own word: what is said of each, and what is left unsaid."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from adapters.google.errors import Fault, GoogleRefusal
from adapters.google.free_busy import LONGEST, Said, busy_times
from domain.access import InvalidAnswer, ProviderUnavailable
from domain.blocking import CalendarEntry, Instants, ShowAs, UnplacedTimes
from domain.interval import Interval
from tests.adapters.google.reading import ASKS, WEEK, at, chair_for
from tests.support.google import OpenGoogle

TEAM, GONE = "team@group.calendar.google.com", "gone@x.example"
BUSY = {"start": "2031-05-06T09:00:00Z", "end": "2031-05-06T10:30:00Z"}
ENTRY = CalendarEntry(when=Instants(at(6, 9), at(6, 10, 30)), show_as=ShowAs.BUSY)


async def _said(google: OpenGoogle, calendars: object, **answer: Any) -> dict[str, Said]:
    """What becomes of an answer of Google's about TEAM and GONE."""
    body = {"kind": "calendar#freeBusy", "calendars": calendars, **answer}
    google.sandbox.world.faults.add(surface="google", path="/freeBusy", status=200, body=body)
    return await busy_times(google.client, google.access(), (TEAM, GONE), WEEK)


def _error(*reasons: object) -> dict[str, Any]:
    return {"busy": [], "errors": [{"domain": "global", "reason": reason} for reason in reasons]}


async def test_busy_intervals_are_busy_entries(google: OpenGoogle) -> None:
    offset = {"start": "2031-05-06T11:00:00+02:00", "end": "2031-05-06T12:30:00+02:00"}
    said = await _said(google, {TEAM: {"busy": [BUSY]}, GONE: {"busy": [offset]}})
    assert said == {TEAM: [ENTRY], GONE: [ENTRY]}


async def test_no_busy_interval_is_free_time(google: OpenGoogle) -> None:
    said = await _said(google, {TEAM: {"busy": []}, GONE: {"busy": [], "errors": []}})
    assert said == {TEAM: [], GONE: []}


REASONS = [
    ("notFound", Fault.GONE),
    ("internalError", Fault.UNAVAILABLE),
    ("rateLimitExceeded", Fault.LIMIT),
    ("forbidden", Fault.DENIED),
    ("never seen", Fault.UNAVAILABLE),
    ("neverSeen", Fault.UNKNOWN),
    (None, Fault.UNAVAILABLE),
    (7, Fault.UNAVAILABLE),
]


@pytest.mark.parametrize(("reason", "fault"), REASONS)
async def test_a_calendar_with_an_error_is_unread_and_no_other_is(
    google: OpenGoogle, reason: object, fault: Fault
) -> None:
    said = await _said(google, {TEAM: {"busy": [BUSY]}, GONE: _error(reason)})
    refusal = said.pop(GONE)
    assert isinstance(refusal, GoogleRefusal)
    assert refusal.fault is fault
    assert said == {TEAM: [ENTRY]}


async def test_the_operator_hears_once_of_a_reason_that_nobody_has_read(google: OpenGoogle) -> None:
    for reason in ("neverSeen", "neverSeen", "internalError", "tooManyCalendarsRequested"):
        await _said(google, {TEAM: _error(reason), GONE: {"busy": []}})
    (unforeseen,) = google.alarms.faults
    assert isinstance(unforeseen, GoogleRefusal)
    assert unforeseen.code == "neverSeen"


async def test_busy_times_beside_an_error_are_not_all_there_is(google: OpenGoogle) -> None:
    said = await _said(google, {TEAM: _error("internalError") | {"busy": [BUSY]}, GONE: {"busy": []}})
    assert isinstance(said[TEAM], GoogleRefusal)


async def test_a_limit_of_several_errors_accuses_nobody(google: OpenGoogle) -> None:
    said = await _said(google, {TEAM: _error("notFound", "rateLimitExceeded"), GONE: {"busy": []}})
    refusal = said[TEAM]
    assert isinstance(refusal, GoogleRefusal)
    assert refusal.limited


@pytest.mark.parametrize(
    "calendar",
    [
        None,
        [],
        {},
        {"busy": None},
        {"busy": {}},
        {"errors": []},
        {"busy": [None]},
        {"busy": [{}]},
        {"busy": [BUSY, {"start": "2031-05-06T09:00:00Z"}]},
        {"busy": [{"start": "soon", "end": "2031-05-06T09:00:00Z"}]},
        {"busy": [{"start": 1, "end": 2}]},
    ],
)
async def test_a_calendar_of_which_nothing_readable_is_said_is_unread(
    google: OpenGoogle, calendar: object
) -> None:
    said = await _said(google, {TEAM: {"busy": [BUSY]}, GONE: calendar})
    assert isinstance(said.pop(GONE), InvalidAnswer)
    assert said == {TEAM: [ENTRY]}


@pytest.mark.parametrize("errors", ["broken", {"reason": "notFound"}, [None], ["notFound"], 1])
async def test_an_error_that_is_none_is_one_all_the_same(google: OpenGoogle, errors: object) -> None:
    said = await _said(google, {TEAM: {"busy": [], "errors": errors}, GONE: {"busy": []}})
    assert isinstance(said[TEAM], GoogleRefusal)


async def test_a_calendar_left_out_is_unread(google: OpenGoogle) -> None:
    said = await _said(google, {TEAM: {"busy": []}})
    assert isinstance(said[GONE], InvalidAnswer)


@pytest.mark.parametrize("calendars", [None, [], "none"])
async def test_an_answer_about_no_calendar_is_none(google: OpenGoogle, calendars: object) -> None:
    with pytest.raises(InvalidAnswer):
        await _said(google, calendars)


@pytest.mark.parametrize(
    "window",
    [
        {"timeMin": "2031-05-05T00:00:01Z", "timeMax": "2031-05-12T00:00:00Z"},
        {"timeMin": "2031-05-05T00:00:00Z", "timeMax": "2031-05-11T23:59:59Z"},
        {"timeMin": "2031-05-05T00:00:00", "timeMax": "2031-05-12T00:00:00"},
        {"timeMin": "soon", "timeMax": "later"},
    ],
)
async def test_an_answer_about_less_than_was_asked_is_none(
    google: OpenGoogle, window: dict[str, str]
) -> None:
    with pytest.raises(InvalidAnswer):
        await _said(google, {TEAM: {"busy": []}, GONE: {"busy": []}}, **window)


async def test_times_without_offset_block_generously(google: OpenGoogle) -> None:
    naive = {"start": "2031-05-06T09:00:00", "end": "2031-05-06T10:30:00"}
    said = await _said(google, {TEAM: {"busy": [naive]}, GONE: {"busy": []}})
    (entry,) = said[TEAM]  # type: ignore[misc]
    assert isinstance(entry.when, UnplacedTimes)


async def test_a_question_that_is_not_found_says_nothing_of_a_calendar(google: OpenGoogle) -> None:
    google.sandbox.world.faults.google_error(404, "notFound", path="/freeBusy")
    with pytest.raises(ProviderUnavailable):
        await busy_times(google.client, google.access(), (TEAM,), WEEK)


def _part(google: OpenGoogle, keys: Sequence[str]) -> dict[str, str]:
    chair = chair_for(google)
    for key in keys:
        chair.world.calendars.add("gina", key, key)
        chair.add(at(6, 9), calendar=key)
    return {chair.calendar_id(key): key for key in keys}


@pytest.mark.parametrize("most", [1, 2, 3, 7, 12])
@pytest.mark.parametrize("count", [1, 12])
async def test_calendars_that_were_too_many_are_asked_for_again(
    google: OpenGoogle, most: int, count: int
) -> None:
    calendars = _part(google, [f"team-{number}" for number in range(count)])
    google.sandbox.world.google.settings.freebusy_most_calendars = most
    said = await busy_times(google.client, google.access(), list(calendars), WEEK)
    assert {calendar: len(one) for calendar, one in said.items()} == dict.fromkeys(calendars, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("reason", ["tooManyCalendarsRequested", "groupTooBig"])
async def test_one_calendar_that_is_too_many_is_unread(google: OpenGoogle, reason: str) -> None:
    calendars = _part(google, ["one", "other"])
    google.sandbox.world.calendars.change_google("gina", "other", freebusy="error", freebusy_reason=reason)
    said = await busy_times(google.client, google.access(), list(calendars), WEEK)
    one, other = said.values()
    assert len(one) == 1  # type: ignore[arg-type]
    assert isinstance(other, InvalidAnswer)
    assert google.requests() == 2


LONG = [
    (LONGEST, 1),
    (LONGEST + timedelta(seconds=1), 2),
    (timedelta(days=122), 3),
    (timedelta(days=367), 7),
]


@pytest.mark.parametrize(("length", "questions"), LONG)
async def test_a_long_window_is_asked_for_in_parts_without_a_gap(
    google: OpenGoogle, length: timedelta, questions: int
) -> None:
    chair = chair_for(google)
    google.sandbox.world.google.settings.freebusy_longest_days = LONGEST.days
    window = Interval(WEEK.start, WEEK.start + length)
    chair.add(window.start - timedelta(days=1), window.end + timedelta(days=1))
    calendar = chair.calendar_id("primary")
    said = (await busy_times(google.client, google.access(), (calendar,), window))[calendar]
    whens = [one.when for one in said if isinstance(one.when, Instants)]  # type: ignore[union-attr]
    assert (whens[0].start, whens[-1].end) == (window.start, window.end)
    assert all(one.end >= other.start for one, other in pairwise(whens))
    assert chair.asked() == [ASKS] * questions


async def test_a_calendar_unread_in_one_part_is_unread(google: OpenGoogle) -> None:
    body = {"calendars": {TEAM: {"busy": [BUSY]}, GONE: {"busy": []}}}
    google.sandbox.world.faults.add(surface="google", path="/freeBusy", status=200, body=body)
    google.sandbox.world.faults.add(
        surface="google", path="/freeBusy", status=200, body={"calendars": {TEAM: {"busy": [BUSY]}}}
    )
    window = Interval(WEEK.start, WEEK.start + timedelta(days=100))
    said = await busy_times(google.client, google.access(), (TEAM, GONE), window)
    assert said[TEAM] == [ENTRY, ENTRY]
    assert isinstance(said[GONE], InvalidAnswer)


async def test_a_part_that_fails_fails_the_whole(google: OpenGoogle) -> None:
    google.sandbox.world.faults.google_error(403, "forbidden", path="/freeBusy", skip=1)
    with pytest.raises(GoogleRefusal):
        await busy_times(
            google.client, google.access(), (TEAM,), Interval(WEEK.start, at(5, 0) + timedelta(days=100))
        )
