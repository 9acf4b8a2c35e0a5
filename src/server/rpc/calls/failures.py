"""Every failure leaves as the catalogue says, with its details; nothing of an unknown one leaves at all."""

import asyncio
from typing import NoReturn

import grpc.aio
import structlog

from server.current_call import CurrentCall
from server.logs import described
from server.rpc.calls import Context
from server.rpc.calls.deadline import seconds_left
from server.rpc.calls.pushback import PUSHBACK, pushback
from server.rpc.errors import Answer, ErrorAnswers

STATUS_DETAILS = "grpc-status-details-bin"
"""Where `google.rpc.Status` travels (grpc/grpc, "Richer error model")."""
log = structlog.stdlib.get_logger("server.calls")


def log_unexpected(answer: Answer, error: Exception) -> None:
    """What the caller may not know is in the log, under the id that they get."""
    if answer.log_id is not None:
        log.error("unexpected fault", log_id=answer.log_id, **described(error))


async def fail(call: CurrentCall, context: Context, error: Exception, answer_to: ErrorAnswers) -> NoReturn:
    """Ends the call with the error's line of the catalogue, and raises what the library ends calls with."""
    answer = answer_to(error)
    call.reason = answer.reason
    log_unexpected(answer, error)
    # What is given here replaces what was set before.
    trailing = [*(context.trailing_metadata() or ()), (STATUS_DETAILS, answer.status.SerializeToString())]
    if answer.retry_after is not None:
        trailing.append((PUSHBACK, pushback(answer.retry_after, seconds_left(context))))
    try:
        await context.abort(answer.code, answer.status.message, tuple(trailing))
    except grpc.aio.InternalError:
        # The call was ended while the answer waited behind messages that the caller does not read.
        raise asyncio.CancelledError from None
