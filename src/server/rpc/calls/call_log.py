"""One line in the log for each call, without content, and what is measured of it."""

import asyncio
import time
from types import TracebackType

import grpc
import grpc.aio

from server.current_call import CurrentCall, current_call, current_trace, log_call
from server.metrics.calls import Meter
from server.rpc.calls import Context

NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


class LoggedCall:
    """The block in which a call is answered. Whatever is logged in it names the call."""

    __slots__ = ("_call", "_context", "_meter", "_started")

    def __init__(self, method: str, request_id: str, context: Context, meter: Meter) -> None:
        self._call = CurrentCall(request_id, method, trace_id=current_trace.get())
        self._context = context
        self._meter = meter

    def __enter__(self) -> CurrentCall:
        current_call.set(self._call)
        self._started = time.perf_counter()
        return self._call

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        spent = time.perf_counter() - self._started
        code = outcome(kind, self._context)
        caller = self._call.caller
        self._meter(code, spent, None if caller is None else caller.name)
        log_call(self._call, code=code, ms=round(spent * 1000, 1))


def outcome(kind: type[BaseException] | None, context: Context) -> str:
    """The name of the code that a call ended with; `kind` is what its block raised."""
    if kind is None:
        return "OK"
    return "CANCELLED" if issubclass(kind, asyncio.CancelledError) else _name(context.code())


def _name(code: object) -> str:
    """The aio server gives numbers back where its stubs promise names."""
    return code.name if isinstance(code, grpc.StatusCode) else NAMES.get(code, "UNKNOWN")  # type: ignore[call-overload]
