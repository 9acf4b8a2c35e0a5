"""What is wrong with who calls, or with how much."""

from collections.abc import Mapping

import grpc

from application.callers.known_callers import CredentialsInvalid
from calendarsync.v1.error_reason_pb2 import ErrorReason
from domain.caller import ScopeMissing
from server.rpc.catalogue.entry import Entry
from server.rpc.error_details import retry_in
from server.rpc.faults import CallerLimitReached, CredentialsMissing, TooManyCalls

CALLERS: Mapping[type[Exception], Entry] = {
    CredentialsMissing: Entry(
        code=grpc.StatusCode.UNAUTHENTICATED,
        reason=ErrorReason.ERROR_REASON_CREDENTIALS_MISSING,
        message="say who calls: `authorization: Bearer TOKEN`",
    ),
    CredentialsInvalid: Entry(
        code=grpc.StatusCode.UNAUTHENTICATED,
        reason=ErrorReason.ERROR_REASON_CREDENTIALS_INVALID,
        message="these credentials identify nobody",
    ),
    ScopeMissing: Entry(
        code=grpc.StatusCode.PERMISSION_DENIED,
        reason=ErrorReason.ERROR_REASON_SCOPE_MISSING,
        message="the caller's credentials don't allow this",
        metadata=lambda error: {"scope": error.scope.value},
    ),
    CallerLimitReached: Entry(
        code=grpc.StatusCode.RESOURCE_EXHAUSTED,
        reason=ErrorReason.ERROR_REASON_CALLER_LIMIT_REACHED,
        message="the caller uses as much of this process as one may: try again after the pause",
        metadata=lambda error: {"limit": error.limit, "value": str(error.value)},
        details=lambda error: [retry_in(error.retry_after)],
    ),
    TooManyCalls: Entry(
        code=grpc.StatusCode.RESOURCE_EXHAUSTED,
        reason=ErrorReason.ERROR_REASON_TOO_MANY_CALLS,
        message="this process has as many calls under way as it takes: try again after the pause",
        details=lambda error: [retry_in(error.retry_after)],
    ),
}
