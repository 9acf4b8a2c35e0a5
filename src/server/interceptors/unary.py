"""The common part of interceptors: our own unary methods are wrapped, everything else passes through untouched."""

from __future__ import annotations  # the handlers of the stubs have type parameters, those of grpc none

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias, cast

import grpc
import grpc.aio

Context = grpc.aio.ServicerContext[Any, Any]
Proceed = Callable[[Any, Context], Awaitable[Any]]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

OURS: Final = "/calendarsync."
"""Health and reflection keep to their own protocols' rules."""


class UnaryInterceptor(grpc.aio.ServerInterceptor, ABC):
    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        method: str = handler_call_details.method
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None or not method.startswith(OURS):
            return handler
        return self.wrapped(handler, method)

    def wrapped(self, handler: Handler, method: str) -> Handler:
        proceed = behaviour_of(handler)

        async def behaviour(request: Any, context: Context) -> Any:
            return await self.call(proceed, request, context, method)

        return grpc.unary_unary_rpc_method_handler(
            behaviour,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    @abstractmethod
    async def call(self, proceed: Proceed, request: Any, context: Context, method: str) -> Any:
        """Answer the call, mostly by awaiting `proceed(request, context)`."""


def behaviour_of(handler: Handler) -> Proceed:
    """What a unary handler does; its stubs are those of the synchronous server."""
    return cast("Proceed", handler.unary_unary)


def seconds_left(context: Context) -> float | None:
    """Until the caller's deadline; None, which the stubs forget, when there is none."""
    return cast("float | None", context.time_remaining())
