"""What is asked of an expert's time; of CheckTimes with the candidates as numbers, and as bytes to send them back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from calendarsync.v1.availability_service_pb2 import (
    BatchListBusyTimesRequest,
    CheckTimesRequest,
    FindTimesRequest,
    HoldTimeRequest,
    ListBusyTimesRequest,
)
from calendarsync.v1.session_service_pb2 import PutSessionRequest
from domain.buffers import Buffers
from domain.ids import ExpertId, SessionId
from domain.spans import Span
from server.rpc.mapping.times import duration_from, span_from

BoundedRequest: TypeAlias = (
    ListBusyTimesRequest | BatchListBusyTimesRequest | CheckTimesRequest | FindTimesRequest | HoldTimeRequest
)
"""Bounds how old a reading may be."""
BufferedRequest: TypeAlias = CheckTimesRequest | FindTimesRequest | HoldTimeRequest | PutSessionRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTimes:
    """`candidates` include their buffers. `messages` are those without, each as the bytes of its message."""

    expert_id: ExpertId
    candidates: Sequence[Span]
    messages: Sequence[bytes]
    excluded: Sequence[SessionId]
    max_age: timedelta | None


def asked_by(request: CheckTimesRequest) -> AskedTimes:
    """For a request that the contract's rules have found valid. Raises RequestInvalid for what they can't see."""
    buffers = buffers_of(request)
    return AskedTimes(
        expert_id=ExpertId(request.expert_id),
        candidates=[
            buffers.around_span(span_from(one, f"candidates[{index}]"))
            for index, one in enumerate(request.candidates)
        ],
        messages=[one.SerializeToString() for one in request.candidates],
        excluded=excluded_by(request),
        max_age=max_age_of(request),
    )


def excluded_by(
    request: ListBusyTimesRequest | BatchListBusyTimesRequest | CheckTimesRequest | FindTimesRequest,
) -> list[SessionId]:
    return [SessionId(one) for one in request.exclude_session_ids]


def buffers_of(request: BufferedRequest) -> Buffers:
    """What is not set is no time."""
    return Buffers(
        before=duration_from(request.buffer_before, "buffer_before"),
        after=duration_from(request.buffer_after, "buffer_after"),
    )


def max_age_of(request: BoundedRequest) -> timedelta | None:
    return duration_from(request.max_age, "max_age") if request.HasField("max_age") else None
