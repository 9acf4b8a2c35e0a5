"""The yardstick: handlers on the service's event loop and server settings, with nothing of the service behind them."""

import os
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from calendarsync.v1.availability_service_pb2 import ListBusyTimesRequest, ListBusyTimesResponse
from server.rpc.bounds import Bounds

SERVICE = "calendarsync.bench.Bare"
BUILD = f"/{SERVICE}/Build"
"""Takes a request of ListBusyTimes and answers 200 intervals, built anew for each call."""
PROCESSOR_TIME = f"/{SERVICE}/ProcessorTime"
"""Answers the seconds of processor time the process has used so far, as a big-endian double."""
MEMORY = f"/{SERVICE}/Memory"
"""Answers the bytes of memory the process has resident now, as a big-endian 64-bit integer; on Linux."""

INTERVALS = 200
BASE_SECONDS = 1_800_000_000
Context = grpc.aio.ServicerContext[Any, Any]


async def build(request: ListBusyTimesRequest, context: Context) -> ListBusyTimesResponse:
    """The least a Python handler does for an answer of that size: `add()`, and one assignment an instant."""
    response = ListBusyTimesResponse(complete=True)
    add = response.busy_times.add
    for start in range(BASE_SECONDS, BASE_SECONDS + INTERVALS * 7200, 7200):
        interval = add()
        interval.start_time.seconds = start
        interval.end_time.seconds = start + 1800
    return response


async def processor_time(request: bytes, context: Context) -> bytes:
    return struct.pack(">d", time.process_time())


async def memory(request: bytes, context: Context) -> bytes:
    return struct.pack(">q", _resident_pages() * os.sysconf("SC_PAGE_SIZE"))


def _resident_pages() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1])


@asynccontextmanager
async def bare_server() -> AsyncIterator[int]:
    """Serves on a free port of this machine, which it gives."""
    server = grpc.aio.server(options=Bounds().options(None))
    server.add_generic_rpc_handlers((_handlers(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield port
    finally:
        await server.stop(0)


def _handlers() -> grpc.GenericRpcHandler:
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "Build": grpc.unary_unary_rpc_method_handler(
                build,
                request_deserializer=ListBusyTimesRequest.FromString,
                response_serializer=ListBusyTimesResponse.SerializeToString,
            ),
            "ProcessorTime": grpc.unary_unary_rpc_method_handler(processor_time),
            "Memory": grpc.unary_unary_rpc_method_handler(memory),
        },
    )
