"""What happens to every call before and after its servicer."""

from collections.abc import Sequence

import grpc.aio

from server.interceptors.call_log import CallLog
from server.interceptors.deadline import Deadline
from server.interceptors.error_mapping import ErrorMapping
from server.interceptors.open_calls import OpenCalls
from server.interceptors.validation import Validation


def interceptors(open_calls: OpenCalls) -> Sequence[grpc.aio.ServerInterceptor]:
    """From the outermost to the innermost: everything is logged, and every failure is mapped, the deadline's too."""
    return (CallLog(), ErrorMapping(), Deadline(), open_calls, Validation())
