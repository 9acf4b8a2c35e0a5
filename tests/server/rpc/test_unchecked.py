"""Experts without a calendar to check, over a real channel: answers are complete, and say that nobody looked."""

from collections.abc import Awaitable, Callable

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.interval_pb2 import Interval as IntervalMessage

from calendarsync.v1 import availability_pb2, calendar_pb2
from calendarsync.v1 import availability_service_pb2 as pb
from calendarsync.v1 import session_service_pb2 as sessions
from calendarsync.v1.account_service_pb2 import DisconnectAccountRequest
from calendarsync.v1.calendar_service_pb2 import UpdateCalendarSettingsRequest
from domain.interval import Interval
from server.rpc.mapping.times import put_interval
from tests.builders import EXPERT, an_interval
from tests.server.served import Api, failure_of, session_request

CHECKED = availability_pb2.UNCHECKED_REASON_UNSPECIFIED
NO_ACCOUNT = availability_pb2.UNCHECKED_REASON_NO_ACCOUNT
NO_CALENDAR_CHOSEN = availability_pb2.UNCHECKED_REASON_NO_CALENDAR_CHOSEN
Reason = availability_pb2.UncheckedReason.ValueType
WINDOW, SLOT = an_interval(starts=20, hours=8), an_interval(starts=24)


def _message(interval: Interval) -> IntervalMessage:
    message = IntervalMessage()
    put_interval(message, interval)
    return message


async def _listed(api: Api) -> tuple[bool, int]:
    listed = await api.availability.ListBusyTimes(
        pb.ListBusyTimesRequest(expert_id=EXPERT, window=_message(WINDOW))
    )
    return listed.complete, listed.unchecked_reason


async def _listed_long(api: Api) -> tuple[bool, int]:
    """Beyond what readings are kept for, which takes another way."""
    window = _message(Interval(WINDOW.start, an_interval(starts=24 * 300).start))
    listed = await api.availability.ListBusyTimes(pb.ListBusyTimesRequest(expert_id=EXPERT, window=window))
    return listed.complete, listed.unchecked_reason


async def _listed_of_many(api: Api) -> tuple[bool, int]:
    (one,) = (
        await api.availability.BatchListBusyTimes(
            pb.BatchListBusyTimesRequest(expert_ids=[EXPERT], window=_message(WINDOW))
        )
    ).experts
    return one.busy_times.complete, one.busy_times.unchecked_reason


async def _checked(api: Api) -> tuple[bool, int]:
    checked = await api.availability.CheckTimes(
        pb.CheckTimesRequest(expert_id=EXPERT, candidates=[_message(SLOT)])
    )
    assert [one.verdict for one in checked.times] == [pb.TIME_VERDICT_FREE]
    return checked.complete, checked.unchecked_reason


async def _found(api: Api, needed: pb.ExpertsNeeded.ValueType) -> tuple[bool, int]:
    request = pb.FindTimesRequest(
        expert_ids=[EXPERT], window=_message(WINDOW), experts_needed=needed, duration=Duration(seconds=3600)
    )
    found = await api.availability.FindTimes(request)
    assert found.times
    (one,) = found.experts
    return one.complete, one.unchecked_reason


async def _found_of_all(api: Api) -> tuple[bool, int]:
    return await _found(api, pb.EXPERTS_NEEDED_ALL)


async def _found_of_any(api: Api) -> tuple[bool, int]:
    return await _found(api, pb.EXPERTS_NEEDED_ANY)


async def _held(api: Api) -> tuple[bool, int]:
    held = await api.availability.HoldTime(
        pb.HoldTimeRequest(expert_id=EXPERT, hold_id="hold", interval=_message(SLOT))
    )
    await api.availability.ReleaseHold(pb.ReleaseHoldRequest(expert_id=EXPERT, hold_id="hold"))
    return True, held.unchecked_reason


async def _booked(api: Api) -> tuple[bool, int]:
    request = session_request("checked", starts=50)
    request.conflict_check = sessions.CONFLICT_CHECK_REJECT
    evidence = (await api.sessions.PutSession(request)).conflict_evidence
    await api.sessions.CancelSession(sessions.CancelSessionRequest(expert_id=EXPERT, session_id="checked"))
    return evidence.complete, evidence.unchecked_reason


@pytest.mark.parametrize(
    "answer",
    [
        _listed,
        _listed_long,
        _listed_of_many,
        _checked,
        _found_of_all,
        _found_of_any,
        _held,
        _booked,
    ],
)
async def test_what_nobody_looked_at_is_free_and_complete_and_told_apart(
    api: Api, answer: Callable[[Api], Awaitable[tuple[bool, int]]]
) -> None:
    await api.put_expert()
    assert await answer(api) == (True, NO_ACCOUNT)

    account_id = (await api.connect(api.world.provider.add_person())).account.account_id
    assert await answer(api) == (True, CHECKED)

    mask = FieldMask(paths=["conflict_calendar_ids"])
    nothing = calendar_pb2.CalendarSettings(expert_id=EXPERT)
    await api.calendars.UpdateCalendarSettings(
        UpdateCalendarSettingsRequest(settings=nothing, update_mask=mask)
    )
    assert await answer(api) == (True, NO_CALENDAR_CHOSEN)

    await api.accounts.DisconnectAccount(DisconnectAccountRequest(expert_id=EXPERT, account_id=account_id))
    assert await answer(api) == (True, NO_ACCOUNT)


async def test_sessions_and_holds_count_all_the_same(api: Api) -> None:
    await api.put_expert()
    await api.put_session("session", starts=24)
    hold = pb.HoldTimeRequest(expert_id=EXPERT, hold_id="hold", interval=_message(an_interval(starts=26)))
    await api.availability.HoldTime(hold)

    listed = await api.availability.ListBusyTimes(
        pb.ListBusyTimesRequest(expert_id=EXPERT, window=_message(WINDOW))
    )
    taken = session_request("another", starts=26)
    taken.conflict_check = sessions.CONFLICT_CHECK_REJECT

    assert list(listed.busy_times) == [_message(an_interval(starts=starts)) for starts in (24, 26)]
    assert listed.unchecked_reason == NO_ACCOUNT
    assert (await failure_of(api.sessions.PutSession(taken))).reason == "TIME_TAKEN"


async def test_a_calendar_that_cannot_be_read_is_one_that_is_checked(api: Api) -> None:
    await api.put_expert()
    account_id = (await api.connect(api.world.provider.add_person())).account.account_id
    await api.lose_access(account_id)

    assert await _listed(api) == (False, CHECKED)
