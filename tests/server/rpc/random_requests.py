"""Requests of every kind with anything in them, too much of it included."""

from typing import Any

from google.protobuf.message import Message
from hypothesis import strategies as st

from calendarsync.v1 import (
    account_service_pb2,
    availability_service_pb2,
    calendar_service_pb2,
    change_service_pb2,
    expert_service_pb2,
    session_service_pb2,
)

REQUESTS: tuple[type[Message], ...] = (
    account_service_pb2.StartConnectionRequest,
    account_service_pb2.CompleteConnectionRequest,
    account_service_pb2.ListIncidentsRequest,
    availability_service_pb2.BatchListBusyTimesRequest,
    availability_service_pb2.CheckTimesRequest,
    availability_service_pb2.FindTimesRequest,
    availability_service_pb2.HoldTimeRequest,
    availability_service_pb2.ListHoldsRequest,
    calendar_service_pb2.ListCalendarsRequest,
    calendar_service_pb2.UpdateCalendarSettingsRequest,
    change_service_pb2.ListChangesRequest,
    change_service_pb2.WatchChangesRequest,
    expert_service_pb2.PutExpertRequest,
    expert_service_pb2.BatchPutExpertsRequest,
    session_service_pb2.PutSessionRequest,
    session_service_pb2.BatchPutSessionsRequest,
    session_service_pb2.ListSessionsRequest,
)


def _random(kind: type[Message], draw: st.DrawFn) -> Message:
    message = kind()
    for field in kind.DESCRIPTOR.fields:
        if draw(st.integers(0, 3)):
            _put(message, field, draw)
    return message


def _put(message: Message, field: Any, draw: st.DrawFn) -> None:
    count = draw(st.sampled_from([1, 3, 99, 101, 201, 3_000])) if field.is_repeated else 1
    if field.message_type is not None:
        inner = _random(field.message_type._concrete_class, draw)
        if field.is_repeated:
            getattr(message, field.name).extend([inner] * min(count, 201))
        else:
            getattr(message, field.name).CopyFrom(inner)
        return
    value = draw(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
        if field.cpp_type == field.CPPTYPE_STRING
        else st.booleans()
        if field.cpp_type == field.CPPTYPE_BOOL
        else st.integers(-(2**31), 2**31 - 1)
    )
    if field.is_repeated:
        getattr(message, field.name).extend([value] * count)
    else:
        setattr(message, field.name, value * 300 if isinstance(value, str) and draw(st.booleans()) else value)


@st.composite
def random_requests(draw: st.DrawFn) -> Message:
    return _random(draw(st.sampled_from(REQUESTS)), draw)
