"""Holding times, and booking what is held, over a real channel."""

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2

from calendarsync.v1 import availability_service_pb2 as pb
from calendarsync.v1 import session_service_pb2
from domain.access import ProviderUnavailable
from server.rpc.mapping.times import instant, put_interval
from server.rpc.paging import page_token
from tests.builders import EXPERT, an_interval
from tests.server.served import Api, failure_of, session_request

REJECT = session_service_pb2.CONFLICT_CHECK_REJECT


async def test_a_held_time_is_busy_until_the_hold_ends(api: Api) -> None:
    await _connected(api)

    held = await api.availability.HoldTime(_hold())

    assert instant(held.expire_time) == api.world.clock.now() + timedelta(minutes=5)
    (checked,) = (await api.availability.CheckTimes(_check())).times
    assert checked.verdict == pb.TIME_VERDICT_BUSY
    assert list(checked.busy_hold_ids) == ["hold-1"]
    assert not checked.busy_session_ids
    api.world.clock.advance(timedelta(minutes=5))
    assert (await api.availability.CheckTimes(_check())).times[0].verdict == pb.TIME_VERDICT_FREE


async def test_holds_for_as_long_as_is_asked(api: Api) -> None:
    await _connected(api)

    held = await api.availability.HoldTime(_hold(lifetime=Duration(seconds=900)))

    assert instant(held.expire_time) == api.world.clock.now() + timedelta(minutes=15)


@pytest.mark.parametrize("lifetime", [Duration(), Duration(seconds=901), Duration(nanos=999_999_999)])
async def test_refuses_to_hold_for_nothing_or_too_long(api: Api, lifetime: Duration) -> None:
    failure = await failure_of(api.availability.HoldTime(_hold(lifetime=lifetime)))

    assert failure.fields == {"lifetime": "DURATION_GTE_LTE"}


async def test_refuses_to_hold_what_is_taken(api: Api) -> None:
    await _connected(api)
    await api.availability.HoldTime(_hold())

    failure = await failure_of(api.availability.HoldTime(_hold("hold-2")))

    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TIME_TAKEN")
    violation = failure.detail(error_details_pb2.PreconditionFailure).violations[0]
    assert violation.type == "TIME_TAKEN"
    assert failure.metadata == {"busy_hold_ids": "hold-1"}


async def test_buffers_must_be_free_as_well(api: Api) -> None:
    await _connected(api)
    await api.sessions.PutSession(session_request("near", starts=25.25))
    check, put = _check(), _put("session-1", conflict_check=REJECT)
    check.buffer_after.seconds = put.buffer_after.seconds = 1800

    (checked,) = (await api.availability.CheckTimes(check)).times
    held = await failure_of(api.availability.HoldTime(_hold(buffer_after=Duration(seconds=1800))))
    booked = await failure_of(api.sessions.PutSession(put))

    assert checked.verdict == pb.TIME_VERDICT_BUSY
    assert list(checked.busy_session_ids) == ["near"]
    assert checked.candidate == check.candidates[0]
    assert held.reason == booked.reason == "TIME_TAKEN"
    assert held.metadata == booked.metadata == {"busy_session_ids": "near"}


async def test_buffers_on_the_other_side_are_in_nobodys_way(api: Api) -> None:
    await _connected(api)
    await api.sessions.PutSession(session_request("near", starts=25.25))
    check, put = _check(), _put("session-1", conflict_check=REJECT)
    check.buffer_before.seconds = put.buffer_before.seconds = 1800

    (checked,) = (await api.availability.CheckTimes(check)).times
    await api.availability.HoldTime(_hold(buffer_before=Duration(seconds=1800)))
    await api.availability.ReleaseHold(pb.ReleaseHoldRequest(expert_id=EXPERT, hold_id="hold-1"))
    session = (await api.sessions.PutSession(put)).session

    assert checked.verdict == pb.TIME_VERDICT_FREE
    assert session.interval == put.interval


async def test_says_what_takes_the_time(api: Api) -> None:
    await _connected(api)
    await api.sessions.PutSession(_put("session-1"))
    next(iter(api.world.provider.people.values())).block(an_interval(starts=24))

    for call in (
        api.availability.HoldTime(_hold()),
        api.sessions.PutSession(_put("session-2", conflict_check=REJECT)),
    ):
        failure = await failure_of(call)

        assert failure.metadata == {"busy_calendar_ids": "calendar-1", "busy_session_ids": "session-1"}


async def test_names_no_more_than_fits_into_an_answer(api: Api) -> None:
    await _connected(api)
    for number in range(30):
        await api.sessions.PutSession(_put(f"{number:0>128}"))

    failure = await failure_of(api.availability.HoldTime(_hold()))

    named = failure.metadata["busy_session_ids"].split(" ")
    assert named == [f"{number:0>128}" for number in range(7)]


async def test_refuses_to_hold_what_may_be_taken(api: Api) -> None:
    await _connected(api)
    api.world.provider.outage = True

    failure = await failure_of(api.availability.HoldTime(_hold()))

    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "AVAILABILITY_UNKNOWN")
    assert failure.metadata == {
        "unread_calendar_ids": "calendar-1",
        "unread_reasons": "PROVIDER_UNAVAILABLE",
    }
    assert failure.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta() == timedelta(seconds=5)


async def test_says_to_wait_as_long_as_the_provider_asks(api: Api) -> None:
    await _connected(api)
    for call in (
        lambda: api.availability.HoldTime(_hold()),
        lambda: api.sessions.PutSession(_put("session-1", conflict_check=REJECT)),
    ):
        throttled = ProviderUnavailable(throttled=True, retry_after=timedelta(seconds=120))
        api.world.provider.fail("read_entries", throttled)

        failure = await failure_of(call())

        assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "AVAILABILITY_UNKNOWN")
        assert failure.metadata["unread_reasons"] == "THROTTLED"
        assert failure.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta() == timedelta(minutes=2)


async def test_asks_nobody_to_wait_where_a_person_must_act(api: Api) -> None:
    await _connected(api)
    person = next(iter(api.world.provider.people.values()))
    person.revoke()

    for call in (
        api.availability.HoldTime(_hold()),
        api.sessions.PutSession(_put("session-1", conflict_check=REJECT)),
    ):
        failure = await failure_of(call)

        assert (failure.code, failure.reason) == (
            grpc.StatusCode.FAILED_PRECONDITION,
            "CALENDARS_UNREADABLE",
        )
        assert failure.metadata == {
            "unread_calendar_ids": "calendar-1",
            "unread_reasons": "RECONNECT_REQUIRED",
        }
        assert not [one for one in failure.details if isinstance(one, error_details_pb2.RetryInfo)]
        (violation,) = failure.detail(error_details_pb2.PreconditionFailure).violations
        assert (violation.type, violation.subject) == ("RECONNECT_REQUIRED", "account-1")


async def test_gives_a_held_time_back(api: Api) -> None:
    await _connected(api)
    await api.availability.HoldTime(_hold())
    release = pb.ReleaseHoldRequest(expert_id=EXPERT, hold_id="hold-1")

    await api.availability.ReleaseHold(release)

    assert (await api.availability.CheckTimes(_check())).times[0].verdict == pb.TIME_VERDICT_FREE
    failure = await failure_of(api.availability.ReleaseHold(release))
    assert (failure.code, failure.reason) == (grpc.StatusCode.NOT_FOUND, "HOLD_NOT_FOUND")


async def test_another_experts_hold_is_not_found(api: Api) -> None:
    await _connected(api)
    await api.put_expert("other")
    await api.availability.HoldTime(_hold())

    released = await failure_of(
        api.availability.ReleaseHold(pb.ReleaseHoldRequest(expert_id="other", hold_id="hold-1"))
    )
    request = _put("session-1", hold_id="hold-1")
    request.expert_id = "other"
    booked = await failure_of(api.sessions.PutSession(request))

    assert released.reason == booked.reason == "HOLD_NOT_FOUND"


async def test_an_unknown_expert_can_hold_nothing(api: Api) -> None:
    assert (await failure_of(api.availability.HoldTime(_hold()))).reason == "EXPERT_NOT_FOUND"


async def test_a_hold_becomes_a_session(api: Api) -> None:
    await _connected(api)
    await api.availability.HoldTime(_hold())

    await api.sessions.PutSession(_put("session-1", hold_id="hold-1"))

    (checked,) = (await api.availability.CheckTimes(_check())).times
    assert (list(checked.busy_session_ids), list(checked.busy_hold_ids)) == (["session-1"], [])
    used_up = await failure_of(api.sessions.PutSession(_put("session-2", hold_id="hold-1")))
    assert used_up.reason == "HOLD_NOT_FOUND"


async def test_an_expired_hold_becomes_nothing(api: Api) -> None:
    await _connected(api)
    await api.availability.HoldTime(_hold())
    api.world.clock.advance(timedelta(minutes=6))

    failure = await failure_of(api.sessions.PutSession(_put("session-1", hold_id="hold-1")))

    assert failure.reason == "HOLD_NOT_FOUND"


async def test_a_checked_booking_of_a_taken_time_is_refused_and_changes_nothing(api: Api) -> None:
    await _connected(api)
    next(iter(api.world.provider.people.values())).block(an_interval(starts=24))

    failure = await failure_of(api.sessions.PutSession(_put("session-1", conflict_check=REJECT)))

    assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TIME_TAKEN")
    got = session_service_pb2.GetSessionRequest(expert_id=EXPERT, session_id="session-1")
    assert (await failure_of(api.sessions.GetSession(got))).reason == "SESSION_NOT_FOUND"


async def test_an_unchecked_booking_of_a_taken_time_is_accepted(api: Api) -> None:
    await _connected(api)
    next(iter(api.world.provider.people.values())).block(an_interval(starts=24))

    for check in (session_service_pb2.CONFLICT_CHECK_UNSPECIFIED, session_service_pb2.CONFLICT_CHECK_NONE):
        assert (await api.sessions.PutSession(_put("session-1", conflict_check=check))).session.revision == 1


async def test_a_checked_booking_waits_no_longer_than_its_deadline_allows(api: Api, soon_over: float) -> None:
    await _connected(api)
    held = api.world.provider.hold("read_entries")

    booking = _put("session-1", conflict_check=REJECT)
    failure = await failure_of(api.sessions.PutSession(booking, timeout=soon_over))
    held.release()

    assert failure.reason == "AVAILABILITY_UNKNOWN"


async def test_of_ten_checked_bookings_of_one_time_one_is_accepted(api: Api) -> None:
    await _connected(api)

    calls = (
        api.sessions.PutSession(_put(f"session-{number}", conflict_check=REJECT)) for number in range(10)
    )
    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    refused = [one for one in outcomes if isinstance(one, grpc.aio.AioRpcError)]
    assert len(refused) == 9
    assert {one.code() for one in refused} == {grpc.StatusCode.FAILED_PRECONDITION}
    listed = await api.sessions.ListSessions(session_service_pb2.ListSessionsRequest(expert_id=EXPERT))
    assert len(listed.sessions) == 1


async def test_refuses_a_conflict_check_nobody_knows(api: Api) -> None:
    request = _put("session-1")
    request.conflict_check = 99  # type: ignore[assignment]

    assert set((await failure_of(api.sessions.PutSession(request))).fields) == {"conflict_check"}


async def _connected(api: Api) -> None:
    await api.put_expert()
    await api.connect(api.world.provider.add_person())


def _hold(hold_id: str = "hold-1", **fields: Any) -> pb.HoldTimeRequest:
    request = pb.HoldTimeRequest(expert_id=EXPERT, hold_id=hold_id, **fields)
    put_interval(request.interval, an_interval(starts=24))
    return request


def _check() -> pb.CheckTimesRequest:
    request = pb.CheckTimesRequest(expert_id=EXPERT)
    put_interval(request.candidates.add(), an_interval(starts=24))
    return request


def _put(session_id: str, **fields: Any) -> session_service_pb2.PutSessionRequest:
    request = session_request(session_id, starts=24)
    for name, value in fields.items():
        setattr(request, name, value)
    return request


async def test_lists_the_holds_of_one_or_of_all_until_they_end(api: Api) -> None:
    for expert_id in (EXPERT, "other"):
        await api.put_expert(expert_id)
        for number, minutes in enumerate((3, 1, 2)):
            request = _hold(f"{expert_id}-{number}", lifetime=Duration(seconds=60 * minutes))
            request.expert_id = expert_id
            put_interval(request.interval, an_interval(starts=24 + number))
            await api.availability.HoldTime(request)
    listed = [f"{expert_id}-{number}" for number in (1, 2, 0) for expert_id in (EXPERT, "other")]

    assert await _listed(api, pb.ListHoldsRequest(page_size=4)) == listed
    assert await _listed(api, pb.ListHoldsRequest(expert_id="other", page_size=2)) == listed[1::2]
    api.world.clock.advance(timedelta(minutes=2))
    (left,) = (await api.availability.ListHolds(pb.ListHoldsRequest(expert_id=EXPERT))).holds
    assert (left.expert_id, left.hold_id) == (EXPERT, f"{EXPERT}-0")
    assert instant(left.interval.start_time) == an_interval(starts=24).start
    assert instant(left.expire_time) == api.world.clock.now() + timedelta(minutes=1)


async def test_lists_no_holds_of_nobody_nor_from_nowhere(api: Api) -> None:
    nobody = pb.ListHoldsRequest(expert_id="nobody")
    assert (await failure_of(api.availability.ListHolds(nobody))).reason == "EXPERT_NOT_FOUND"
    request = pb.ListHoldsRequest()
    for position in (["2027-03-01T12:00:00+00:00", "e"], ["2027-03-01", "e", "h"], [1, "e", "h"]):
        request.page_token = page_token(request, position)  # type: ignore[arg-type]
        assert (await failure_of(api.availability.ListHolds(request))).reason == "PAGE_TOKEN_INVALID"


async def _listed(api: Api, request: pb.ListHoldsRequest) -> list[str]:
    found: list[str] = []
    while True:
        page = await api.availability.ListHolds(request)
        found += [one.hold_id for one in page.holds]
        request.page_token = page.next_page_token
        if not page.next_page_token:
            return found
