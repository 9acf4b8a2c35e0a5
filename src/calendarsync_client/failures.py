"""Why a call failed, as the service told it: by reason, not by text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from calendarsync.v1.error_reason_pb2 import ERROR_REASON_UNSPECIFIED, ErrorReason

DETAILS: Final = "grpc-status-details-bin"
PREFIX: Final = "ERROR_REASON_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a failed call carries. All but the code is empty where the service was not reached."""

    code: grpc.StatusCode
    reason: ErrorReason.ValueType
    """UNSPECIFIED where there is none, and for one that is newer than this package: `reason_name` has it then."""
    reason_name: str
    domain: str
    """Whose reason it is: the operator's name of the service, `calendarsync` unless they chose one. Another one, with
    an unknown reason, is of something between you and the service."""
    metadata: Mapping[str, str]
    """Its keys are listed with each reason in the contract."""
    fields: Mapping[str, str]
    """What is wrong with the request, by field."""
    retry_after: timedelta | None
    """How long to wait until the same call may succeed."""
    links: Mapping[str, str]
    """Where a person can do something about it, by what they will do there."""


def failure_of(error: grpc.RpcError) -> Failure:
    """What an exception of a call says, be it of asyncio or of threads."""
    call: Any = error
    details = _details(call)
    info, broken = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    retry, help_ = error_details_pb2.RetryInfo(), error_details_pb2.Help()
    waits = False
    for detail in details:
        detail.Unpack(info)
        detail.Unpack(broken)
        detail.Unpack(help_)
        waits = detail.Unpack(retry) or waits
    return Failure(
        code=call.code(),
        reason=_reason(info.reason),
        reason_name=info.reason,
        domain=info.domain,
        metadata=dict(info.metadata),
        fields={one.field: one.description for one in broken.field_violations},
        retry_after=retry.retry_delay.ToTimedelta() if waits else None,
        links={one.description: one.url for one in help_.links},
    )


def _details(call: Any) -> list[Any]:
    for key, value in call.trailing_metadata() or ():
        if key == DETAILS:
            try:
                return list(status_pb2.Status.FromString(value).details)
            except DecodeError:
                return []
    return []


def _reason(name: str) -> ErrorReason.ValueType:
    known = ErrorReason.DESCRIPTOR.values_by_name.get(PREFIX + name)
    return ERROR_REASON_UNSPECIFIED if known is None else ErrorReason.ValueType(known.number)
