"""One line in the log for each call, without content, and the request id that joins it to the caller's own logs."""

import asyncio
import re
import time
import uuid
from typing import Any

import grpc
import grpc.aio
import structlog

from server.rpc.interceptors.interceptor import Context, Interceptor, Proceed

REQUEST_ID = "x-request-id"
SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")
NAMES = {code.value[0]: code.name for code in grpc.StatusCode}
log = structlog.stdlib.get_logger("server.calls")


class CallLog(Interceptor):
    """The caller's request id is used when it is sane, else one is made; it goes back in the trailing metadata."""

    async def call(self, proceed: Proceed, request: Any, context: Context, method: str) -> Any:
        request_id = _request_id(context)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id, method=method)
        context.set_trailing_metadata(((REQUEST_ID, request_id),))
        started = time.perf_counter()
        outcome = "OK"
        try:
            return await proceed(request, context)
        except grpc.aio.AbortError:
            outcome = _name(context.code())
            raise
        except asyncio.CancelledError:
            outcome = "CANCELLED"
            raise
        finally:
            log.info("call", code=outcome, ms=round((time.perf_counter() - started) * 1000, 1))


def _request_id(context: Context) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID and isinstance(value, str) and SANE.fullmatch(value):
            return value
    return uuid.uuid4().hex


def _name(code: object) -> str:
    """The aio server gives numbers back where its stubs promise names."""
    return code.name if isinstance(code, grpc.StatusCode) else NAMES.get(code, "UNKNOWN")  # type: ignore[call-overload]
