"""Calls of the gRPC side, and what must hold for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from hypothesis import strategies as st

from calendarsync.v1.error_reason_pb2 import ErrorReason
from server.rpc.bounds import LARGEST_RECEIVED
from server.rpc.calls.failures import STATUS_DETAILS
from tests.fuzz.known import Known
from tests.fuzz.messages import WILD, damaged, damages, message_of, recipes
from tests.fuzz.methods import Method
from tests.fuzz.values import CANARY

PATIENCE: Final = 30.0
"""Seconds after which a call hangs: longer than any is allowed to read from a provider."""
SOON: Final = 0.005
NEVER: Final = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS}
REASONS: Final = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.keys()} - {"UNSPECIFIED"}  # noqa: SIM118


class Manner(Enum):
    """`MEANT` ones are what a caller of good will sends: none of them breaks a rule of shape."""

    MEANT = "meant"
    ODD = "odd"
    WILD = "wild"
    DAMAGED = "damaged"
    HURRIED = "hurried"


ODD_IN: Final = {Manner.ODD: 6, Manner.WILD: WILD, Manner.DAMAGED: WILD}
"""Of the fields, one in so many is odd."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    method: Method
    manner: Manner
    recipe: Mapping[str, Any]
    damage: tuple[str, bytes, int] | None
    request_id: str

    def raw(self, known: Known) -> bytes:
        whole = message_of(self.method.request, self.recipe, known).SerializeToString()
        return damaged(whole, self.damage) if self.damage is not None else whole


@st.composite
def calls(draw: st.DrawFn, method: Method, manner: Manner) -> Call:
    return Call(
        method=method,
        manner=manner,
        recipe=draw(recipes(method.descriptor, odd_in=ODD_IN.get(manner, 0))),
        damage=draw(damages()) if manner is Manner.DAMAGED else None,
        request_id=draw(st.sampled_from(["", "plain-1", f"{CANARY} with a space", CANARY * 40])),
    )


async def make(call: Call, channel: grpc.aio.Channel, known: Known) -> tuple[str, list[str]]:
    """The code, and what is wrong with the answer."""
    hurried = call.manner is Manner.HURRIED
    patience = SOON if hurried else PATIENCE
    metadata = (("x-request-id", call.request_id),) if call.request_id else ()
    raw = call.raw(known)
    try:
        answer = await _answer(call, channel, raw, patience, metadata)
    except grpc.aio.AioRpcError as error:
        refused_unread = len(raw) > LARGEST_RECEIVED and error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        return error.code().name, [] if hurried or refused_unread else list(_faults(error, call.manner))
    if answer is not None:
        try:
            known.learn(call.method.response.FromString(answer))
            if call.manner is Manner.MEANT:
                known.learn_owners(call.method.request.FromString(raw))
        except DecodeError:
            return "OK", ["an answer that is none of its kind"]
    return "OK", []


async def _answer(
    call: Call,
    channel: grpc.aio.Channel,
    raw: bytes,
    patience: float,
    metadata: tuple[tuple[str, str], ...],
) -> bytes | None:
    if not call.method.streams:
        unary: Any = channel.unary_unary(call.method.path)
        answer: bytes = await unary(raw, timeout=patience, metadata=metadata)
        return answer
    begin: Any = channel.unary_stream(call.method.path)
    stream = begin(raw, timeout=patience, metadata=metadata)
    try:
        first = await stream.read()
    finally:
        stream.cancel()
    return first if isinstance(first, bytes) else None


def _faults(error: grpc.aio.AioRpcError, manner: Manner) -> list[str]:
    code = error.code()
    if code in NEVER:
        return [f"failed with {code.name}"]
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return ["hung"]
    faults = []
    packed = dict(error.trailing_metadata() or ()).get(STATUS_DETAILS)
    reason = _reason_in(packed) if isinstance(packed, bytes) else None
    if reason not in REASONS:
        faults.append(f"{code.name} without a reason of the contract: {reason}")
    if manner is Manner.MEANT and reason == "INVALID_REQUEST":
        faults.append(f"what was meant well is refused: {error.details()}")
    if CANARY in (error.details() or ""):
        faults.append("a message that repeats what was sent")
    return faults


def _reason_in(packed: bytes) -> str | None:
    for one in status_pb2.Status.FromString(packed).details:
        info = error_details_pb2.ErrorInfo()
        if one.Unpack(info):
            return info.reason
    return None
