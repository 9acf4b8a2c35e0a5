"""A line of the catalogue of errors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message

from calendarsync.v1.error_reason_pb2 import ErrorReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What callers learn of one class of errors; `message` is for developers, in English."""

    code: grpc.StatusCode
    reason: ErrorReason.ValueType
    message: str
    metadata: Callable[[Any], Mapping[str, str]] = lambda _: {}
    details: Callable[[Any], Sequence[Message]] = lambda _: ()
