"""Every failure leaves as the catalogue says, with its details; nothing of an unknown one leaves at all."""

import asyncio
from typing import Any, NoReturn

import grpc.aio
import structlog

from server.logs import described
from server.rpc.errors import Answer, answer_to
from server.rpc.interceptors.interceptor import Context, Interceptor, Proceed

STATUS_DETAILS = "grpc-status-details-bin"
"""Where `google.rpc.Status` travels (grpc/grpc, "Richer error model")."""
log = structlog.stdlib.get_logger("server.calls")


class ErrorMapping(Interceptor):
    async def call(self, proceed: Proceed, request: Any, context: Context, method: str) -> Any:
        try:
            return await proceed(request, context)
        except grpc.aio.AbortError:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost place, or its text would travel
            answer = answer_to(error)
            structlog.contextvars.bind_contextvars(reason=answer.reason)
            if answer.log_id is not None:
                log.error("unexpected fault", log_id=answer.log_id, **described(error))
            await _abort(context, answer)


async def _abort(context: Context, answer: Answer) -> NoReturn:
    # What is given here replaces what was set before.
    trailing = (*_trailing(context), (STATUS_DETAILS, answer.status.SerializeToString()))
    try:
        await context.abort(answer.code, answer.status.message, trailing)
    except grpc.aio.InternalError:
        # The call was ended while the answer waited behind messages that the caller does not read.
        raise asyncio.CancelledError from None


def _trailing(context: Context) -> tuple[tuple[str, str | bytes], ...]:
    return tuple(context.trailing_metadata() or ())
