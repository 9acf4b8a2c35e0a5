"""What happens to every call, whatever it is."""

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest

from calendarsync.v1 import account_pb2, account_service_pb2, availability_service_pb2, expert_service_pb2
from calendarsync.v1.expert_service_pb2 import GetExpertRequest
from tests.builders import EXPERT
from tests.server.served import (
    ERROR_DOMAIN,
    REDIRECT_URI,
    Api,
    Failure,
    Logs,
    expert_message,
    failure_of,
    session_request,
)

GET_EXPERT = "/calendarsync.v1.ExpertService/GetExpert"


async def test_a_sane_request_id_comes_back_and_is_in_the_log(api: Api, logs: Logs) -> None:
    call = api.experts.GetExpert(
        GetExpertRequest(expert_id=EXPERT), metadata=(("x-request-id", "abc-1.2_3"),)
    )

    failure = await failure_of(call)

    assert failure.trailing["x-request-id"] == "abc-1.2_3"
    (line,) = await logs.until("call")
    assert line["request_id"] == "abc-1.2_3"


@pytest.mark.parametrize("given", ["", "with space", "x" * 65, "semi;colon"])
async def test_another_request_id_is_made_for_one_that_is_not_sane(api: Api, given: str) -> None:
    failure = await failure_of(
        api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT), metadata=(("x-request-id", given),))
    )

    assert failure.trailing["x-request-id"] != given
    assert len(failure.trailing["x-request-id"]) == 32


async def test_a_successful_call_has_a_request_id_too(api: Api) -> None:
    call = api.experts.PutExpert(expert_service_pb2.PutExpertRequest(expert=expert_message()))
    await call

    assert "x-request-id" in dict(await call.trailing_metadata() or ())


async def test_each_call_is_one_line_without_content(api: Api, logs: Logs) -> None:
    await api.put_expert()
    await failure_of(api.experts.GetExpert(GetExpertRequest(expert_id="nobody-knows-me")))

    ok, failed = await logs.until("call", times=2)
    assert ok["method"] == "/calendarsync.v1.ExpertService/PutExpert"
    assert ok["caller"] == failed["caller"] == "local"
    assert (ok["code"], failed["code"]) == ("OK", "NOT_FOUND")
    assert failed["reason"] == "EXPERT_NOT_FOUND"
    assert "reason" not in ok
    assert ok["ms"] >= 0
    assert "nobody-knows-me" not in logs.text
    assert "maria" not in logs.text.casefold()


async def test_the_log_of_a_whole_story_holds_nothing_private(api: Api, logs: Logs) -> None:
    provider = api.world.provider
    await api.put_expert()
    person = provider.add_person("ann")
    started = await api.start()
    await api.connect(person)
    await api.put_session(title="Secret title", text="Secret text", place="Secret place")
    await failure_of(api.put_session(title="Secret\x00title"))
    provider.outage = True
    await failure_of(api.start())
    await failure_of(api.put_expert(email="not-an-address", time_zone="Secret/Zone"))

    assert len(await logs.until("call", times=8)) == 8
    for private in (
        "ann",
        "maria",
        "secret",
        "experts.example",
        "contoso",
        started.state,
        "code-1",
        "not-an-address",
    ):
        assert private not in logs.text.casefold(), private


async def test_descriptions_of_broken_rules_repeat_no_value(api: Api) -> None:
    request = session_request(title="Visible-title\x07", place="Visible-place" * 40)

    failure = await failure_of(api.sessions.PutSession(request))

    assert len(failure.violations) == 2
    assert "Visible" not in str(failure)


async def test_an_unforeseen_fault_tells_its_log_id_and_nothing_else(api: Api, logs: Logs) -> None:
    await api.put_expert()
    api.world.provider.fail("begin", RuntimeError("password of maria@experts.example"))

    failure = await failure_of(api.start())

    assert failure.code is grpc.StatusCode.INTERNAL
    assert failure.reason == "INTERNAL"
    assert "password" not in str(failure)
    (line,) = logs.of("unexpected fault")
    (_, told) = await logs.until("call", times=2)
    assert [line[key] for key in ("request_id", "method", "reason")] == [
        told[key] for key in ("request_id", "method", "reason")
    ]
    assert line["log_id"] == failure.metadata["log_id"]
    assert line["error"] == "builtins.RuntimeError"
    assert any("start_connection.py" in frame for frame in line["frames"])
    assert "password" not in logs.text


async def test_a_database_that_is_away_is_told_with_a_pause(api: Api) -> None:
    api.world.store.away = True

    failure = await failure_of(api.put_expert())

    assert failure.code is grpc.StatusCode.UNAVAILABLE
    assert failure.reason == "STORE_UNAVAILABLE"


async def test_a_deadline_that_is_too_short_is_told_and_the_work_is_ended(
    api: Api, logs: Logs, soon_over: float
) -> None:
    await api.put_expert()
    api.world.provider.hold("begin")

    failure = await failure_of(
        api.accounts.StartConnection(_start_request(), timeout=soon_over),
    )

    assert failure.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert failure.reason == "DEADLINE_EXCEEDED"
    _, started = await logs.until("call", times=2)  # the answer may be here before its line
    assert started["code"] == "DEADLINE_EXCEEDED"


async def test_a_caller_who_hangs_up_ends_the_work(api: Api, logs: Logs) -> None:
    await api.put_expert()
    held = api.world.provider.hold("begin")
    call = api.accounts.StartConnection(_start_request())
    waiting = asyncio.ensure_future(_outcome(call))
    await held.reached.wait()

    call.cancel()

    assert await waiting is grpc.StatusCode.CANCELLED
    assert (await logs.until("call", times=2))[-1]["code"] == "CANCELLED"


async def test_a_reason_has_the_domain_that_the_operator_chose(api: Api) -> None:
    failure = await failure_of(api.experts.GetExpert(GetExpertRequest(expert_id=EXPERT)))
    assert (failure.reason, failure.domain) == ("EXPERT_NOT_FOUND", ERROR_DOMAIN)


async def test_bytes_that_are_no_message_are_an_invalid_request(api: Api) -> None:
    failure = await _raw(api, GET_EXPERT, b"\x0a\xff\xff\xff\xff")

    assert failure.reason == "INVALID_REQUEST"
    assert failure.fields == {"": "REQUEST_ENCODING"}


async def test_text_that_is_not_unicode_is_an_invalid_request(api: Api) -> None:
    failure = await _raw(api, GET_EXPERT, b"\x0a\x02\xff\xfe")

    assert failure.reason == "INVALID_REQUEST"


async def test_text_with_a_nul_character_is_refused_with_its_field(api: Api) -> None:
    await api.put_expert()
    account = account_service_pb2.GetAccountRequest(expert_id=EXPERT, account_id="a\0b")
    busy = availability_service_pb2.ListBusyTimesRequest(expert_id=EXPERT, exclude_session_ids=["a", "b\0"])

    assert (await failure_of(api.accounts.GetAccount(account))).fields == {"account_id": "STRING_NUL"}
    assert (await failure_of(api.put_session(text="a\0b"))).fields == {"details.text": "STRING_NUL"}
    assert (await failure_of(api.availability.ListBusyTimes(busy))).fields == {
        "exclude_session_ids[1]": "STRING_NUL"
    }


async def test_a_zero_byte_that_is_no_text_is_fine(api: Api) -> None:
    await api.put_expert()
    request = session_request(reminder_minutes=0)
    assert b"\0" in request.SerializeToString()

    assert (await api.sessions.PutSession(request)).session.details.HasField("reminder_minutes")


async def test_a_request_of_a_megabyte_is_refused_with_a_reason(api: Api, logs: Logs) -> None:
    failure = await _raw(api, GET_EXPERT, b"\x0a" + b"\xc0\x84\x3d" + b"x" * 1_000_000)

    assert failure.reason == "INVALID_REQUEST"
    assert failure.fields == {"": "REQUEST_SIZE"}
    assert "xxxx" not in logs.text


async def test_a_request_beyond_the_transports_limit_never_gets_in(api: Api) -> None:
    call: Any = api.channel.unary_unary(GET_EXPERT)

    assert await _outcome(call(b"x" * 2 * 1024 * 1024)) is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_an_unknown_method_is_not_implemented(api: Api) -> None:
    call: Any = api.channel.unary_unary("/calendarsync.v1.ExpertService/Nonsense")

    assert await _outcome(call(b"")) is grpc.StatusCode.UNIMPLEMENTED


def _start_request() -> Any:
    return account_service_pb2.StartConnectionRequest(
        expert_id=EXPERT, provider=account_pb2.PROVIDER_MICROSOFT, redirect_uri=REDIRECT_URI
    )


async def _raw(api: Api, method: str, request: bytes) -> Failure:
    call: Any = api.channel.unary_unary(method)
    return await failure_of(call(request))


async def _outcome(call: Any) -> grpc.StatusCode:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code()
    except asyncio.CancelledError:
        return grpc.StatusCode.CANCELLED
    return grpc.StatusCode.OK
