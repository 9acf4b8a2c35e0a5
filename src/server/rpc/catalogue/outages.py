"""What does not work at the moment: the provider, the database, this process, or the caller's deadline."""

from collections.abc import Mapping
from datetime import timedelta

import grpc

from application.ports.store import StoreUnavailable
from calendarsync.v1.error_reason_pb2 import ErrorReason
from domain.access import ClockDiffers, ProviderMisconfigured, ProviderUnavailable
from domain.cell import ExpertMoving
from server.rpc.catalogue.entry import Entry
from server.rpc.error_details import retry_in
from server.rpc.faults import DeadlineExceeded, ServiceStopping, StreamTooOld, TooManyStreams

PROVIDER_PAUSE = timedelta(seconds=5)
STORE_PAUSE = timedelta(seconds=1)
STOPPING_PAUSE = timedelta(seconds=1)
MOVING_PAUSE = timedelta(seconds=1)

OUTAGES: Mapping[type[Exception], Entry] = {
    ProviderUnavailable: Entry(
        code=grpc.StatusCode.UNAVAILABLE,
        reason=ErrorReason.ERROR_REASON_PROVIDER_UNAVAILABLE,
        message="the provider doesn't answer now",
        details=lambda error: [retry_in(error.retry_after or PROVIDER_PAUSE)],
    ),
    ProviderMisconfigured: Entry(
        code=grpc.StatusCode.INTERNAL,
        reason=ErrorReason.ERROR_REASON_PROVIDER_MISCONFIGURED,
        message="the provider refuses the service's own registration; its operator has been told",
    ),
    ClockDiffers: Entry(
        code=grpc.StatusCode.INTERNAL,
        reason=ErrorReason.ERROR_REASON_CLOCK_DIFFERS,
        message="the clocks of the service and of the provider are too far apart; its operator has been told",
    ),
    StoreUnavailable: Entry(
        code=grpc.StatusCode.UNAVAILABLE,
        reason=ErrorReason.ERROR_REASON_STORE_UNAVAILABLE,
        message="the service's database doesn't answer now",
        details=lambda _: [retry_in(STORE_PAUSE)],
    ),
    ExpertMoving: Entry(
        code=grpc.StatusCode.UNAVAILABLE,
        reason=ErrorReason.ERROR_REASON_EXPERT_MOVING,
        message="the expert is on the way to another cell, and is there in a moment",
        details=lambda _: [retry_in(MOVING_PAUSE)],
    ),
    ServiceStopping: Entry(
        code=grpc.StatusCode.UNAVAILABLE,
        reason=ErrorReason.ERROR_REASON_SERVICE_STOPPING,
        message="the service stops: connect again, after a random pause",
        details=lambda _: [retry_in(STOPPING_PAUSE)],
    ),
    StreamTooOld: Entry(
        code=grpc.StatusCode.UNAVAILABLE,
        reason=ErrorReason.ERROR_REASON_STREAM_TOO_OLD,
        message="the stream was open for as long as one may be: resume with the last cursor",
        details=lambda error: [retry_in(error.retry_after)],
    ),
    TooManyStreams: Entry(
        code=grpc.StatusCode.RESOURCE_EXHAUSTED,
        reason=ErrorReason.ERROR_REASON_TOO_MANY_STREAMS,
        message="too many streams are open: try again after the pause, or use ListChanges",
        details=lambda error: [retry_in(error.retry_after)],
    ),
    DeadlineExceeded: Entry(
        code=grpc.StatusCode.DEADLINE_EXCEEDED,
        reason=ErrorReason.ERROR_REASON_DEADLINE_EXCEEDED,
        message="the caller's deadline was shorter than the work",
    ),
}
