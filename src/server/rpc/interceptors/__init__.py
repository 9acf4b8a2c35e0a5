"""What happens to every call before and after its servicer."""

from collections.abc import Sequence

import grpc.aio

from server.rpc.interceptors.call_log import CallLog
from server.rpc.interceptors.deadline import Deadline
from server.rpc.interceptors.error_mapping import ErrorMapping
from server.rpc.interceptors.open_calls import OpenCalls
from server.rpc.interceptors.validation import Validation


def interceptors(open_calls: OpenCalls) -> Sequence[grpc.aio.ServerInterceptor]:
    """From the outermost to the innermost: everything is logged, and every failure is mapped, the deadline's too."""
    return (CallLog(), ErrorMapping(), Deadline(), open_calls, Validation())
