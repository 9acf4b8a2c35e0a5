"""How old an answer may be, over a real channel; and many experts in one call."""

from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2

from calendarsync.v1 import availability_pb2
from calendarsync.v1 import availability_service_pb2 as pb
from server.rpc.mapping.times import instant, put_interval
from tests.builders import EXPERT, an_interval
from tests.server.served import ERROR_DOMAIN, Api, failure_of

LIVE = availability_pb2.READING_SOURCE_LIVE
STORED = availability_pb2.READING_SOURCE_STORED


async def test_the_first_answer_is_live_and_the_next_is_what_was_kept(api: Api) -> None:
    await _connected(api)

    first = await api.availability.ListBusyTimes(_busy_request())
    api.world.clock.advance(timedelta(minutes=14))
    second = await api.availability.ListBusyTimes(_busy_request())

    assert [one.source for one in first.calendars] == [LIVE]
    assert [one.source for one in second.calendars] == [STORED]
    assert second.calendars[0].read_time == first.calendars[0].read_time
    assert api.world.provider.calls["read_entries"] == 1


async def test_without_a_bound_readings_of_a_quarter_of_an_hour_count(api: Api) -> None:
    await _connected(api)
    await api.availability.ListBusyTimes(_busy_request())
    api.world.clock.advance(timedelta(minutes=15, seconds=1))

    answer = await api.availability.ListBusyTimes(_busy_request())

    assert [one.source for one in answer.calendars] == [LIVE]
    assert instant(answer.calendars[0].read_time) == api.world.clock.now()


async def test_a_bound_of_zero_looks_now(api: Api) -> None:
    await _connected(api)
    await api.availability.ListBusyTimes(_busy_request())
    api.world.clock.advance(timedelta(microseconds=1))

    busy = await api.availability.ListBusyTimes(_busy_request(Duration()))
    api.world.clock.advance(timedelta(microseconds=1))
    checked = await api.availability.CheckTimes(_check_request(Duration()))

    assert [one.source for one in (*busy.calendars, *checked.calendars)] == [LIVE, LIVE]
    assert api.world.provider.calls["read_entries"] == 3


async def test_a_callers_own_bound_counts(api: Api) -> None:
    await _connected(api)
    await api.availability.ListBusyTimes(_busy_request())
    api.world.clock.advance(timedelta(hours=2))

    checked = await api.availability.CheckTimes(_check_request(Duration(seconds=3 * 3600)))

    assert [one.source for one in checked.calendars] == [STORED]


async def test_a_calendar_that_is_too_old_and_unread_is_named(api: Api) -> None:
    await _connected(api)
    await api.availability.ListBusyTimes(_busy_request())
    api.world.clock.advance(timedelta(minutes=16))
    api.world.provider.outage = True

    stale = await api.availability.ListBusyTimes(_busy_request())
    tolerant = await api.availability.ListBusyTimes(_busy_request(Duration(seconds=1200)))

    assert not stale.complete
    assert stale.calendars[0].WhichOneof("outcome") == "unread_reason"
    assert stale.calendars[0].source == availability_pb2.READING_SOURCE_UNSPECIFIED
    assert tolerant.complete


@pytest.mark.parametrize(
    ("max_age", "fields"),
    [
        (Duration(seconds=-1), {"max_age": "DURATION_GTE_LTE"}),
        (Duration(nanos=-1), {"max_age": "DURATION_GTE_LTE"}),
        (Duration(seconds=86_401), {"max_age": "DURATION_GTE_LTE"}),
        (Duration(seconds=10**15), {"max_age": "DURATION_GTE_LTE"}),
        (Duration(seconds=1, nanos=-5), {"max_age.nanos": "DURATION_NANOS"}),
        (Duration(seconds=1, nanos=2_000_000_000), {"max_age.nanos": "DURATION_NANOS"}),
    ],
)
async def test_refuses_bounds_that_are_none(api: Api, max_age: Duration, fields: dict[str, str]) -> None:
    await api.put_expert()
    batch = pb.BatchListBusyTimesRequest(expert_ids=[EXPERT], max_age=max_age)
    put_interval(batch.window, an_interval(hours=2))
    hold = pb.HoldTimeRequest(expert_id=EXPERT, hold_id="hold", max_age=max_age)
    put_interval(hold.interval, an_interval(hours=2))

    for call in (
        api.availability.ListBusyTimes(_busy_request(max_age)),
        api.availability.CheckTimes(_check_request(max_age)),
        api.availability.BatchListBusyTimes(batch),
        api.availability.HoldTime(hold),
    ):
        failure = await failure_of(call)
        assert (failure.reason, failure.fields) == ("INVALID_REQUEST", fields)


async def test_a_reading_that_came_too_late_answers_the_next_call(api: Api, soon_over: float) -> None:
    await _connected(api)
    held = api.world.provider.hold("read_entries")

    late = await api.availability.ListBusyTimes(_busy_request(), timeout=soon_over)
    held.release()
    answer = await api.availability.ListBusyTimes(_busy_request())

    assert [one.unread_reason for one in late.calendars] == [availability_pb2.UNREAD_REASON_TIMED_OUT]
    assert answer.complete
    assert api.world.provider.calls["read_entries"] == 1


async def test_experts_of_a_team_are_answered_in_the_order_asked(api: Api) -> None:
    await _connected(api)
    for name in ("ben", "cleo"):
        await api.put_expert(name)
        await api.connect(api.world.provider.add_person(name), expert_id=name)
    api.world.provider.people["object-ben"].block(an_interval(starts=26))
    await api.put_session(starts=30)

    answer = await api.availability.BatchListBusyTimes(_batch_request("cleo", EXPERT, "ben"))

    assert [one.expert_id for one in answer.experts] == ["cleo", EXPERT, "ben"]
    assert [len(one.busy_times.busy_times) for one in answer.experts] == [0, 1, 1]
    assert all(one.busy_times.complete for one in answer.experts)
    assert [one.busy_times.calendars[0].source for one in answer.experts] == [LIVE] * 3
    for one in answer.experts:
        single = _busy_request()
        single.expert_id = one.expert_id
        alone = await api.availability.ListBusyTimes(single)
        assert list(alone.busy_times) == list(one.busy_times.busy_times)


async def test_an_expert_of_a_team_who_is_unknown_disturbs_no_other(api: Api) -> None:
    await api.put_expert()
    single = _busy_request()
    single.expert_id = "nobody"
    alone = await failure_of(api.availability.ListBusyTimes(single))

    answer = await api.availability.BatchListBusyTimes(_batch_request("nobody", EXPERT))

    unknown, known = answer.experts
    assert unknown.WhichOneof("answer") == "error"
    assert unknown.error.code == alone.code.value[0]
    assert unknown.error.message == alone.message
    info = error_details_pb2.ErrorInfo()
    assert unknown.error.details[0].Unpack(info)
    assert (info.reason, info.domain) == ("EXPERT_NOT_FOUND", ERROR_DOMAIN)
    assert known.busy_times.complete


async def test_an_expert_of_a_team_who_is_unread_disturbs_no_other(api: Api) -> None:
    await _connected(api)
    await api.put_expert("ben")
    await api.connect(api.world.provider.add_person("ben"), expert_id="ben")
    await api.lose_access("account-2")

    answer = await api.availability.BatchListBusyTimes(_batch_request(EXPERT, "ben"))

    assert [one.busy_times.complete for one in answer.experts] == [True, False]
    assert answer.experts[1].busy_times.calendars[0].unread_reason == (
        availability_pb2.UNREAD_REASON_RECONNECT_REQUIRED
    )


@pytest.mark.parametrize(
    ("expert_ids", "fields"),
    [
        ([], {"expert_ids"}),
        ([str(number) for number in range(101)], {"expert_ids"}),
        (["twice", "twice"], {"expert_ids"}),
        (["fine", "not fine"], {"expert_ids[1]"}),
    ],
)
async def test_takes_one_to_a_hundred_different_experts(
    api: Api, expert_ids: list[str], fields: set[str]
) -> None:
    failure = await failure_of(api.availability.BatchListBusyTimes(_batch_request(*expert_ids)))

    assert set(failure.fields) == fields


async def test_a_hundred_experts_are_answered(api: Api) -> None:
    answer = await api.availability.BatchListBusyTimes(_batch_request(*map(str, range(100))))

    assert len(answer.experts) == 100


async def _connected(api: Api) -> None:
    await api.put_expert()
    await api.connect(api.world.provider.add_person())


def _busy_request(max_age: Duration | None = None) -> pb.ListBusyTimesRequest:
    request = pb.ListBusyTimesRequest(expert_id=EXPERT, max_age=max_age)
    put_interval(request.window, an_interval(hours=48))
    return request


def _check_request(max_age: Duration | None = None) -> pb.CheckTimesRequest:
    request = pb.CheckTimesRequest(expert_id=EXPERT, max_age=max_age)
    put_interval(request.candidates.add(), an_interval(starts=3))
    return request


def _batch_request(*expert_ids: str) -> pb.BatchListBusyTimesRequest:
    request = pb.BatchListBusyTimesRequest(expert_ids=expert_ids)
    put_interval(request.window, an_interval(hours=48))
    return request
