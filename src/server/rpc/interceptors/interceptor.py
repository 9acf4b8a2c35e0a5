"""The common part of interceptors: our own methods are wrapped, everything else passes through untouched."""

from __future__ import annotations  # the handlers of the stubs have type parameters, those of grpc none

import inspect
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, TypeAlias, cast

import grpc
import grpc.aio

from server.rpc.answers import serializing_unless_written

Context = grpc.aio.ServicerContext[Any, Any]
Proceed = Callable[[Any, Context], Awaitable[Any]]
Stream = Callable[[Any, Context], AsyncGenerator[Any, None]]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

OURS: Final = "/calendarsync."
"""Health and reflection keep to their own protocols' rules."""


class Interceptor(grpc.aio.ServerInterceptor, ABC):
    """Calls that are answered by a stream write their messages to the context, and return None."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        method: str = handler_call_details.method
        handler = await continuation(handler_call_details)
        if handler is None or handler.request_streaming or not method.startswith(OURS):
            return handler
        return self.wrapped(handler, method)

    def wrapped(self, handler: Handler, method: str) -> Handler:
        proceed = behaviour_of(handler)
        call = self.stream if handler.response_streaming else self.call

        async def behaviour(request: Any, context: Context) -> Any:
            return await call(proceed, request, context, method)

        return with_behaviour(handler, behaviour, handler.request_deserializer)

    @abstractmethod
    async def call(self, proceed: Proceed, request: Any, context: Context, method: str) -> Any:
        """Answer the call, mostly by awaiting `proceed(request, context)`."""

    async def stream(self, proceed: Proceed, request: Any, context: Context, method: str) -> None:
        """The same for a call that is answered by a stream."""
        await self.call(proceed, request, context, method)


def behaviour_of(handler: Handler) -> Proceed:
    """What a handler does, as a coroutine function; its stubs are those of the synchronous server."""
    if not handler.response_streaming:
        return cast("Proceed", handler.unary_unary)
    if inspect.isasyncgenfunction(handler.unary_stream):
        return _writing(handler.unary_stream)
    return cast("Proceed", handler.unary_stream)


def with_behaviour(handler: Handler, behaviour: Proceed, request_deserializer: Any) -> Handler:
    """A handler of the same kind that does something else."""
    make: Any = (
        grpc.unary_stream_rpc_method_handler
        if handler.response_streaming
        else grpc.unary_unary_rpc_method_handler
    )
    made: Handler = make(
        behaviour,
        request_deserializer=request_deserializer,
        response_serializer=handler.response_serializer
        and serializing_unless_written(handler.response_serializer),
    )
    return made


def seconds_left(context: Context) -> float | None:
    """Until the caller's deadline; None, which the stubs forget, when there is none."""
    return cast("float | None", context.time_remaining())


def _writing(stream: Stream) -> Proceed:
    """One coroutine instead of a generator in a generator for each interceptor: whatever ends it, in whichever place,
    ends all of it at once. Writing waits while the caller reads more slowly than we write."""

    async def behaviour(request: Any, context: Context) -> None:
        async with aclosing(stream(request, context)) as messages:
            async for message in messages:
                await context.write(message)

    return behaviour
