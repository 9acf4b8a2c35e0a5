"""Streams that end while something of theirs is on its way."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.empty_pb2 import Empty
from prometheus_client import CollectorRegistry

from application.cells.find_moved import FindMoved
from calendarsync.v1.change_service_pb2 import WatchChangesRequest
from server.metrics.calls import CallMetrics
from server.rpc.callers.gate import Gate
from server.rpc.callers.identification import Unidentified
from server.rpc.calls.open_calls import OpenCalls
from server.rpc.calls.open_streams import OpenStreams
from server.rpc.calls.sending import send_all
from server.rpc.calls.wrapper import WrappedMethods
from tests.fakes.store import FakeStore
from tests.server.served import ERROR_DOMAIN, answer_to, failure_of


@pytest.mark.parametrize("sent_before", [0, 1, 5])
async def test_a_stream_that_is_ended_while_it_sends_says_why(sent_before: int) -> None:
    streams = OpenStreams()

    async def messages(request: WatchChangesRequest, context: Any) -> AsyncIterator[Empty]:
        for _ in range(sent_before):
            yield Empty()
        asyncio.get_running_loop().call_soon(streams.end)
        yield Empty()
        await asyncio.Event().wait()

    server = grpc.aio.server()
    handler: Any = grpc.unary_stream_rpc_method_handler(
        messages, WatchChangesRequest.FromString, Empty.SerializeToString
    )
    WrappedMethods(
        server,
        Gate(Unidentified()),
        OpenCalls(),
        streams,
        CallMetrics(CollectorRegistry()),
        FindMoved(store=FakeStore()),
        answer_to,
    ).add_registered_method_handlers("calendarsync.v1.ChangeService", {"WatchChanges": handler})
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel, asyncio.timeout(10):
            watch: Any = channel.unary_stream("/calendarsync.v1.ChangeService/WatchChanges")
            failure = await failure_of(_to_the_end(watch(b"")))
    finally:
        await server.stop(None)

    assert (failure.code, failure.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVICE_STOPPING")
    assert failure.domain == ERROR_DOMAIN


async def _to_the_end(call: Any) -> None:
    async for _ in call:
        pass


class Gone:
    """The context of a call that ends while its headers, or its first message, are on their way."""

    def __init__(self, *, takes_headers: bool) -> None:
        self._takes_headers = takes_headers
        self.sending = asyncio.Event()
        self.over = asyncio.Event()

    async def send_initial_metadata(self, _: object) -> None:
        if not self._takes_headers:
            await self._fail()

    async def write(self, _: object) -> None:
        await self._fail()

    async def _fail(self) -> None:
        self.sending.set()
        await self.over.wait()
        raise grpc.aio.InternalError("Failed grpc_call_start_batch")


@pytest.mark.parametrize("cancelled_first", [True, False])
@pytest.mark.parametrize("takes_headers", [True, False])
async def test_a_caller_who_is_gone_while_something_is_sent_is_no_fault(
    takes_headers: bool, cancelled_first: bool
) -> None:
    async def messages() -> AsyncIterator[Empty]:
        yield Empty()

    gone: Any = Gone(takes_headers=takes_headers)
    sending = asyncio.create_task(send_all(messages(), gone, OpenStreams(), lambda: None))
    await gone.sending.wait()
    if cancelled_first:
        sending.cancel()
    gone.over.set()

    with pytest.raises(asyncio.CancelledError):
        await sending
