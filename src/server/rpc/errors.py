"""How an error becomes the answer to a call: its line of the catalogue, as a status that fits the trailers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from server.rpc.catalogue import UNEXPECTED, entry_of, name_of
from server.rpc.faults import RequestInvalid
from server.rpc.status_size import status_that_fits

MOST_FIELDS_TOLD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one caller learns. `log_id` is set when the log says more than the caller may know."""

    code: grpc.StatusCode
    reason: str
    status: status_pb2.Status
    retry_after: timedelta | None
    """How long to wait for another try, where that helps."""
    log_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorAnswers:
    """`domain` is the name that the reasons belong to, whichever process gives them (https://google.aip.dev/193)."""

    domain: str

    def __call__(self, error: Exception) -> Answer:
        """The answer to a failed call; for an error that is not in the catalogue INTERNAL and a log id."""
        entry = entry_of(error)
        log_id = uuid.uuid4().hex if entry is UNEXPECTED else None
        reason = name_of(entry.reason)
        info = error_details_pb2.ErrorInfo(reason=reason, domain=self.domain, metadata=entry.metadata(error))
        if log_id is not None:
            info.metadata["log_id"] = log_id
        details = entry.details(error)
        message = _message(
            entry.message, reason, details, more=error.more if isinstance(error, RequestInvalid) else 0
        )
        # types-grpcio types the pair of number and text as Any.
        status = status_that_fits(entry.code.value[0], message, info, details)
        pauses = [one.retry_delay for one in details if isinstance(one, error_details_pb2.RetryInfo)]
        return Answer(
            code=entry.code,
            reason=reason,
            status=status,
            retry_after=pauses[0].ToTimedelta() if pauses else None,
            log_id=log_id,
        )


def _message(text: str, reason: str, details: Sequence[Message], *, more: int) -> str:
    """With the reason, and with the first fields at fault: command-line clients show the details undecoded.

    `more` is how many the details leave out.
    """
    broken = [
        one
        for detail in details
        if isinstance(detail, error_details_pb2.BadRequest)
        for one in detail.field_violations
    ]
    told = [f"{one.field or 'message'}: {one.description}" for one in broken[:MOST_FIELDS_TOLD]]
    if others := len(broken) - len(told) + more:
        told.append(f"and {others} more")
    return f"{reason}: {text}" + (f" ({'; '.join(told)})" if told else "")
