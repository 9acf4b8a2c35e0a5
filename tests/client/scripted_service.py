"""A service that answers calls as a test says, one answer after the other, and keeps what it was asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from calendarsync.v1.change_service_pb2 import WatchChangesRequest, WatchChangesResponse
from calendarsync.v1.expert_service_pb2 import (
    DeleteExpertRequest,
    DeleteExpertResponse,
    GetExpertRequest,
    GetExpertResponse,
)

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Fails:
    """With this code, reason and time to wait, as the service would say it."""

    code: grpc.StatusCode
    reason: str = ""
    retry_after: timedelta | None = None
    domain: str = "calendars.experts.example"

    async def end(self, context: Context) -> None:
        info = error_details_pb2.ErrorInfo(reason=self.reason, domain=self.domain)
        details: list[Message] = [info] if self.reason else []
        if self.retry_after is not None:
            details.append(error_details_pb2.RetryInfo())
            details[-1].retry_delay.FromTimedelta(self.retry_after)  # type: ignore[attr-defined]
        status = status_pb2.Status(code=code_pb2.Code.Value(self.code.name))
        for detail in details:
            packed = Packed()
            packed.Pack(detail)
            status.details.append(packed)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        await context.abort(self.code, self.reason)


class Stays:
    """Open and silent, until the other side gives up."""


Stream = list[str | Fails | Stays]
"""The cursors that it sends, and how it ends."""


@dataclass(slots=True)
class ScriptedService:
    """`streams` are the elements of each stream, with what ends it; `calls` what each call of an expert fails with."""

    streams: list[Stream] = field(default_factory=list)
    calls: list[Fails] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def watch_changes(
        self, request: WatchChangesRequest, context: Context
    ) -> AsyncIterator[WatchChangesResponse]:
        self.cursors.append(request.cursor)
        for step in self.streams.pop(0):
            if isinstance(step, Fails):
                await step.end(context)
            elif isinstance(step, Stays):
                await asyncio.Event().wait()
            else:
                yield WatchChangesResponse(cursor=step)

    async def get_expert(self, request: GetExpertRequest, context: Context) -> GetExpertResponse:
        await self._answer("GetExpert", context)
        return GetExpertResponse()

    async def delete_expert(self, request: DeleteExpertRequest, context: Context) -> DeleteExpertResponse:
        await self._answer("DeleteExpert", context)
        return DeleteExpertResponse()

    async def _answer(self, method: str, context: Context) -> None:
        self.asked.append(method)
        if self.calls:
            await self.calls.pop(0).end(context)


@asynccontextmanager
async def served(service: ScriptedService) -> AsyncIterator[str]:
    """Its address."""
    server = grpc.aio.server()
    watching = grpc.unary_stream_rpc_method_handler(
        service.watch_changes, WatchChangesRequest.FromString, WatchChangesResponse.SerializeToString
    )
    getting = grpc.unary_unary_rpc_method_handler(
        service.get_expert, GetExpertRequest.FromString, GetExpertResponse.SerializeToString
    )
    deleting = grpc.unary_unary_rpc_method_handler(
        service.delete_expert, DeleteExpertRequest.FromString, DeleteExpertResponse.SerializeToString
    )
    experts: dict[str, grpc.RpcMethodHandler[Any, Any]] = {"GetExpert": getting, "DeleteExpert": deleting}
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler("calendarsync.v1.ChangeService", {"WatchChanges": watching}),
            grpc.method_handlers_generic_handler("calendarsync.v1.ExpertService", experts),
        )
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
