"""Bookings that only a known conflict refuses, for experts of whose accounts one is lost."""

import asyncio
from typing import Any

import grpc
import pytest

from calendarsync.v1 import availability_pb2
from calendarsync.v1 import session_service_pb2 as pb
from domain.access import ProviderUnavailable
from domain.ids import AccountId
from tests.builders import EXPERT, an_interval
from tests.fakes.provider import Person
from tests.server.served import Api, failure_of, session_request

REJECT, REJECT_KNOWN = pb.CONFLICT_CHECK_REJECT, pb.CONFLICT_CHECK_REJECT_KNOWN


def _request(
    session_id: str = "s",
    *,
    starts: float = 24,
    check: pb.ConflictCheck.ValueType = REJECT_KNOWN,
    **wish: Any,
) -> pb.PutSessionRequest:
    request = session_request(session_id, starts=starts)
    request.conflict_check = check
    for name, value in wish.items():
        setattr(request, name, value)
    return request


async def _one_lost(api: Api) -> tuple[Person, str]:
    """An expert with two accounts: the person behind the one that works, and the id of the lost one."""
    await api.put_expert()
    works = api.world.provider.add_person("works")
    await api.connect(works)
    lost = (await api.connect(api.world.provider.add_person("lost"))).account.account_id
    await api.lose_access(lost)
    return works, lost


async def test_what_cannot_be_read_is_no_reason_to_refuse_and_named(api: Api) -> None:
    _, lost = await _one_lost(api)
    assert (
        await failure_of(api.sessions.PutSession(_request(check=REJECT)))
    ).reason == "CALENDARS_UNREADABLE"

    put = await api.sessions.PutSession(_request())

    assert put.session.revision == 1
    assert not put.conflict_evidence.complete
    read, unread = put.conflict_evidence.calendars
    assert read.HasField("read_time")
    assert (unread.account_id, unread.unread_reason) == (
        lost,
        availability_pb2.UNREAD_REASON_RECONNECT_REQUIRED,
    )


async def test_what_is_known_to_be_taken_is_refused(api: Api) -> None:
    works, _ = await _one_lost(api)
    works.block(an_interval(starts=24))
    await api.put_session("booked", starts=30)

    for starts in (24.5, 29.5):
        failure = await failure_of(api.sessions.PutSession(_request(starts=starts)))
        assert (failure.code, failure.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "TIME_TAKEN")
    assert len(api.world.store.tables.sessions) == 1


async def test_of_ten_of_one_time_one_is_accepted(api: Api) -> None:
    await _one_lost(api)

    calls = (api.sessions.PutSession(_request(f"s{number}")) for number in range(10))
    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    assert sum(isinstance(one, pb.PutSessionResponse) for one in outcomes) == 1
    assert len(api.world.store.tables.sessions) == len(api.world.store.tables.reserved) == 1
    checked = await failure_of(api.sessions.PutSession(_request("later", starts=24.5)))
    assert checked.reason == "TIME_TAKEN"


async def test_an_outage_is_no_reason_to_refuse_either(api: Api) -> None:
    await api.put_expert()
    await api.connect(api.world.provider.add_person())
    api.world.provider.fail("read_entries", ProviderUnavailable())

    put = await api.sessions.PutSession(_request())

    (unread,) = put.conflict_evidence.calendars
    assert unread.unread_reason == availability_pb2.UNREAD_REASON_PROVIDER_UNAVAILABLE


@pytest.mark.parametrize("check", [REJECT, REJECT_KNOWN])
async def test_a_check_that_read_everything_says_so_and_its_repeat_says_nothing(
    api: Api, check: pb.ConflictCheck.ValueType
) -> None:
    await api.put_expert()
    await api.connect(api.world.provider.add_person())

    put = await api.sessions.PutSession(_request(check=check))
    again = await api.sessions.PutSession(_request(check=check))

    assert put.conflict_evidence.complete
    assert len(put.conflict_evidence.calendars) == 1
    assert again.session == put.session
    assert not again.HasField("conflict_evidence")


async def test_a_session_that_nobody_checks_has_no_evidence(api: Api) -> None:
    await api.put_expert()

    put = await api.sessions.PutSession(_request(check=pb.CONFLICT_CHECK_NONE))

    assert not put.HasField("conflict_evidence")


async def test_what_was_last_read_of_a_lost_calendar_counts(api: Api) -> None:
    await api.put_expert()
    person = api.world.provider.add_person()
    account_id = AccountId((await api.connect(person)).account.account_id)
    person.block(an_interval(starts=24))
    (calendar,) = [
        one.calendar_id for one in api.world.store.tables.calendars.values() if one.account_id == account_id
    ]
    await api.world.container.read_calendar()(calendar)
    await api.lose_access(account_id)

    failure = await failure_of(api.sessions.PutSession(_request()))
    put = await api.sessions.PutSession(_request(starts=30))

    assert (failure.reason, failure.metadata["busy_calendar_ids"]) == ("TIME_TAKEN", calendar)
    assert not put.conflict_evidence.complete
    assert put.session.expert_id == EXPERT
