"""Puts calls into the traces, where there are any."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, cast

from server.current_call import current_trace
from server.rpc.calls import Context
from server.rpc.calls.call_log import outcome
from server.traces import Traces

Behaviour = Callable[[bytes, Context], Awaitable[Any]]


def _carried(context: Context) -> Iterable[tuple[str, str | bytes]]:
    return cast("Iterable[tuple[str, str | bytes]]", context.invocation_metadata() or ())


def traced(method: str, behaviour: Behaviour, traces: Traces | None) -> Behaviour:
    """The very same behaviour where there are none: then a call costs nothing more."""
    if traces is None:
        return behaviour

    async def in_a_trace(raw: bytes, context: Context) -> Any:
        with traces.call(method, _carried(context)) as call:
            current_trace.set(call.trace_id)
            try:
                answer = await behaviour(raw, context)
            except BaseException as error:
                call.ended(outcome(type(error), context))
                raise
            call.ended(outcome(None, context))
            return answer

    return in_a_trace
