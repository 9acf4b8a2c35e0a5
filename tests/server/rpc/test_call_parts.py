"""The parts around each call, each by itself, and how they are put around methods."""

import asyncio
from collections.abc import Sequence
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf import descriptor_pool
from google.protobuf.empty_pb2 import Empty
from prometheus_client import CollectorRegistry

from application.cells.find_moved import FindMoved
from domain.expert import ExpertNotFound
from server.current_call import CurrentCall
from server.metrics.calls import CallMetrics
from server.rpc.callers.gate import Gate
from server.rpc.callers.identification import Unidentified
from server.rpc.callers.rules import RULES, MethodWithoutRule
from server.rpc.calls import wrapper
from server.rpc.calls.deadline import LONGEST_MARGIN_SECONDS, time_limit, what_ended
from server.rpc.calls.failures import STATUS_DETAILS, fail
from server.rpc.calls.headers import REQUEST_ID, read_headers
from server.rpc.calls.open_calls import OpenCalls
from server.rpc.calls.open_streams import OpenStreams
from server.rpc.calls.wrapper import WrappedMethods
from server.rpc.faults import DeadlineExceeded
from server.rpc.server import SERVICES
from tests.fakes.store import FakeStore
from tests.server.served import Logs, World, answer_to

METHOD = "/x.Y/Z"
Pairs = Sequence[tuple[str, str | bytes]]


class FakeContext:
    """What the parts need of a call's context."""

    def __init__(self, *, metadata: Pairs = (), remaining: float | None = None, ended: bool = False) -> None:
        self.metadata = metadata
        self.remaining = remaining
        self.ended = ended
        self.trailing: Pairs = ()
        self.aborted: tuple[grpc.StatusCode, str] | None = None

    def invocation_metadata(self) -> Pairs:
        return self.metadata

    def set_trailing_metadata(self, pairs: Pairs) -> None:
        self.trailing = pairs

    def trailing_metadata(self) -> Pairs:
        return self.trailing

    def time_remaining(self) -> float | None:
        return self.remaining

    def code(self) -> grpc.StatusCode | None:
        return self.aborted[0] if self.aborted else None

    async def abort(self, code: grpc.StatusCode, text: str, trailing: Pairs) -> None:
        if self.ended:
            raise grpc.aio.InternalError("the call is over")
        self.aborted, self.trailing = (code, text), trailing
        raise grpc.aio.AbortError


def a_context(**how: Any) -> Any:
    return FakeContext(**how)


class Registered:
    """Takes methods, as the server does."""

    def __init__(self) -> None:
        self.methods: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
        raise AssertionError("methods that are not wrapped")

    def add_registered_method_handlers(self, service: str, handlers: dict[str, Any]) -> None:
        self.methods |= {f"{service}/{name}": handler for name, handler in handlers.items()}


def wrapping(registered: Registered) -> WrappedMethods:
    server: Any = registered
    metrics, find_moved = CallMetrics(CollectorRegistry()), FindMoved(store=FakeStore())
    return WrappedMethods(
        server, Gate(Unidentified()), OpenCalls(), OpenStreams(), metrics, find_moved, answer_to
    )


def test_the_first_sane_request_id_goes_back() -> None:
    context = a_context(
        metadata=[(REQUEST_ID, "not sane"), ("other", "a"), (REQUEST_ID, "b"), (REQUEST_ID, "c")]
    )

    assert read_headers(context).request_id == "b"
    assert context.trailing == ((REQUEST_ID, "b"),)


def test_request_ids_that_are_made_differ() -> None:
    assert read_headers(a_context()).request_id != read_headers(a_context()).request_id


async def test_the_time_limit_leaves_a_margin_of_the_callers_deadline() -> None:
    now = asyncio.get_running_loop().time()

    long, short = time_limit(a_context(remaining=60.0)).when(), time_limit(a_context(remaining=0.5)).when()

    assert long == pytest.approx(now + 60 - LONGEST_MARGIN_SECONDS, abs=0.05)
    assert short == pytest.approx(now + 0.45, abs=0.05)
    assert time_limit(a_context()).when() is None


async def test_only_the_limits_own_end_is_a_deadline_exceeded() -> None:
    async def ended_by(remaining: float | None, work: Any) -> Exception:
        limit = time_limit(a_context(remaining=remaining))
        try:
            async with limit:
                await work()
        except Exception as error:  # noqa: BLE001 - whatever it is
            return what_ended(limit, error)
        raise AssertionError("it did not end by an error")

    async def times_out_by_itself() -> None:
        raise TimeoutError

    assert isinstance(await ended_by(0.0, asyncio.Event().wait), DeadlineExceeded)
    assert isinstance(await ended_by(60.0, times_out_by_itself), TimeoutError)
    assert isinstance(await ended_by(None, times_out_by_itself), TimeoutError)


async def test_a_failure_adds_its_details_to_what_goes_back_anyway() -> None:
    context = a_context(metadata=[(REQUEST_ID, "mine")])
    call = CurrentCall(read_headers(context).request_id, METHOD)

    with pytest.raises(grpc.aio.AbortError):
        await fail(call, context, ExpertNotFound(), answer_to)

    assert call.reason == "EXPERT_NOT_FOUND"
    assert context.aborted is not None
    assert context.aborted[0] is grpc.StatusCode.NOT_FOUND
    assert [key for key, _ in context.trailing] == [REQUEST_ID, STATUS_DETAILS]


async def test_a_failure_of_a_call_that_is_over_ends_as_cancelled() -> None:
    with pytest.raises(asyncio.CancelledError):
        await fail(CurrentCall("an-id", METHOD), a_context(ended=True), ExpertNotFound(), answer_to)


async def test_calls_count_until_the_last_is_answered() -> None:
    calls = OpenCalls()
    await calls.all_answered()

    with calls:
        with calls:
            waiting = asyncio.create_task(calls.all_answered())
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


def test_every_method_of_every_service_is_wrapped(world: World) -> None:
    registered = Registered()

    world.container.servicers().add_to(wrapping(registered))

    declared = {f"{service}/{method}" for service in SERVICES for method in _methods_of(service)}
    assert set(registered.methods) == declared
    for method, handler in registered.methods.items():
        behaviour = handler.unary_stream or handler.unary_unary
        assert behaviour.__module__ == wrapper.__name__, method


def test_a_method_that_nobody_has_ruled_on_is_not_served() -> None:
    handler: Any = grpc.unary_unary_rpc_method_handler(print, Empty.FromString)

    with pytest.raises(MethodWithoutRule, match=r"ExpertService/CloneExpert"):
        wrapping(Registered()).add_registered_method_handlers(
            "calendarsync.v1.ExpertService", {"CloneExpert": handler}
        )


def test_there_is_a_rule_for_each_method_of_the_contract() -> None:
    ruled = {f"calendarsync.v1.{service}": set(rules) for service, rules in RULES.items()}

    assert set(ruled) == set(SERVICES)
    for service in SERVICES:
        assert set(_methods_of(service)) <= ruled[service], service


def test_a_method_that_takes_a_stream_is_refused() -> None:
    handler: Any = grpc.stream_unary_rpc_method_handler(print)

    with pytest.raises(TypeError, match=r"x\.Y/Z"):
        wrapping(Registered()).add_registered_method_handlers("x.Y", {"Z": handler})


async def test_an_end_that_nobody_foresaw_is_not_logged_as_a_success(logs: Logs) -> None:
    async def answer(request: Empty, context: Any) -> Empty:
        raise KeyboardInterrupt

    registered = Registered()
    handler: Any = grpc.unary_unary_rpc_method_handler(answer, Empty.FromString)
    service = "calendarsync.v1.ExpertService"
    wrapping(registered).add_registered_method_handlers(service, {"GetExpert": handler})

    with pytest.raises(KeyboardInterrupt):
        await registered.methods[f"{service}/GetExpert"].unary_unary(b"", a_context())

    assert [line["code"] for line in logs.of("call")] == ["UNKNOWN"]


def _methods_of(service: str) -> list[str]:
    return [method.name for method in descriptor_pool.Default().FindServiceByName(service).methods]
