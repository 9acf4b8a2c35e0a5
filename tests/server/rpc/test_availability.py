"""AvailabilityService over a real channel."""

from datetime import datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import interval_pb2

from calendarsync.v1 import availability_pb2
from calendarsync.v1 import availability_service_pb2 as pb
from domain.blocking import CalendarEntry, Instants, ShowAs
from server.rpc.mapping.times import instant, put_instant
from tests.builders import EXPERT, SESSION, after
from tests.fakes.provider import Person
from tests.server.served import Api, failure_of, session_request


async def test_busy_time_is_events_and_sessions_with_the_evidence(api: Api) -> None:
    person = await _connected(api)
    _busy(person, hours=2)
    await api.put_session(starts=5, hours=2)

    answer = await api.availability.ListBusyTimes(_window(hours=24))

    assert [_hours(one) for one in answer.busy_times] == [(2, 3), (5, 7)]
    assert answer.complete
    (evidence,) = answer.calendars
    assert evidence.calendar_id == "calendar-1"
    assert evidence.account_id == "account-1"
    assert instant(evidence.read_time) == api.world.clock.now()


async def test_excluded_sessions_are_left_out(api: Api) -> None:
    await _connected(api)
    await api.put_session(starts=5)
    request = _window(hours=24)
    request.exclude_session_ids.append(SESSION)

    assert not (await api.availability.ListBusyTimes(request)).busy_times


async def test_excluded_sessions_are_left_out_of_whoever_has_them(api: Api) -> None:
    await _connected(api)
    await api.put_expert("another")
    for expert_id, session_id in ((EXPERT, SESSION), ("another", SESSION), ("another", "other")):
        booking = session_request(session_id, starts=5 if session_id == SESSION else 9)
        booking.expert_id = expert_id
        await api.sessions.PutSession(booking)
    request = pb.BatchListBusyTimesRequest(
        expert_ids=[EXPERT, "another"], window=_window(hours=24).window, exclude_session_ids=[SESSION]
    )

    first, second = (await api.availability.BatchListBusyTimes(request)).experts

    assert not first.busy_times.busy_times
    assert [_hours(one) for one in second.busy_times.busy_times] == [(9, 10)]


async def test_an_unread_calendar_is_named_and_nothing_is_complete(api: Api) -> None:
    await _connected(api)
    api.world.provider.outage = True

    answer = await api.availability.ListBusyTimes(_window(hours=24))

    assert not answer.complete
    (evidence,) = answer.calendars
    assert evidence.WhichOneof("outcome") == "unread_reason"
    assert evidence.unread_reason == availability_pb2.UNREAD_REASON_PROVIDER_UNAVAILABLE


async def test_what_the_deadline_leaves_no_time_for_is_named_unread(api: Api, soon_over: float) -> None:
    await _connected(api)
    held = api.world.provider.hold("read_entries")

    answer = await api.availability.ListBusyTimes(_window(hours=24), timeout=soon_over)

    assert [one.unread_reason for one in answer.calendars] == [availability_pb2.UNREAD_REASON_TIMED_OUT]
    held.release()


async def test_each_candidate_gets_its_verdict_in_the_order_asked(api: Api) -> None:
    person = await _connected(api)
    _busy(person, hours=2)
    await api.put_session(starts=5)
    request = pb.CheckTimesRequest(expert_id=EXPERT, candidates=[_hour(5), _hour(2), _hour(3)])

    answer = await api.availability.CheckTimes(request)

    assert [one.verdict for one in answer.times] == [
        pb.TIME_VERDICT_BUSY,
        pb.TIME_VERDICT_BUSY,
        pb.TIME_VERDICT_FREE,
    ]
    assert [one.candidate for one in answer.times] == list(request.candidates)
    assert [list(one.busy_session_ids) for one in answer.times] == [[SESSION], [], []]
    assert [list(one.busy_calendar_ids) for one in answer.times] == [[], ["calendar-1"], []]
    assert answer.complete


async def test_nothing_is_free_while_a_calendar_is_unread(api: Api) -> None:
    await _connected(api)
    api.world.provider.outage = True

    answer = await api.availability.CheckTimes(pb.CheckTimesRequest(expert_id=EXPERT, candidates=[_hour(2)]))

    assert [one.verdict for one in answer.times] == [pb.TIME_VERDICT_UNKNOWN]
    assert not answer.complete


async def test_an_unknown_expert_is_not_found(api: Api) -> None:
    listed = await failure_of(api.availability.ListBusyTimes(_window(hours=1)))
    checked = await failure_of(
        api.availability.CheckTimes(pb.CheckTimesRequest(expert_id=EXPERT, candidates=[_hour(2)]))
    )

    assert listed.reason == checked.reason == "EXPERT_NOT_FOUND"


async def test_a_year_and_a_day_is_answered_and_no_more(api: Api) -> None:
    await api.put_expert()
    longest = _window(hours=366 * 24)

    assert (await api.availability.ListBusyTimes(longest)).complete

    longest.window.end_time.seconds += 1
    failure = await failure_of(api.availability.ListBusyTimes(longest))
    assert failure.fields == {"window": "INTERVAL_LENGTH"}


async def test_candidates_together_span_a_year_and_a_day_at_most(api: Api) -> None:
    await api.put_expert()
    request = pb.CheckTimesRequest(expert_id=EXPERT, candidates=[_hour(0), _hour(367 * 24)])

    failure = await failure_of(api.availability.CheckTimes(request))

    assert failure.reason == "INVALID_REQUEST"
    assert failure.fields == {"candidates": "CANDIDATES_SPAN"}


def _interval(start: int, end: int, *, start_nanos: int = 0, end_nanos: int = 0) -> interval_pb2.Interval:
    return interval_pb2.Interval(
        start_time=Timestamp(seconds=start, nanos=start_nanos),
        end_time=Timestamp(seconds=end, nanos=end_nanos),
    )


T = 1_800_000_000


@pytest.mark.parametrize(
    ("window", "fields"),
    [
        (interval_pb2.Interval(), {"window": "INTERVAL_BOUNDS"}),
        (interval_pb2.Interval(start_time=Timestamp(seconds=T)), {"window": "INTERVAL_BOUNDS"}),
        (_interval(T, T), {"window": "INTERVAL_ORDER"}),
        (_interval(T, T - 1), {"window": "INTERVAL_ORDER"}),
        (_interval(-1, T), {"window": "INTERVAL_BOUNDS"}),
        (_interval(T, 10**18), {"window": "INTERVAL_BOUNDS"}),
        (_interval(-(10**18), 10**18), {"window": "INTERVAL_BOUNDS"}),
        (_interval(T, T, end_nanos=999), {"window": "INTERVAL_ORDER"}),
        (_interval(T, T + 10, start_nanos=-5), {"window.start_time": "TIMESTAMP_NANOS"}),
        (_interval(T, T + 10, end_nanos=2_000_000_000), {"window.end_time": "TIMESTAMP_NANOS"}),
    ],
)
async def test_refuses_windows_that_are_none(
    api: Api, window: interval_pb2.Interval, fields: dict[str, str]
) -> None:
    await api.put_expert()
    failure = await failure_of(
        api.availability.ListBusyTimes(pb.ListBusyTimesRequest(expert_id=EXPERT, window=window))
    )

    assert failure.code.name == "INVALID_ARGUMENT"
    assert failure.violations >= set(fields.items())


async def test_names_the_candidate_that_is_none(api: Api) -> None:
    await api.put_expert()
    request = pb.CheckTimesRequest(
        expert_id=EXPERT, candidates=[_hour(1), _hour(2), _interval(T, T, start_nanos=1, end_nanos=2)]
    )

    assert (await failure_of(api.availability.CheckTimes(request))).fields == {
        "candidates[2]": "INTERVAL_ORDER"
    }


async def test_each_broken_candidate_is_named_by_its_place(api: Api) -> None:
    candidates = [_hour(1), _interval(T, T), _hour(2), interval_pb2.Interval()]
    request = pb.CheckTimesRequest(expert_id=EXPERT, candidates=candidates)

    failure = await failure_of(api.availability.CheckTimes(request))

    assert {("candidates[1]", "INTERVAL_ORDER"), ("candidates[3]", "INTERVAL_BOUNDS")} <= failure.violations
    assert {field for field, _ in failure.violations} == {"candidates[1]", "candidates[3]"}


@pytest.mark.parametrize("count", [0, 201])
async def test_takes_one_to_two_hundred_candidates(api: Api, count: int) -> None:
    request = pb.CheckTimesRequest(expert_id=EXPERT, candidates=[_hour(2)] * count)

    assert set((await failure_of(api.availability.CheckTimes(request))).fields) == {"candidates"}


async def test_names_the_excluded_session_that_breaks_a_rule(api: Api) -> None:
    request = _window(hours=1)
    request.exclude_session_ids.extend(["fine", "not fine"])

    assert (await failure_of(api.availability.ListBusyTimes(request))).fields == {
        "exclude_session_ids[1]": "STRING_PATTERN"
    }


async def _connected(api: Api) -> Person:
    await api.put_expert()
    person = api.world.provider.add_person()
    await api.connect(person)
    return person


def _busy(person: Person, *, hours: float) -> None:
    when = Instants(after(hours=hours), after(hours=hours + 1))
    person.add_entry(next(iter(person.calendars)), CalendarEntry(when=when, show_as=ShowAs.BUSY))


def _between(start: datetime, end: datetime) -> interval_pb2.Interval:
    interval = interval_pb2.Interval()
    put_instant(interval.start_time, start)
    put_instant(interval.end_time, end)
    return interval


def _window(*, hours: float) -> pb.ListBusyTimesRequest:
    return pb.ListBusyTimesRequest(expert_id=EXPERT, window=_between(after(), after(hours=hours)))


def _hour(start: float) -> interval_pb2.Interval:
    return _between(after(hours=start), after(hours=start + 1))


def _hours(interval: interval_pb2.Interval) -> tuple[float, float]:
    start, end = (
        (instant(one) - after()) / timedelta(hours=1) for one in (interval.start_time, interval.end_time)
    )
    return start, end
