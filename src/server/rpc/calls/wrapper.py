"""Puts the parts around each method of our services, once, when the services are added to the server.

Everything is logged, and every failure is mapped, the deadline's too. One coroutine a call does all of it: interceptors
would make a handler each for each call, and a coroutine in a coroutine. Whatever concerns every call is a line here,
and a part of its own.
"""

from __future__ import annotations  # the handlers of the stubs have type parameters, those of grpc none

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeAlias, cast

import grpc
import grpc.aio

from application.cells.find_moved import FindMoved
from server.metrics.calls import CallMetrics
from server.rpc.answers import serializing_unless_written
from server.rpc.callers.gate import AdmittedCall, AdmittedStream, Gate, require_of_all
from server.rpc.callers.rules import rule_of
from server.rpc.calls import Context
from server.rpc.calls.call_log import LoggedCall
from server.rpc.calls.deadline import time_limit, what_ended
from server.rpc.calls.elsewhere import Meaning, meaning_of_absence
from server.rpc.calls.failures import fail
from server.rpc.calls.headers import read_headers
from server.rpc.calls.open_calls import OpenCalls
from server.rpc.calls.open_streams import OpenStreams
from server.rpc.calls.sending import send_all
from server.rpc.calls.traced import traced
from server.rpc.calls.validation import valid_requests
from server.rpc.errors import ErrorAnswers
from server.traces import Traces

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Stream = Callable[[Any, Context], AsyncGenerator[Any, None]]


class WrappedMethods:
    """Services are added to it as to the server, for which it wraps their methods."""

    def __init__(
        self,
        server: grpc.aio.Server,
        gate: Gate,
        open_calls: OpenCalls,
        open_streams: OpenStreams,
        metrics: CallMetrics,
        find_moved: FindMoved,
        answer_to: ErrorAnswers,
        traces: Traces | None = None,
    ) -> None:
        self._server: Any = server
        self._gate = gate
        self._open_calls = open_calls
        self._open_streams = open_streams
        self._metrics = metrics
        self._traces = traces
        self._find_moved = find_moved
        self._answer_to = answer_to

    def add_generic_rpc_handlers(self, handlers: Sequence[Any]) -> None:
        """Does nothing: they are the same methods once more, not wrapped."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Handler]) -> None:
        wrapped = {name: self._wrapped(f"/{service}/{name}", handler) for name, handler in handlers.items()}
        self._server.add_registered_method_handlers(service, wrapped)

    def _wrapped(self, method: str, handler: Handler) -> Handler:
        if handler.request_streaming:
            raise TypeError(f"{method} takes a stream, which nothing here validates")
        meaning = meaning_of_absence(handler.request_deserializer, self._find_moved)
        # Requests are decoded inside, where a failure has a reason.
        if handler.response_streaming:
            stream = _stream(
                method, handler, self._gate, self._open_streams, self._metrics, meaning, self._answer_to
            )
            traced_stream = traced(method, stream, self._traces)
            return grpc.unary_stream_rpc_method_handler(traced_stream, None, handler.response_serializer)
        answer = _call(method, handler, self._gate, self._open_calls, self._metrics, meaning, self._answer_to)
        call = traced(method, answer, self._traces)
        return grpc.unary_unary_rpc_method_handler(
            call,
            None,
            handler.response_serializer and serializing_unless_written(handler.response_serializer),
        )


def _call(
    method: str,
    handler: Handler,
    gate: Gate,
    open_calls: OpenCalls,
    metrics: CallMetrics,
    meaning: Meaning,
    answer_to: ErrorAnswers,
) -> Callable[..., Any]:
    answer: Any = handler.unary_unary
    rule = rule_of(method)
    valid, meter = valid_requests(handler.request_deserializer), metrics.of_calls(method)

    async def behaviour(raw: bytes, context: Context) -> Any:
        request_id, authorization = read_headers(context)
        with LoggedCall(method, request_id, context, meter) as call:
            limit = time_limit(context)
            try:
                async with limit:
                    with AdmittedCall(gate, call, authorization, context, rule) as admitted, open_calls:
                        request = valid(raw)
                        if rule.of_all is not None:
                            require_of_all(call, rule, request)
                        if rule.by_item:
                            admitted.charge(len(request.requests))
                        return await answer(request, context)
            except grpc.aio.AbortError:
                raise
            except Exception as error:  # noqa: BLE001 - the outermost place, or its text would travel
                await fail(call, context, await meaning(raw, what_ended(limit, error)), answer_to)

    return behaviour


def _stream(
    method: str,
    handler: Handler,
    gate: Gate,
    open_streams: OpenStreams,
    metrics: CallMetrics,
    meaning: Meaning,
    answer_to: ErrorAnswers,
) -> Callable[..., Any]:
    """One coroutine that writes, instead of a generator: whatever ends it, wherever it is, ends all of it at once."""
    messages = cast("Stream", handler.unary_stream)
    rule = rule_of(method)
    valid, meter = valid_requests(handler.request_deserializer), metrics.of_streams(method)
    sent = metrics.of_messages(method)

    async def behaviour(raw: bytes, context: Context) -> None:
        request_id, authorization = read_headers(context)
        with LoggedCall(method, request_id, context, meter) as call:
            try:
                with AdmittedStream(gate, call, authorization, context, rule) as identity:
                    async with open_streams.one_more(identity.credential_id):
                        request = valid(raw)
                        require_of_all(call, rule, request)
                        async with aclosing(messages(request, context)) as stream:
                            await send_all(stream, context, open_streams, sent)
            except grpc.aio.AbortError:
                raise
            except Exception as error:  # noqa: BLE001 - as above
                await fail(call, context, await meaning(raw, error), answer_to)

    return behaviour
