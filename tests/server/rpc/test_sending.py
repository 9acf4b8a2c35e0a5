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
