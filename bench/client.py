"""Calls of the service and of the yardstick, as bytes: requests are written beforehand and answers are not read."""

import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import TypeAlias

import grpc.aio
from google.protobuf.message import Message

from bench.bare import MEMORY, PROCESSOR_TIME
from bench.sampling import Call, Sample, drive

LONGEST_CALL_SECONDS = 30.0
Send: TypeAlias = "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Channels to both servers of the one process."""

    service: grpc.aio.Channel
    bare: grpc.aio.Channel

    def calling(self, channel: grpc.aio.Channel, method: str, request: Message) -> Call:
        """The same request, each time it is called."""
        send: Send = channel.unary_unary(method)
        sent = request.SerializeToString()
        return lambda: send(sent, timeout=LONGEST_CALL_SECONDS)

    def calling_anew(self, method: str, make: Callable[[], Message]) -> Call:
        """A request of its own each time."""
        send: Send = self.service.unary_unary(method)
        return lambda: send(make().SerializeToString(), timeout=LONGEST_CALL_SECONDS)

    def sampler(
        self, call: Call, *, in_flight: int, answers: int = 1
    ) -> Callable[[float], Awaitable[Sample]]:
        """Drives the call, and tells what it cost the server's process; each counts as so many `answers`."""

        async def sample(seconds: float) -> Sample:
            before = await self.processor_time()
            sample = await drive(call, in_flight=in_flight, seconds=seconds)
            spent = await self.processor_time() - before
            calls = sample.calls * answers
            return changed(sample, calls=calls, served_us=spent / calls * 1e6)

        return sample

    async def processor_time(self) -> float:
        """Seconds the server's process has used so far."""
        send: Send = self.bare.unary_unary(PROCESSOR_TIME)
        (seconds,) = struct.unpack(">d", await send(b""))
        return float(seconds)

    async def memory(self) -> int:
        """Bytes the server's process has resident now."""
        send: Send = self.bare.unary_unary(MEMORY)
        (resident,) = struct.unpack(">q", await send(b""))
        return int(resident)
