"""Batches of experts and of sessions: each request has its own result, over a real channel."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status

from calendarsync.v1 import expert_service_pb2 as experts
from calendarsync.v1 import session_service_pb2 as pb
from calendarsync.v1.session_pb2 import VISIBILITY_PRIVATE
from domain.cell import MovedExpert
from domain.ids import ExpertId, SessionId
from server.rpc.callers.limits import CallerLimits
from server.rpc.servicers.batches import Kind
from tests.builders import EXPERT, HOLD, NOW
from tests.server.served import ERROR_DOMAIN, Api, Logs, World, expert_message, failure_of, session_request
from tests.support.callers import api_on, guarded

REJECT = pb.CONFLICT_CHECK_REJECT


def _session(session_id: str = "s", *, expert_id: str = EXPERT, **wish: Any) -> pb.PutSessionRequest:
    request = session_request(session_id, starts=wish.pop("starts", 24), etag=wish.pop("etag", ""))
    request.expert_id = expert_id
    for name, value in wish.items():
        setattr(request, name, value)
    return request


async def _put(api: Api, *requests: pb.PutSessionRequest) -> list[pb.PutSessionResult]:
    return list((await api.sessions.BatchPutSessions(pb.BatchPutSessionsRequest(requests=requests))).results)


async def _put_experts(api: Api, *expert_ids: str, **changes: Any) -> list[experts.PutExpertResult]:
    requests = [experts.PutExpertRequest(expert=expert_message(one, **changes)) for one in expert_ids]
    answer = await api.experts.BatchPutExperts(experts.BatchPutExpertsRequest(requests=requests))
    return list(answer.results)


def _reason(error: Status) -> str:
    """The reason that a result has, or "" where it has none."""
    info = error_details_pb2.ErrorInfo()
    if not any(one.Unpack(info) for one in error.details):
        return ""
    assert info.domain == ERROR_DOMAIN
    return info.reason


def _reasons(results: list[Any]) -> list[str]:
    return [_reason(one.error) for one in results]


async def test_experts_are_put_each_with_its_own_result_in_order(api: Api) -> None:
    known = await api.put_expert("b")

    results = await _put_experts(api, "c", "b", "with space", "a")

    assert [one.expert.expert_id for one in results] == ["c", "b", "", "a"]
    assert _reasons(results) == ["", "", "INVALID_REQUEST", ""]
    assert results[1].expert == known
    assert sorted(api.world.store.tables.experts) == ["a", "b", "c"]


async def test_what_is_wrong_with_one_is_said_as_of_itself(api: Api) -> None:
    results = await _put_experts(api, "a", "nul\0", time_zone="Europe/Berlin")
    atlantis = await _put_experts(api, "a", time_zone="Europe/Atlantis")

    broken = error_details_pb2.BadRequest()
    assert any(one.Unpack(broken) for one in results[1].error.details)
    assert {one.field for one in broken.field_violations} == {"expert.expert_id"}
    assert results[0].HasField("expert")
    assert _reasons(atlantis) == ["TIME_ZONE_UNKNOWN"]


async def test_the_later_of_two_about_the_same_is_refused_whatever_became_of_the_first(api: Api) -> None:
    await api.put_expert()
    await api.put_expert("other")

    results = await _put(
        api,
        _session(starts=1),
        _session(starts=2),
        _session(expert_id="other"),
        _session("t", etag="r7"),
        _session("t"),
        _session(""),
        _session(""),
    )

    assert _reasons(results) == [
        "",
        "REPEATED_IN_BATCH",
        "",
        "SESSION_NOT_FOUND",
        "REPEATED_IN_BATCH",
        "INVALID_REQUEST",
        "INVALID_REQUEST",
    ]
    assert results[1].error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert results[0].accepted.session.interval == _session(starts=1).interval
    assert len(api.world.store.tables.sessions) == 2


async def test_sessions_follow_the_rules_of_putting_one(api: Api) -> None:
    await api.put_expert()
    await api.connect(api.world.provider.add_person())
    await api.put_session("known")
    requests = [
        _session("known"),
        _session("first", starts=30, conflict_check=REJECT),
        _session("second", starts=30.5, conflict_check=REJECT),
        _session("third", starts=33, hold_id=HOLD),
        _session("nobody's", expert_id="nobody"),
        _session("plain", starts=30),
    ]

    results = await _put(api, *requests)

    assert _reasons(results) == ["", "TIME_TAKEN", "TIME_TAKEN", "HOLD_NOT_FOUND", "EXPERT_NOT_FOUND", ""]
    assert results[0].accepted.session.revision == 1
    again = await _put(api, *requests)
    assert [one.accepted.session.revision for one in again] == [1, 0, 0, 0, 0, 1]


async def test_a_session_of_a_batch_keeps_how_it_looks_where_that_is_not_given(api: Api) -> None:
    await api.put_expert()
    private, plain = _session("private"), _session("plain")
    private.details.visibility = VISIBILITY_PRIVATE
    first = await _put(api, private, plain)
    private.details.ClearField("visibility")
    again = await _put(api, private, plain)

    assert again == first
    assert [one.accepted.session.details.HasField("visibility") for one in again] == [True, False]


async def test_of_those_that_are_checked_the_earlier_gets_the_time(api: Api) -> None:
    await api.put_expert()
    await api.connect(api.world.provider.add_person())

    results = await _put(api, *(_session(f"s{number}", conflict_check=REJECT) for number in range(5)))

    assert _reasons(results) == ["", *["TIME_TAKEN"] * 4]


async def test_a_hundred_at_once_are_put(api: Api) -> None:
    await api.put_expert()

    results = await _put(api, *(_session(f"s{number}", starts=number) for number in range(100)))

    assert [one.accepted.session.session_id for one in results] == [f"s{number}" for number in range(100)]
    assert len(api.world.store.tables.sessions) == 100


@pytest.mark.parametrize("number", [0, 101])
async def test_a_batch_of_none_or_too_many_is_refused(api: Api, number: int) -> None:
    request = pb.BatchPutSessionsRequest(requests=[_session(f"s{one}") for one in range(number)])

    failure = await failure_of(api.sessions.BatchPutSessions(request))

    assert failure.reason == "INVALID_REQUEST"
    assert list(failure.fields) == ["requests"]


async def test_each_is_told_where_its_expert_lives(api: Api) -> None:
    for one in (EXPERT, "moves"):
        await api.put_expert(one)
    who, tables = ExpertId("moves"), api.world.store.tables
    tables.drop_expert(who)
    tables.moved[who] = MovedExpert(expert_id=who, cell="west", moved_at=NOW, arrived=True)

    results = await _put(api, _session(), _session(expert_id="moves"))

    assert _reasons(results) == ["", "EXPERT_MOVED"]
    assert _reasons(await _put_experts(api, EXPERT, "moves")) == ["", "EXPERT_MOVED"]


async def test_a_fault_of_ours_is_that_of_one_and_in_the_log(api: Api, logs: Logs) -> None:
    await api.put_expert()
    await api.put_session("broken")
    api.world.store.tables.sessions[ExpertId(EXPERT), SessionId("broken")] = None  # type: ignore[assignment]

    results = await _put(api, _session(), _session("broken"))

    assert _reasons(results) == ["", "INTERNAL"]
    (line,) = logs.of("unexpected fault")
    assert line["method"].endswith("BatchPutSessions")


async def test_a_batch_counts_as_so_many_calls(world: World, tmp_path: Path) -> None:
    limits = CallerLimits(calls_per_second=20)
    async with (
        guarded(world, tmp_path, limits=limits) as door,
        door.channel(await door.token("booking")) as channel,
    ):
        api = api_on(world, channel)
        assert not any(_reasons(await _put_experts(api, *(f"e{number}" for number in range(100)))))
        refused = await failure_of(api.put_expert())

    assert (refused.reason, refused.metadata["limit"]) == ("CALLER_LIMIT_REACHED", "calls_per_second")
    assert 2 < refused.detail(error_details_pb2.RetryInfo).retry_delay.ToTimedelta().total_seconds() <= 3


async def test_each_has_its_result_before_the_deadline_though_a_provider_never_answers(api: Api) -> None:
    """However many look at the calendar that hangs: none of them takes the time in which all of it is answered."""
    await api.put_expert()
    await api.put_expert("healthy")
    person = api.world.provider.add_person()
    await api.connect(person)
    await api.connect(api.world.provider.add_person("well"), expert_id="healthy")
    api.world.provider.hanging[f"{person.object_id}/Calendar"] = asyncio.Event()
    requests = [
        *(_session(f"h{number}", starts=number, conflict_check=REJECT) for number in range(4)),
        _session("known", starts=9, conflict_check=pb.CONFLICT_CHECK_REJECT_KNOWN),
        _session("plain"),
        _session(expert_id="healthy", conflict_check=REJECT),
    ]

    answer = await api.sessions.BatchPutSessions(pb.BatchPutSessionsRequest(requests=requests), timeout=1)

    assert _reasons(list(answer.results)) == [*["AVAILABILITY_UNKNOWN"] * 5, "", ""]


async def test_what_is_not_done_when_the_time_is_over_fails_by_itself(api: Api) -> None:
    async def put(one: pb.PutSessionRequest) -> str:
        if one.session_id == "stuck":
            await asyncio.Event().wait()
        return one.session_id

    kind = Kind(
        ids=lambda one: (one.expert_id, one.session_id), put=put, failed=_reason, in_order=lambda _: True
    )
    requests = [
        _session(one, expert_id=who) for one, who in [("a", "x"), ("stuck", "x"), ("b", "x"), ("c", "y")]
    ]
    until = asyncio.get_running_loop().time() + 0.05

    results = await api.world.container.batches()(kind, requests, until=until)

    assert results == ["a", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "c"]


async def test_a_batch_that_waits_for_the_database_still_says_what_became_of_each(api: Api) -> None:
    await api.put_expert()
    sessions = pb.BatchPutSessionsRequest(requests=[_session(), _session("with space")])
    persons = experts.BatchPutExpertsRequest(requests=[experts.PutExpertRequest(expert=expert_message("a"))])

    async with api.world.store.transaction():
        put = await api.sessions.BatchPutSessions(sessions, timeout=0.5)
        added = await api.experts.BatchPutExperts(persons, timeout=0.5)

    assert _reasons(list(put.results)) == ["DEADLINE_EXCEEDED", "INVALID_REQUEST"]
    assert _reasons(list(added.results)) == ["DEADLINE_EXCEEDED"]
