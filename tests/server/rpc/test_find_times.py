"""FindTimes over a real channel."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from google.protobuf import json_format
from google.rpc import error_details_pb2
from google.type import date_pb2, dayofweek_pb2, timeofday_pb2

from application.availability import find_times
from calendarsync.v1 import availability_pb2
from calendarsync.v1 import availability_service_pb2 as pb
from calendarsync.v1.availability_service_pb2 import EXPERTS_NEEDED_ANY, FindTimesRequest, OpenSpan
from server.rpc.calls.validation import require_valid
from server.rpc.mapping.times import instant, put_instant
from server.rpc.mapping.wanted_times import wanted_times_of
from tests.builders import EXPERT, SESSION, after, an_interval
from tests.fakes.provider import Person
from tests.server.served import ERROR_DOMAIN, Api, failure_of

GINA = "gina"
FIRST = after(hours=24)
"""A Tuesday noon, in UTC."""


def _request(*expert_ids: str, hours: float = 4, **how: object) -> FindTimesRequest:
    """Hours at full hours from FIRST on."""
    request = FindTimesRequest(expert_ids=expert_ids or (EXPERT,), **how)  # type: ignore[arg-type]
    put_instant(request.window.start_time, FIRST)
    put_instant(request.window.end_time, FIRST + timedelta(hours=hours))
    request.duration.seconds = request.step.seconds = 3600
    return request


async def _connected(api: Api, expert_id: str = EXPERT, *, busy: Iterable[float] = ()) -> Person:
    """Whose hours from these on are busy, counted from FIRST."""
    await api.put_expert(expert_id)
    person = api.world.provider.add_person(f"{expert_id}@outlook.example")
    for start in busy:
        person.block(an_interval(starts=24 + start))
    await api.connect(person, expert_id=expert_id)
    return person


def _found(answer: pb.FindTimesResponse) -> list[tuple[float, list[str]]]:
    """Hours after FIRST, and who is free."""
    return [
        ((instant(one.interval.start_time) - FIRST) / timedelta(hours=1), list(one.free_expert_ids))
        for one in answer.times
    ]


def _span(start: int, end: int, minutes: int = 0) -> OpenSpan:
    return OpenSpan(
        start_time=timeofday_pb2.TimeOfDay(hours=start, minutes=minutes),
        end_time=timeofday_pb2.TimeOfDay(hours=end, minutes=minutes),
    )


async def test_free_times_are_found_with_the_evidence(api: Api) -> None:
    await _connected(api, busy=[1])

    answer = await api.availability.FindTimes(_request())

    assert _found(answer) == [(0, [EXPERT]), (2, [EXPERT]), (3, [EXPERT])]
    assert {one.verdict for one in answer.times} == {pb.TIME_VERDICT_FREE}
    assert instant(answer.times[0].interval.end_time) == after(hours=25)
    assert answer.complete
    (evidence,) = answer.experts
    assert evidence.expert_id == EXPERT
    assert evidence.complete
    assert [one.calendar_id for one in evidence.calendars] == ["calendar-1"]
    assert instant(evidence.calendars[0].read_time) == api.world.clock.now()
    assert not evidence.HasField("error")
    assert not answer.next_page_token


async def test_sessions_and_holds_take_their_times(api: Api) -> None:
    await api.put_expert()
    await api.put_session(starts=25)
    hold = pb.HoldTimeRequest(expert_id=EXPERT, hold_id="hold-1")
    put_instant(hold.interval.start_time, after(hours=26))
    put_instant(hold.interval.end_time, after(hours=27))
    await api.availability.HoldTime(hold)

    found = await api.availability.FindTimes(_request())
    without = await api.availability.FindTimes(_request(exclude_session_ids=[SESSION]))

    assert [start for start, _ in _found(found)] == [0, 3]
    assert [start for start, _ in _found(without)] == [0, 1, 3]


async def test_all_are_free_at_once_or_any_of_them(api: Api) -> None:
    await _connected(api, busy=[0, 1])
    await _connected(api, GINA, busy=[1, 2])

    all_of_them = await api.availability.FindTimes(_request(EXPERT, GINA))
    any_of_them = await api.availability.FindTimes(_request(EXPERT, GINA, experts_needed=EXPERTS_NEEDED_ANY))

    assert _found(all_of_them) == [(3, [EXPERT, GINA])]
    assert _found(any_of_them) == [(0, [GINA]), (2, [EXPERT]), (3, [EXPERT, GINA])]


async def test_nothing_is_free_for_whom_a_calendar_is_unread(api: Api) -> None:
    await _connected(api)
    await api.put_expert(GINA)
    api.world.provider.outage = True

    all_of_them = await api.availability.FindTimes(_request(EXPERT, GINA, hours=1))
    any_of_them = await api.availability.FindTimes(
        _request(EXPERT, GINA, hours=1, experts_needed=EXPERTS_NEEDED_ANY)
    )

    assert not all_of_them.times
    assert _found(any_of_them) == [(0, [GINA])]
    assert not all_of_them.complete
    assert [one.complete for one in all_of_them.experts] == [False, True]
    (unread,) = all_of_them.experts[0].calendars
    assert unread.unread_reason == availability_pb2.UNREAD_REASON_PROVIDER_UNAVAILABLE


async def test_what_may_be_free_is_told_to_who_wants_to_hear_it(api: Api) -> None:
    await _connected(api)
    await api.put_session(starts=25)
    await api.put_expert(GINA)
    api.world.provider.outage = True

    answer = await api.availability.FindTimes(_request(EXPERT, GINA, hours=2, include_unknown=True))

    (one,) = answer.times
    assert instant(one.interval.start_time) == FIRST
    assert one.verdict == pb.TIME_VERDICT_UNKNOWN
    assert list(one.free_expert_ids) == [GINA]
    assert list(one.unknown_expert_ids) == [EXPERT]


async def test_an_unknown_expert_has_an_error_and_no_time(api: Api) -> None:
    await api.put_expert()

    all_of_them = await api.availability.FindTimes(_request(EXPERT, "nobody", include_unknown=True))
    any_of_them = await api.availability.FindTimes(
        _request(EXPERT, "nobody", hours=1, experts_needed=EXPERTS_NEEDED_ANY)
    )

    assert not all_of_them.times
    assert _found(any_of_them) == [(0, [EXPERT])]
    assert not any_of_them.complete
    answered, failed = any_of_them.experts
    assert answered.complete
    assert not answered.HasField("error")
    assert failed.expert_id == "nobody"
    assert failed.error.code == grpc.StatusCode.NOT_FOUND.value[0]
    info = error_details_pb2.ErrorInfo()
    assert failed.error.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("EXPERT_NOT_FOUND", ERROR_DOMAIN)


async def test_opening_hours_are_by_the_clock_of_their_zone(api: Api) -> None:
    """FIRST is one in the afternoon in Berlin."""
    await api.put_expert()
    request = _request(hours=72, time_zone="Europe/Berlin")
    request.opening_hours.weekdays.add(day=dayofweek_pb2.TUESDAY, spans=[_span(9, 15), _span(20, 21)])
    request.opening_hours.weekdays.add(day=dayofweek_pb2.WEDNESDAY, spans=[_span(9, 24)])
    request.opening_hours.dates.add(date=date_pb2.Date(year=2027, month=3, day=3), spans=[_span(9, 10)])

    answer = await api.availability.FindTimes(request)

    assert [start for start, _ in _found(answer)] == [0, 1, 7, 20]


async def test_the_window_says_where_steps_begin_if_it_shall(api: Api) -> None:
    await api.put_expert()
    request = _request(hours=2.5)
    request.window.start_time.seconds += 600

    by_the_clock = await api.availability.FindTimes(request)
    request.alignment = pb.START_ALIGNMENT_WINDOW
    by_the_window = await api.availability.FindTimes(request)

    assert [start * 60 for start, _ in _found(by_the_clock)] == [60]
    assert [round(start * 60) for start, _ in _found(by_the_window)] == [10, 70]


async def test_notice_counts_from_now_and_nothing_begins_in_the_past(api: Api) -> None:
    await api.put_expert()
    request = _request(hours=-20)
    put_instant(request.window.start_time, after(hours=-5))

    at_once = await api.availability.FindTimes(request)
    request.minimum_notice.seconds = 3601
    noticed = await api.availability.FindTimes(request)

    assert [start for start, _ in _found(at_once)] == [-24, -23, -22, -21]
    assert [start for start, _ in _found(noticed)] == [-22, -21]


async def test_buffers_must_be_free_but_may_lie_outside_of_the_window(api: Api) -> None:
    await _connected(api, busy=[-1, 4])
    request = _request()
    request.buffer_before.seconds = 3600

    assert [start for start, _ in _found(await api.availability.FindTimes(request))] == [1, 2, 3]

    request.buffer_after.seconds = 1
    assert [start for start, _ in _found(await api.availability.FindTimes(request))] == [1, 2]


async def test_a_full_day_takes_no_more_sessions(api: Api) -> None:
    await api.put_expert()
    await api.put_session("early", starts=14)
    request = _request(hours=14, time_zone="UTC", max_sessions_per_day=2)

    assert (await api.availability.FindTimes(request)).times

    await api.put_session("late", starts=35)
    full = await api.availability.FindTimes(request)
    request.exclude_session_ids.append("early")
    moved = await api.availability.FindTimes(request)

    assert [start for start, _ in _found(full)] == [12, 13]
    assert _found(moved)[0][0] == 0


async def test_pages_follow_each_other_until_the_last(api: Api) -> None:
    await _connected(api, busy=[1])
    request = _request(hours=6, page_size=2)

    pages = [await api.availability.FindTimes(request)]
    while pages[-1].next_page_token:
        request.page_token = pages[-1].next_page_token
        pages.append(await api.availability.FindTimes(request))

    assert [[start for start, _ in _found(page)] for page in pages] == [[0, 2], [3, 4], [5]]
    assert all(page.complete for page in pages)


async def test_a_page_ends_before_it_names_too_many(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_times, "MOST_NAMED", 5)
    await api.put_expert()
    await api.put_expert(GINA)
    request = _request(EXPERT, GINA)

    first = await api.availability.FindTimes(request)
    request.page_token = first.next_page_token

    assert [start for start, _ in _found(first)] == [0, 1]
    assert [start for start, _ in _found(await api.availability.FindTimes(request))] == [2, 3]


@pytest.mark.parametrize(("asked", "found"), [(0, 100), (1_001, 1_000)])
async def test_a_page_has_a_usual_and_a_largest_size(api: Api, asked: int, found: int) -> None:
    await api.put_expert()
    request = _request(hours=24, page_size=asked)
    request.step.seconds = 60

    answer = await api.availability.FindTimes(request)

    assert len(answer.times) == found
    assert answer.next_page_token


async def test_a_page_token_belongs_to_its_question(api: Api) -> None:
    await api.put_expert()
    request = _request(page_size=1)
    request.page_token = (await api.availability.FindTimes(request)).next_page_token
    request.duration.seconds = 1800

    assert (await failure_of(api.availability.FindTimes(request))).reason == "PAGE_TOKEN_INVALID"


async def test_times_finer_than_a_second_keep_their_microseconds(api: Api) -> None:
    await api.put_expert()
    request = _request(alignment=pb.START_ALIGNMENT_WINDOW)
    request.window.start_time.nanos = 5_000

    (first, *_) = (await api.availability.FindTimes(request)).times

    assert instant(first.interval.start_time) == FIRST + timedelta(microseconds=5)
    assert instant(first.interval.end_time) == after(hours=25) + timedelta(microseconds=5)
    assert list(first.free_expert_ids) == [EXPERT]


async def test_more_starts_than_are_looked_at_are_refused(api: Api) -> None:
    """A month by the minute has 43,141 for each expert."""
    request = _request(*(f"expert-{number}" for number in range(12)), hours=30 * 24)
    request.step.seconds = 60

    failure = await failure_of(api.availability.FindTimes(request))

    assert failure.code is grpc.StatusCode.INVALID_ARGUMENT
    assert failure.reason == "INVALID_REQUEST"
    assert failure.fields == {"step": "STEP_STARTS"}

    del request.expert_ids[11]
    assert len((await api.availability.FindTimes(request)).experts) == 11


async def test_an_unknown_zone_is_named(api: Api) -> None:
    failure = await failure_of(api.availability.FindTimes(_request(time_zone="Europe/Atlantis")))

    assert failure.reason == "TIME_ZONE_UNKNOWN"
    assert failure.fields == {"time_zone": "TIME_ZONE_UNKNOWN"}


def _twice(request: FindTimesRequest) -> None:
    for _ in range(2):
        request.opening_hours.weekdays.add(day=dayofweek_pb2.MONDAY)


def _two_dates(request: FindTimesRequest) -> None:
    for _ in range(2):
        request.opening_hours.dates.add(date=date_pb2.Date(year=2027, month=3, day=2))


def _no_date(request: FindTimesRequest) -> None:
    request.opening_hours.dates.add(date=date_pb2.Date(year=2027, month=2, day=29))


def _open(*spans: OpenSpan) -> Callable[[FindTimesRequest], None]:
    def put(request: FindTimesRequest) -> None:
        request.opening_hours.weekdays.add(day=dayofweek_pb2.MONDAY, spans=spans)

    return put


@pytest.mark.parametrize(
    ("put", "fields"),
    [
        (_twice, {"opening_hours.weekdays[1].day": "UNIQUE"}),
        (_two_dates, {"opening_hours.dates[1].date": "UNIQUE"}),
        (_no_date, {"opening_hours.dates[0].date": "DATE"}),
        (_open(_span(9, 9)), {"opening_hours.weekdays[0].spans[0]": "OPEN_SPAN_ORDER"}),
        (_open(_span(1, 2), _span(9, 25)), {"opening_hours.weekdays[0].spans[1].end_time": "TIME_OF_DAY"}),
        (
            _open(_span(9, 24, minutes=1)),
            {"opening_hours.weekdays[0].spans[0].end_time": "TIME_OF_DAY"},
        ),
        (_open(_span(-1, 9)), {"opening_hours.weekdays[0].spans[0].start_time": "TIME_OF_DAY"}),
    ],
    ids=["weekday twice", "date twice", "no date", "empty", "hour 25", "after 24:00", "before 0:00"],
)
async def test_opening_hours_that_are_none_are_named(
    api: Api, put: Callable[[FindTimesRequest], None], fields: dict[str, str]
) -> None:
    request = _request()
    put(request)

    assert (await failure_of(api.availability.FindTimes(request))).fields == fields


def test_the_example_for_callers_is_a_valid_question() -> None:
    page = (Path(__file__).parents[3] / "docs" / "calling.md").read_text(encoding="utf-8")
    section = page.partition("## Looking for times")[2].partition("\n- ")[0]

    request = json_format.Parse(section[section.index("{") :], FindTimesRequest())

    require_valid(request)
    wanted = wanted_times_of(request)
    assert wanted.hours is not None
    assert [len(spans) for spans in wanted.hours.weekdays.values()] == [2, 1]
    assert wanted.most_a_day == 4


async def test_hours_without_a_day_are_never_open(api: Api) -> None:
    await api.put_expert()
    request = _request()
    request.opening_hours.SetInParent()

    answer = await api.availability.FindTimes(request)

    assert not answer.times
    assert answer.complete


async def test_where_no_start_is_left_no_provider_is_asked(api: Api) -> None:
    """A month that is over: what is read for it would be read live, and nothing could come of it."""
    await _connected(api)
    request = _request()
    assert (await api.availability.FindTimes(request)).complete
    put_instant(request.window.start_time, after(hours=-80 * 24))
    put_instant(request.window.end_time, after(hours=-10 * 24))
    asked = api.world.provider.calls.total()

    answer = await api.availability.FindTimes(request)

    assert not answer.times
    assert answer.complete
    assert [one.calendar_id for one in answer.experts[0].calendars] == ["calendar-1"]
    assert api.world.provider.calls.total() == asked
