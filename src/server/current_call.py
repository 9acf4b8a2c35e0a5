"""The gRPC call under way, which every line that is logged during it names, and the call's own line.

The line is written past the pipeline of the log, which costs more than all else that is done around a call. So nothing
redacts it, and it may only hold what can't be private: the code and the reason, which are names of ours, the time it
took, the method, the caller's name, which an operator gave, and a request id of few characters and no spaces, which is
the caller's own to choose.
"""

import logging
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TextIO

from structlog.typing import EventDict, WrappedLogger

from domain.caller import Caller

LOGGER: Final = "server.calls"
_calls = logging.getLogger(LOGGER)
_root = logging.getLogger()


@dataclass(slots=True)
class CurrentCall:
    """`reason` is set once the call has failed, and `caller` once it is known who calls.

    `cost` is how many intervals it took to answer, beyond what a call is worth; None where nobody counts them.
    """

    request_id: str
    method: str
    reason: str | None = None
    caller: Caller | None = None
    trace_id: str | None = None
    cost: int | None = None


current_call: ContextVar[CurrentCall] = ContextVar("current_call")


current_trace: ContextVar[str | None] = ContextVar("current_trace", default=None)
"""The id of the trace that the call is a part of, where there are traces."""


def present_caller() -> Caller | None:
    """Who made the call under way; None outside of calls, and in one whose caller could not be identified."""
    call = current_call.get(None)
    return None if call is None else call.caller


def name_current_call(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """For the pipeline: adds what the call's own line has."""
    call = current_call.get(None)
    if call is not None:
        event.setdefault("request_id", call.request_id)
        event.setdefault("method", call.method)
        if call.caller is not None:
            event.setdefault("caller", call.caller.name)
        if call.trace_id is not None:
            event.setdefault("trace_id", call.trace_id)
        if call.reason is not None:
            event.setdefault("reason", call.reason)
    return event


def log_call(call: CurrentCall, *, code: str, ms: float) -> None:
    """Write its line wherever `LineHandler`s of the log write theirs, unless the level forbids it."""
    if not _calls.isEnabledFor(logging.INFO):
        return
    for handler in _root.handlers:
        if isinstance(handler, LineHandler):
            handler.write_line(handler.call_line(call, code=code, ms=ms, at=datetime.now(UTC)))


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes lines of the log, and also those that are ready-made. `style` is the one of its formatter."""

    def __init__(self, stream: TextIO, *, style: str) -> None:
        super().__init__(stream)
        self.call_line = _readable if style == "console" else _json

    def handleError(self, record: logging.LogRecord) -> None:
        """Of a line that can't be made only who wanted it: Python would print all that it was to be made of."""
        self.write_line(f'{{"event": "a line of the log could not be written", "logger": "{record.name}"}}')

    def write_line(self, line: str) -> None:
        """Whole, whoever else writes: in one go. A log that can't be written to disturbs no call."""
        self.acquire()
        try:
            with suppress(OSError, ValueError):
                self.stream.write(line + self.terminator)
                self.flush()
        finally:
            self.release()


# What the pipeline's renderers make of the same fields. None of them has a character that they would quote.


def _json(call: CurrentCall, *, code: str, ms: float, at: datetime) -> str:
    caller = "" if call.caller is None else f', "caller": "{call.caller.name}"'
    trace = "" if call.trace_id is None else f', "trace_id": "{call.trace_id}"'
    reason = "" if call.reason is None else f', "reason": "{call.reason}"'
    return (
        f'{{"code": "{code}", "ms": {ms}, "event": "call", "request_id": "{call.request_id}", '
        f'"method": "{call.method}"{caller}{trace}{reason}, '
        f'"level": "info", "logger": "{LOGGER}", "timestamp": "{_iso(at)}"}}'
    )


def _readable(call: CurrentCall, *, code: str, ms: float, at: datetime) -> str:
    caller = "" if call.caller is None else f"caller={call.caller.name} "
    reason = "" if call.reason is None else f" reason={call.reason}"
    trace = "" if call.trace_id is None else f" trace_id={call.trace_id}"
    return (
        f"{_iso(at)} [info     ] {'call':30} [{LOGGER}] "
        f"{caller}code={code} method={call.method} ms={ms}{reason} request_id={call.request_id}{trace}"
    )


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
